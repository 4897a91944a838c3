"""``outreach keys``: fresh keys for a new installation."""

import typer


def keys() -> None:
    """Print fresh OUTREACH_KEYS and OUTREACH_INDEX_KEY lines, for .env or a secret store.

    Keep them safe and apart from backups: without them nothing in the database can be read.
    """
    from outreach.settings import new_keys

    ring, index = new_keys()
    typer.echo(f"OUTREACH_KEYS={ring}")
    typer.echo(f"OUTREACH_INDEX_KEY={index}")
