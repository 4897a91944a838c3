"""The Celery app, its queues and beat schedule, and one thin task per stage of the road."""
