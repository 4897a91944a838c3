"""Where scheduling systems post what happened."""
