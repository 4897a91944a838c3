"""Outcomes: what a provider's word, or its silence, does to a message; and what is done instead."""
