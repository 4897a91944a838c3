from collections.abc import Iterator

import pytest
from httpx import Client

from outreach.channels.signatures import sendgrid_key_from_seed, sendgrid_public_key
from outreach.web.app import create_app
from outreach.web.config import WebConfig
from outreach.web.server import running
from tests.web.callers import API_KEY, PUBLIC_URL, SENDGRID_SEED, TOKEN, caller
from tests.worlds import Bench, make_bench


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    made = make_bench(database_url)
    yield made
    made.world.db.close()


@pytest.fixture(scope="session")
def config() -> WebConfig:
    return WebConfig(
        public_url=PUBLIC_URL,
        twilio_tokens=("next-auth-token", TOKEN),
        sendgrid_public_keys=(sendgrid_public_key(sendgrid_key_from_seed(SENDGRID_SEED)),),
        api_keys=("other:another-secret", f"ehr:{API_KEY}"),
    )


@pytest.fixture
def client(bench: Bench, config: WebConfig) -> Iterator[Client]:
    """The world's side: a real client of a real server on loopback."""
    with running(create_app(bench.world, config)) as url, caller(url) as made:
        yield made
