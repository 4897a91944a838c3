"""``outreach db``: the database's schema."""

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Look after the database.")


@app.callback()
def _group() -> None:
    """Look after the database."""


@app.command()
def upgrade() -> None:
    """Bring the database to the newest schema, and write the clinic's sites into it.

    Safe to run at each start; run it again after editing config/.
    """
    import logging

    from outreach.bootstrap import build_world, record_configuration
    from outreach.logs import configure_logs
    from outreach.settings import load_settings
    from outreach.storage.migrate import head, upgrade

    configure_logs(logging.ERROR)
    settings = load_settings()
    world = build_world(settings)
    if settings.database_url is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    upgrade(settings.database())
    try:
        record_configuration(world)
    finally:
        world.db.close()
    typer.echo(f"The database is at schema {head()}.")
