"""Which patient a person at the terminal means."""

from outreach.pipeline.people.search import find_patient

__all__ = ["find_patient"]
