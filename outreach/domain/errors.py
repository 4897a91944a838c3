"""The one tree of errors. A message says what to do next and never holds PHI."""


class OutreachError(Exception):
    """Anything this program raises on purpose; the CLI prints it as one line."""


class ConfigurationError(OutreachError):
    """A setting or a file a clinic edits is wrong; names the file, the line and the remedy."""


class Unavailable(OutreachError):
    """A database, broker or provider cannot be reached; names it and the remedy."""


class BadInput(OutreachError):
    """Something from outside cannot be understood; ``code`` is stable, for machines.

    Raised by intake and by the web edge; what was received is kept in quarantine.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotFound(OutreachError):
    """What a person asked for by name or id does not exist."""


class IllegalTransition(OutreachError):
    """A state machine was asked for a step it does not have: a fault in this program."""
