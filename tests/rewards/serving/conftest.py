"""A server that most tests share."""

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("prometheus_client")

from reward_servers import reward_server


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serving")
    named = ("shout=mine.py:shout", "near=accuracy(tolerance=1e-2)")
    options = [part for one in named for part in ("--reward", one)]
    with reward_server(folder, "--workers", "2", *options) as started:
        yield started
