"""Whether a text is one plain mailbox, before any mail library makes something else of it."""

import re

NOT_A_MAILBOX = 553
"""RFC 5321's code for a mailbox name that is not allowed: what a server would have answered."""
_MAILBOX = re.compile(r"""[^@\s,;:<>()"\\]+@[^@\s,;:<>()"\\]+""")


def is_mailbox(text: str) -> bool:
    """``name@host`` and nothing around it: no list, no display name, no line break."""
    return _MAILBOX.fullmatch(text) is not None
