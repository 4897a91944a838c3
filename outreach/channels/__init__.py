"""Twilio SMS and email providers behind one Channel protocol."""
