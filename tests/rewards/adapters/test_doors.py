"""Every adapter gives the library's own verdicts, through one door, however its peer calls it."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from peers import NUMBERS_ALONE, PEERS, install

from rewards import Accuracy, accuracy
from rewards.adapters.bridge import ENVIRONMENT_VARIABLE
from rewards.adapters.peer_columns import REFERENCE_PATHS
from rewards.errors import InputError, MissingExtraError
from rewards.named import reward_named

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "rewards" / "adapters"
# What they share, what runs the other way round, and our own server's client.
NO_PEERS = {
    *("__init__", "bridge", "counting", "peer_columns", "inspect_registry", "reasoning_gym"),
    *("remote", "remote_calls"),
}

ROWS = [
    (r"<think>6*7</think> so \boxed{42}", "42"),
    (r"\boxed{0.33}", r"\frac13"),
    ("I cannot tell.", "4"),
    (r"thus \boxed{42}", ""),
    (r"\boxed{3.1420}", "3.14159"),
    (r"\boxed{\frac{\sqrt{12}}{2}}", r"\sqrt3"),
    (r"\boxed{9^{9^{9^9}}}", "3"),
    (r"<think>it is \boxed{7}", "7"),
]
SPECS = ["accuracy", "accuracy(tolerance=1e-3)", "Gate(format, accuracy)"]
# Those that a path can name: their peers call a function, and none of their classes is needed.
BY_PATH = ["verl", "openrlhf", "slime", "verifiers", "lm_eval", "areal", "skyrl"]

every_peer = pytest.mark.parametrize("peer", sorted(PEERS))


@pytest.fixture(autouse=True)
def no_reward_by_environment(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)


def adapter(peer):
    return importlib.import_module(f"rewards.adapters.{peer}")


def ours(reward):
    return [reward.verify(completion, reference).score for completion, reference in ROWS]


def expected(peer, reward, unscored=0.0):
    scores = ours(reward)
    if peer in NUMBERS_ALONE:
        return [unscored if score is None else score for score in scores]
    return scores


def test_every_adapter_is_tried():
    files = {path.stem for path in FOLDER.glob("*.py")} - NO_PEERS
    assert files == {*PEERS}
    assert {*REFERENCE_PATHS} == files | {"reasoning_gym"}


def test_the_rows_hold_every_kind():
    assert {1.0, 0.0, None} == {*ours(accuracy)}
    assert ours(accuracy) != ours(reward_named(SPECS[1]))


@every_peer
@pytest.mark.parametrize("spec", SPECS)
def test_verdicts_are_the_librarys_own(peer, spec, monkeypatch):
    install(peer, monkeypatch)
    made = adapter(peer).reward(spec)
    assert PEERS[peer](made, ROWS) == expected(peer, reward_named(spec))


@every_peer
def test_a_reward_itself_does_as_well_as_its_name(peer, monkeypatch):
    install(peer, monkeypatch)
    near = Accuracy(tolerance=1e-3, name="near")
    assert PEERS[peer](adapter(peer).reward(near), ROWS) == expected(peer, near)


# NeMo-RL hands over messages and OpenRLHF the query with its end mark, so they count other letters.
@pytest.mark.parametrize("peer", sorted(PEERS.keys() - {"nemo_rl", "openrlhf"}))
def test_ones_own_function_does_too(peer, monkeypatch, tmp_path):
    install(peer, monkeypatch)
    (tmp_path / "mine.py").write_text(
        "def short(completions, **_):\n    return [float(len(one) < 16) for one in completions]\n"
    )
    made = adapter(peer).reward(f"{tmp_path}/mine.py:short")
    assert PEERS[peer](made, ROWS) == [float(len(text) < 16) for text, _ in ROWS]


@every_peer
def test_the_environment_names_the_reward(peer, monkeypatch):
    install(peer, monkeypatch)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, SPECS[1])
    assert PEERS[peer](adapter(peer).reward(), ROWS) == expected(peer, reward_named(SPECS[1]))


@pytest.mark.parametrize("peer", BY_PATH)
def test_a_path_is_enough(peer, monkeypatch):
    install(peer, monkeypatch)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, SPECS[1])
    assert PEERS[peer](adapter(peer).rlvr, ROWS) == expected(peer, reward_named(SPECS[1]))


@every_peer
def test_nothing_named_is_an_error_that_says_what_to_do(peer, monkeypatch):
    install(peer, monkeypatch)
    with pytest.raises(InputError, match=f"{ENVIRONMENT_VARIABLE}.*rewards.adapters.{peer}"):
        PEERS[peer](adapter(peer).reward(), ROWS)


@every_peer
def test_a_reward_that_is_not_there_is_refused(peer, monkeypatch):
    install(peer, monkeypatch)
    with pytest.raises(InputError, match="accuracy"):
        PEERS[peer](adapter(peer).reward("acuracy"), ROWS)


@pytest.mark.parametrize(
    "peer", ["verl", "openrlhf", "slime", "lm_eval", "lighteval", "areal", "nemo_gym", "nemo_rl"]
)
def test_the_number_for_a_missing_score_is_ones_own(peer, monkeypatch):
    install(peer, monkeypatch)
    made = adapter(peer).reward("accuracy", unscored=-1.0)
    found = PEERS[peer](made, ROWS)
    assert found == expected(peer, accuracy, unscored=-1.0)


def test_verl_takes_the_reward_from_its_own_configuration(monkeypatch):
    verl = adapter("verl")
    call = {"data_source": "x", "solution_str": r"\boxed{3.1420}", "ground_truth": "3.14159"}
    assert verl.rlvr(**call, reward=SPECS[1])["score"] == 1.0
    assert verl.rlvr(**call, reward="accuracy")["score"] == 0.0
    empty = {**call, "ground_truth": ""}
    assert verl.rlvr(**empty, reward="accuracy", unscored=-2.0)["score"] == -2.0
    assert PEERS["verl"](verl.reward_async("accuracy"), ROWS) == ours(accuracy)


def test_a_ray_environment_takes_the_reward_from_its_configuration(monkeypatch):
    install("nemo_rl", monkeypatch)
    environment = adapter("nemo_rl").reward()({"reward": SPECS[1]})
    log = [{"role": "user", "content": "q"}, {"role": "assistant", "content": r"\boxed{3.1420}"}]
    assert environment.step([log], [{"ground_truth": "3.14159"}]).rewards.tolist() == [1.0]
    install("skyrl", monkeypatch)
    env = adapter("skyrl").rlvr({"reward": SPECS[1]}, {"reward_model": {"ground_truth": "3.14159"}})
    assert env.step(r"\boxed{3.1420}")["reward"] == 1.0


def test_an_answer_in_the_prompt_earns_nothing():
    judge = adapter("openrlhf").reward("accuracy")
    prompt = r"6*7? Answer like \boxed{42}."
    call = {"prompts": [prompt], "labels": ["42"]}
    silent = judge(queries=[prompt + "I do not know<|im_end|>"], **call)
    assert float(silent["rewards"][0]) == 0.0
    # decoded to something else than the prompt: nobody knows where the completion begins
    other = judge(queries=[prompt.replace("6*7", "6 * 7") + "I do not know"], **call)
    assert float(other["extra_logs"]["unscored"][0]) == 1.0
    assert float(other["extra_logs"]["error"][0]) == 1.0


def test_a_target_of_several_texts_is_met_by_any(monkeypatch):
    from types import SimpleNamespace

    install("lighteval", monkeypatch)
    metric = adapter("lighteval").reward("accuracy").sample_level_fn

    def score(golds, text):
        doc = SimpleNamespace(specific=None, query="q", get_golds=lambda: golds)
        return metric.compute(doc, SimpleNamespace(text=[text]))

    assert score(["1", "2"], r"\boxed{2}")["rlvr"] == 1.0
    assert score(["1", ""], r"\boxed{2}")["rlvr_unscored"] == 1.0  # it may be what "" should say
    assert score(["", "2"], r"\boxed{2}") == {"rlvr": 1.0, "rlvr_unscored": 0.0}
    assert score(["1", "3"], r"\boxed{2}") == {"rlvr": 0.0, "rlvr_unscored": 0.0}


def test_the_filter_gives_what_was_read():
    filtered = adapter("lm_eval").answers("accuracy")
    docs = [{"answer": "1"}, {"answer": "2"}]
    silent = "I cannot tell what it is."
    assert filtered([[r"\boxed{1}", silent], [r"so \boxed{7}"]], docs) == [["1", ""], ["7"]]


def test_a_peer_that_is_missing_is_an_error_that_says_how_to_install_it():
    for peer in ("swift", "lighteval", "nemo_gym", "rllm", "roll", "openenv", "open_instruct"):
        with pytest.raises(MissingExtraError, match="install"):
            adapter(peer).reward("accuracy")


def test_an_import_brings_nothing_of_a_peer():
    names = sorted({path.stem for path in FOLDER.glob("*.py")} - {"__init__", "inspect_registry"})
    code = (
        "import sys, importlib\n"
        "import rewards\n"
        "assert not [n for n in sys.modules if n.startswith('rewards.adapters')]\n"
        "before = {n.partition('.')[0] for n in sys.modules}\n"
        f"for n in {names}: importlib.import_module('rewards.adapters.' + n)\n"
        "new = {n.partition('.')[0] for n in sys.modules} - before\n"
        "print(*sorted(n for n in new if n not in sys.stdlib_module_names))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert set(done.stdout.split()) <= {"rlvr_cpus"}


def test_what_judges_does_not_know_the_adapters():
    # A server speaks the peers' protocols, and an environment is a peer's.
    knowing = {FOLDER, FOLDER.parent / "serving", FOLDER.parent / "workbench" / "environments"}
    for path in FOLDER.parent.rglob("*.py"):
        if knowing & {*path.parents}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in getattr(node, "names", []) if isinstance(one, ast.alias)]
            names.append(getattr(node, "module", None) or "")
            assert not any(name.startswith("rewards.adapters") for name in names), path
