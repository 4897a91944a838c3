"""Triage: what a reply means, how urgent it is, and why. Deterministic, no network."""
