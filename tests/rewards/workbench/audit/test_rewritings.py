"""Rewritings change how a reference looks, and every sound reference accepts them."""

import json

import pytest
from exported_rewards import CASES

from rewards.workbench.audit.references import Finding, audit_reference
from rewards.workbench.audit.rewritings import rewritings


@pytest.mark.parametrize(
    ("text", "name", "written"),
    [
        (r"\frac12", r"\dfrac for \frac", r"\dfrac12"),
        (r"\tfrac12", r"\frac for \dfrac", r"\frac12"),
        ("(1,[2,3])", r"\left and \right", r"\left(1,\left[2,3\right]\right)"),
        ("x^2+y_1", "braces around scripts", "x^{2}+y_{1}"),
        ("x+1=2", "blanks around signs", "x + 1 = 2"),
        ("42", "dollars around it", "$42$"),
        (r"\sqrt2", r"\displaystyle before it", r"\displaystyle \sqrt2"),
    ],
)
def test_rules(text, name, written):
    assert rewritings(text)[name] == written


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (r"\sqrt[3]{2}", r"\left and \right"),
        (r"\left(1,2\right)", r"\left and \right"),
        ("1) and (2", r"\left and \right"),
        (r"x\in(0,1", r"\left and \right"),
        (r"\text{room x^2}", "braces around scripts"),
        ("x^{10}", "braces around scripts"),
        ("2025-01-02", "blanks around signs"),
        ("two words", "dollars around it"),
        ("$7$", "dollars around it"),
        ("-5", "blanks around signs"),
        ("7", r"\displaystyle before it"),
    ],
)
def test_what_a_rule_leaves_alone(text, name):
    assert name not in rewritings(text)


def references():
    for path in sorted(CASES.glob("answers_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["reference"]


def test_every_reference_that_accepts_itself_accepts_its_rewritings():
    refused = {
        reference: audited.findings[Finding.REFUSES_REWRITING]
        for reference in dict.fromkeys(references())
        if Finding.REFUSES_REWRITING in (audited := audit_reference(reference)).findings
    }
    assert refused == {}


def test_a_reference_that_refuses_a_rewriting_is_found(monkeypatch):
    monkeypatch.setattr(
        "rewards.workbench.audit.references.rewritings", lambda _text: {"another digit": "43"}
    )
    audited = audit_reference("42")
    assert audited.findings[Finding.REFUSES_REWRITING].startswith("with another digit: ")
    assert audited.fate.value == "set aside"
