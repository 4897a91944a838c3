"""``outreach demo``: a clinic's fortnight in time-lapse, on real parts, and the proof of it."""
