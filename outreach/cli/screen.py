"""What people see in a terminal: tables and sentences, coloured only where it is one."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_PIPE_WIDTH = 200
"""Columns when the output is no terminal: nothing is cut off in a file."""


def screen() -> Console:
    """Standard output."""
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under titles; texts are shown as they are, never read as markup."""
    shown = Table(*titles, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*map(escape, row))
    screen().print(shown, soft_wrap=False)
