"""``python -m outreach.storage.check_migrations [URL...]``: do migrations and models agree?

Builds each database by its migrations alone and compares it with the models; exits 1 where they
differ. Without a URL it uses a throw-away SQLite file and a throw-away PostgreSQL server.
"""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from outreach.storage.database import create_engine_for
from outreach.storage.migrate import upgrade
from outreach.storage.models import Base


def differences(url: str) -> list[str]:
    """What a new migration would have to change on a freshly migrated database."""
    upgrade(url)
    engine = create_engine_for(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = [str(item) for item in compare_metadata(context, Base.metadata)]
    engine.dispose()
    return found


def main(urls: list[str]) -> int:
    """Compares each database, prints what differs, and returns the exit code."""
    wrong = False
    for url in urls:
        for line in differences(url):
            wrong = True
            print(f"{url.split(':', 1)[0]}: {line}")  # noqa: T201
    if not wrong:
        print(f"Migrations and models agree on {len(urls)} databases.")  # noqa: T201
    return int(wrong)


if __name__ == "__main__":
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sys.exit(main(sys.argv[1:] or [f"sqlite:///{folder / 'check.db'}"]))
