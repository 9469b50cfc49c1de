"""What an audit finds in references, and what becomes of each row."""

import json

import pytest
from typer.testing import CliRunner

from rewards.errors import DataFileError, InputError, MissingColumnError
from rewards.workbench.audit.job import audit_file
from rewards.workbench.audit.references import Fate, Finding, audit_choice, audit_reference
from rewards.workbench.cli import app


@pytest.mark.parametrize(
    ("reference", "findings", "fate"),
    [
        ("42", set(), Fate.KEPT),
        (42, set(), Fate.KEPT),
        (r"\frac12", set(), Fate.KEPT),
        (r"$x^2+1$", set(), Fate.KEPT),
        (r"\boxed{7}", set(), Fate.KEPT),
        ("#### 72", set(), Fate.KEPT),
        ("", {Finding.UNUSABLE}, Fate.SET_ASIDE),
        ("41=42", {Finding.UNUSABLE}, Fate.SET_ASIDE),
        ("proof", {Finding.UNUSABLE}, Fate.SET_ASIDE),
        ("N/A", {Finding.UNUSABLE}, Fate.SET_ASIDE),
        ({"a": 1}, {Finding.UNUSABLE}, Fate.SET_ASIDE),
        (r"\text{Monday}", {Finding.WORDS}, Fate.KEPT),
        ("the force points to the left of the wall", {Finding.PROSE}, Fate.SET_ASIDE),
        ("3.14", {Finding.ROUNDED}, Fate.KEPT),
        ("3.1", set(), Fate.KEPT),
        ("1, 2", {Finding.PARTS}, Fate.KEPT),
        ("1,234", {Finding.AMBIGUOUS}, Fate.KEPT),
        ("3,14", {Finding.AMBIGUOUS, Finding.PARTS}, Fate.KEPT),
        ("(1,2)", {Finding.AMBIGUOUS}, Fate.KEPT),
        ("(2,1)", set(), Fate.KEPT),
        ("[1,2]", set(), Fate.KEPT),
        (r"\log 5", {Finding.AMBIGUOUS}, Fate.KEPT),
        (r"\log_2 5", set(), Fate.KEPT),
        ("\frac12", {Finding.DAMAGED}, Fate.MENDED),
        (
            f"She has 3 bags of 7 apples{' each' * 20}, which makes 21 apples.\n#### 21",
            {Finding.SOLUTION},
            Fate.MENDED,
        ),
    ],
)
def test_references(reference, findings, fate):
    audited = audit_reference(reference)
    assert set(audited.findings) == findings, audited
    assert audited.fate is fate
    assert all(audited.findings.values())
    assert bool(audited.mended) == (fate is Fate.MENDED)


@pytest.mark.parametrize(
    ("reference", "choices", "flawed"),
    [
        ("D", ["a", "b", "c"], True),
        ("(C)", ["a", "b", "c"], False),
        (3, ["a", "b", "c"], True),
        (2, ["a", "b", "c"], False),
        ("b", ["a", "b", "c"], False),
        ("some text", ["a", "b"], False),
        ("D", {"text": ["a", "b"], "label": ["A", "B"]}, True),
        ("2", {"text": ["a", "b"], "label": ["1", "2"]}, False),
        ("D", None, False),
        ("D", [], False),
    ],
)
def test_choices(reference, choices, flawed):
    assert bool(audit_choice(reference, choices)) == flawed


def test_what_is_mended_is_the_answer():
    assert audit_reference("\frac12").mended == r"\frac12"


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.jsonl"
    rows = [
        {"prompt": "1+1?", "answer": "2"},
        {"prompt": "1+1?", "answer": "2.0"},
        {"prompt": "1 + 1?", "answer": "3"},
        {"prompt": "1+1?", "answer": "3"},
        {"prompt": "half?", "answer": "\frac12"},
        {"prompt": "why?", "answer": "because the wall pushes back at it"},
        {"prompt": "none?", "answer": None},
    ]
    lines = [json.dumps(row) for row in rows]
    path.write_text("\n".join([*lines, "{broken"]) + "\n", encoding="utf-8")
    return path


def test_a_file(data, tmp_path):
    output = tmp_path / "clean.jsonl"
    audit = audit_file(data, output=output)
    assert (audit.rows, audit.empty, audit.broken) == (6, 1, 1)
    assert audit.fates == {Fate.KEPT: 3, Fate.MENDED: 1, Fate.SET_ASIDE: 2}
    assert audit.counts[Finding.REPEATED] == 1
    assert audit.counts[Finding.CONTRADICTED] == 1
    assert audit.shown[Finding.CONTRADICTED][0].line == 4
    assert audit.share_for_rules == pytest.approx(4 / 6)
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    fates = ["kept", "kept", "kept", "set aside", "mended", "set aside", "set aside"]
    assert [row["audit"]["fate"] for row in rows] == fates
    assert rows[4]["answer"] == r"\frac12"
    assert rows[3]["audit"]["findings"] == {
        "other reference for the same prompt": "line 1 says '2'"
    }


def test_rows_set_aside_go_apart_and_none_is_lost(data, tmp_path):
    clean, aside = tmp_path / "clean.jsonl", tmp_path / "aside.jsonl"
    audit = audit_file(data, output=clean, set_aside=aside)
    kept, left = (
        [json.loads(line)["audit"]["fate"] for line in path.read_text().splitlines()]
        for path in (clean, aside)
    )
    assert set(kept) == {"kept", "mended"}
    assert set(left) == {"set aside"}
    assert len(kept) + len(left) == audit.rows + audit.empty
    audit_file(data, set_aside=tmp_path / "alone.jsonl")
    assert (tmp_path / "alone.jsonl").read_bytes() == aside.read_bytes()


def test_the_two_outputs_are_two_files(data, tmp_path):
    clean = tmp_path / "clean.jsonl"
    with pytest.raises(InputError, match="the same file"):
        audit_file(data, output=clean, set_aside=clean)
    assert not clean.exists()
    assert sorted(tmp_path.iterdir()) == [data]


def test_an_audited_file_is_audited_again_only_under_another_name(data, tmp_path):
    output = tmp_path / "clean.jsonl"
    audit_file(data, output=output)
    with pytest.raises(DataFileError, match="rename"):
        audit_file(output)
    with pytest.raises(DataFileError, match="overwrite"):
        audit_file(data, output=output)


def test_no_references(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text('{"a": 1}\n', encoding="utf-8")
    with pytest.raises(MissingColumnError):
        audit_file(path)


def test_command(data, tmp_path):
    found = CliRunner().invoke(app, ["audit", str(data), "--json"])
    assert found.exit_code == 1
    said = json.loads(found.stdout)
    assert said["fates"] == {"kept": 3, "mended": 1, "set aside": 2}
    assert said["findings"]["damaged"]["rows"] == 1
    clean = tmp_path / "fit.jsonl"
    clean.write_text('{"answer": "2"}\n', encoding="utf-8")
    assert CliRunner().invoke(app, ["audit", str(clean)]).exit_code == 0
