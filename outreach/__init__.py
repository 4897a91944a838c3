"""Outreach: event-driven patient outreach for infusion clinics.

The road: event in -> ingest -> plan -> due -> compose -> send -> receipt, and
reply -> triage -> follow-up. ``docs/architecture.md`` draws it.
"""
