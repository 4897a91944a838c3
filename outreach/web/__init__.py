"""Webhooks, the event API, health, the follow-up list."""
