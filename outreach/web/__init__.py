"""The edge where the world reaches Outreach: webhooks, events, health, the follow-up list."""
