"""What happens to claimed messages: prepared, under way at the providers, written down."""
