"""Python's garbage collector, told what is no garbage in a process that lives long."""

import gc


def spare_the_collector() -> None:
    """What lives as long as the process is no garbage: the collector need not look at it again.

    A unit of work makes thousands of rows that live until its commit. Looking for garbage among
    them, and among all that was imported, at every 700th took a quarter of the time of planning,
    and kept a webhook waiting for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
