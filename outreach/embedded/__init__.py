"""Real servers and the program's own parts, run as child processes that never outlive us.

``redis_server`` carries the wake-ups where nobody runs a Redis; ``postgres_server`` serves tests
and benchmarks; ``children`` supervises what ``outreach up`` and ``outreach demo`` start.
"""
