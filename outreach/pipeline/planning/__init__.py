"""Planning: how a plan is laid out, what else than visits gives one, and what an edit changes."""
