"""``outreach explain``: one patient's story as the ledger tells it."""
