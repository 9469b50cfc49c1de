"""What `docs/serving.md` shows is what a server answers, command by command."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("prometheus_client")

from reward_servers import MINE, reward_server

PAGE = Path(__file__).resolve().parents[2] / "docs" / "serving.md"
_MEASURED = re.compile(r'("(?:seconds|execution_time|runtimes)":)(?:[\d.e-]+|\[[^\]]*\])')


def commands():
    """(command, what the page says it prints) of each console block."""
    blocks = re.findall(r"```console\n(.*?)\n```\n", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for block in blocks:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            yield command, printed.strip()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    with reward_server(folder, "--workers", "2", "--reward", "shout=mine.py:shout") as started:
        yield started


def settled(text):
    """Without what is measured anew each time."""
    return _MEASURED.sub(r"\1…", text)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
@pytest.mark.parametrize(("command", "printed"), commands())
def test_each_command_prints_what_the_page_says(server, command, printed):
    assert command.startswith("curl -s ")
    done = subprocess.run(
        ["bash", "-c", command.replace("localhost:8080", f"localhost:{server.port}")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert settled(done.stdout.strip()) == settled(printed), done.stderr


def test_the_reward_on_the_page_is_the_one_that_was_served():
    [first, *_] = re.findall(r"```python\n(.*?)```\n", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert first in MINE


def test_every_endpoint_has_a_command():
    said = " ".join(command for command, _ in commands())
    paths = (
        "/verify /reward /get_reward /remote_rm /run_code /submit /get_prompts /list_datasets "
        "/v1/ping /test_program /test_program_stdio /health /metrics"
    )
    assert [path for path in shlex.split(paths) if path not in said] == []
