"""Occasions: what touchpoints are planned from that is neither a visit nor a dose."""

from enum import StrEnum


class OccasionKind(StrEnum):
    """What an occasion is; journeys with ``anchor: occasion`` name those they are for."""

    ENROLMENT = "enrolment"
    """A patient became known with a number of their own; counted from that moment."""
    AUTHORIZATION = "authorization"
    """An approval by the insurance runs out; counted from that day."""
    SHIPMENT = "shipment"
    """A delivery for home doses is late; counted from when we heard of it."""
    REFILL = "refill"
    """Two doses of a schedule are left; counted from the last dose before them."""
    HOME_START = "home_start"
    """A patient began to take home doses; counted from the first one."""
    DELIVERY = "delivery"
    """A delivery for home doses was sent; counted from when we heard of it."""
    ARRIVAL = "arrival"
    """A delivery was sent and has not come; counted from the dose that it is for."""
    HOME_SWITCH = "home_switch"
    """Who comes for infusions is prescribed home doses; counted from when we heard of it."""
    HOME_YEAR = "home_year"
    """A full year of home doses; counted from its last day."""


class OccasionStatus(StrEnum):
    """Whether there is still something to speak of."""

    ACTIVE = "active"
    ENDED = "ended"
