"""Lots: kept where they are heard of, traced to patients, and recalled."""
