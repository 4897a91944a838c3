"""FHIR R4 (and R4B): resources and Bundles of every kind, read tolerantly from plain dicts."""
