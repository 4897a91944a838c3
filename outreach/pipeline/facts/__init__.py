"""Facts: what is known at the last moment, read a batch at a time, and what it decides."""
