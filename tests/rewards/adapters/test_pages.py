"""The pages of docs/adapters show what works, word for word."""

import importlib
import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from peers import NUMBERS_ALONE, PEERS, install, module

from rewards.adapters.bridge import ENVIRONMENT_VARIABLE
from rewards.named import reward_named

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "adapters"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
NEAR = "accuracy(tolerance=1e-3)"
ROWS = [(r"\boxed{3.1420}", "3.14159"), (r"\boxed{3.2}", "3.14159"), (r"\boxed{3}", "")]

# What the file on each page is about: the name that the peer looks up in it.
MADE = {
    "verl": "compute_score",
    "openrlhf": "reward_func",
    "slime": "custom_rm",
    "swift": "orms",
    "verifiers": "judged",
    "inspect_ai": "near",
    "lm_eval": "process_results",
    "lighteval": "near",
    "areal": "reward_fn",
    "nemo_gym": "Server",
    "nemo_rl": "Near",
    "skyrl": "skyrl_gym",
    "roll": "NearWorker",
    "rllm": "near",
    "open_instruct": "Near",
    "openenv": "rubric",
}


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL)


def loaded(page, folder, monkeypatch):
    """The file that a page shows, imported as the peer imports it."""
    (text,) = blocks(page, "python")
    name = re.match(r"# (\w+)\.py\n", text)[1]
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module(name)


def judged_by(peer, made):
    scores = [reward_named(NEAR).verify(*row).score for row in ROWS]
    assert scores == [1.0, 0.0, None]
    found = PEERS[peer](made, ROWS)
    return found == ([1.0, 0.0, 0.0] if peer in NUMBERS_ALONE else scores)


@pytest.mark.parametrize("peer", sorted(PEERS))
def test_the_file_on_the_page_does_what_it_says(peer, monkeypatch, tmp_path):
    install(peer, monkeypatch)
    made = getattr(loaded(peer, tmp_path, monkeypatch), MADE[peer])
    if peer == "swift":
        made = made["near"]
    if peer == "skyrl":
        entry, options = made.registry["near"]
        home, _, name = entry.partition(":")
        maker = getattr(importlib.import_module(home), name)

        def made(**given):
            return maker(**given, **options)

    assert judged_by(peer, made)


def test_trl_takes_the_reward_as_it_stands(monkeypatch, tmp_path):
    near = loaded("trl", tmp_path, monkeypatch).near
    completions, references = zip(*ROWS, strict=True)
    assert near(completions=[*completions], answer=[*references]) == [1.0, 0.0, None]


def test_reasoning_gym_is_asked_for_when_it_is_missing(monkeypatch, tmp_path):
    if importlib.util.find_spec("reasoning_gym"):
        pytest.skip("it is installed")
    with pytest.raises(ImportError, match="pip install reasoning-gym"):
        loaded("reasoning_gym", tmp_path, monkeypatch)
    module(monkeypatch, "reasoning_gym")
    assert loaded("reasoning_gym", tmp_path, monkeypatch).scored.name == "reasoning_gym"


PATHS = re.compile(r"rewards\.adapters\.(\w+)[.:](rlvr\w*)")


@pytest.mark.parametrize(
    ("page", "home", "name"),
    sorted({(page, *found) for page, text in PAGES.items() for found in PATHS.findall(text)}),
)
def test_the_path_on_the_page_is_there(page, home, name, monkeypatch):
    assert home == page
    found = getattr(importlib.import_module(f"rewards.adapters.{home}"), name)
    if home in PEERS:
        install(home, monkeypatch)
        monkeypatch.setenv(ENVIRONMENT_VARIABLE, NEAR)
        assert judged_by(home, found)


def test_the_command_names_the_scorer_by_its_entry_point():
    (command,) = blocks("inspect_ai", "bash")
    words = shlex.split(command)
    package, _, name = words[words.index("--scorer") + 1].partition("/")
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = text.partition("[project.entry-points.inspect_ai]")[2].partition("\n[")[0]
    home = re.search(rf'^{package} = "([\w.]+)"', section, re.MULTILINE)[1]
    source = (ROOT / f"{home.replace('.', '/')}.py").read_text(encoding="utf-8")
    assert f"def {name}(reward:" in source


@pytest.mark.parametrize("page", PAGES)
def test_every_spec_on_a_page_names_a_reward(page):
    specs = re.findall(r"reward(?:_named)?\(\"([^\"]+)\"", PAGES[page])
    specs += re.findall(r"reward: \"([^\"]+)\"|RLVR_REWARD='([^']+)'", PAGES[page])
    for spec in specs:
        text = spec if isinstance(spec, str) else next(filter(None, spec))
        if text != "chain_sum":  # a data set of reasoning-gym's
            assert reward_named(text).name


def test_the_overview_links_every_page():
    linked = {*re.findall(r"\]\((\w+)\.md\)", PAGES["README"])}
    assert linked == PAGES.keys() - {"README"}


def test_the_table_is_the_one_that_was_measured():
    results = json.loads((ROOT / "benchmarks" / "results" / "adapters.json").read_text())
    table = PAGES["README"].partition("<!-- table -->")[2].partition("<!-- end of table -->")[0]
    shown = {row.split(" | ")[0].removeprefix("| "): row for row in table.splitlines()[3:]}
    assert {*shown} == {line["peer"] for line in results["peers"]}
    assert len(shown) >= 12
    for line in results["peers"]:
        assert line["rows"] == line["equal"]
        assert f"| {line['version']} |" in shown[line["peer"]]
        assert f"| {line['rows']} | {line['equal']} |" in shown[line["peer"]]
