"""Failure drills: a real installation, faults at random instants, and what must hold afterwards."""
