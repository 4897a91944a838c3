"""Whether the broker answers, asked the way the workers will use it."""

from kombu.exceptions import OperationalError

from outreach.domain.errors import Unavailable
from outreach.settings import Settings


def check_broker(settings: Settings, tries: int = 1) -> None:
    """Connects to the broker of these settings, at most ``tries`` times, a second apart.

    Raises:
        ConfigurationError: the address is of a kind this program does not know.
        Unavailable: it does not answer; says what to look at.
    """
    from outreach.tasks.app import make_app

    try:
        with make_app(settings).connection_for_write() as connection:
            connection.ensure_connection(
                max_retries=tries, interval_start=0, interval_step=1, interval_max=1
            )
    except (OperationalError, OSError) as error:
        raise Unavailable(
            f"The broker of OUTREACH_BROKER_URL does not answer ({type(error).__name__}). "
            "Is it running, and is the address right?"
        ) from None


def broker_answers(settings: Settings) -> bool:
    """The same as a yes or no, for the web part's health page."""
    try:
        check_broker(settings)
    except Unavailable:
        return False
    return True
