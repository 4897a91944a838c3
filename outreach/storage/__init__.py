"""SQLAlchemy models, repositories (every query lives here), sessions and encrypted types."""
