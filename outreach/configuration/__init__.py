"""Reads what a clinic edits in ``config/`` into values of the domain."""
