"""One meaning of a label, for every command that reads one."""

import json

import pytest

from rewards import accuracy
from rewards.columns import COLUMN_ALIASES, Role, truth
from rewards.errors import DataFileError, InputError
from rewards.workbench.benchmarking.labelled import load_labelled
from rewards.workbench.disagreement.job import DisagreementOptions, compare_rewards
from rewards.workbench.reporting.scored_rows import ReportColumns, read_scored

SAID = {
    "true": True,
    "1": True,
    "1.0": True,
    '"true"': True,
    '" True "': True,
    '"1"': True,
    '"1.0"': True,
    "false": False,
    "0": False,
    "0.0": False,
    "-0.0": False,
    '"FALSE"': False,
    '"0"': False,
    "2": None,
    "-1": None,
    "0.5": None,
    "null": None,
    '"yes"': None,
    '""': None,
    "[true]": None,
    "{}": None,
    "1" * 400: None,
}


@pytest.mark.parametrize("cell", SAID)
@pytest.mark.parametrize("column", [*COLUMN_ALIASES[Role.LABEL], "mine"])
def test_every_reader_of_labels_says_the_same(tmp_path, cell, column):
    said, path = SAID[cell], tmp_path / "rows.jsonl"
    spelt = True if cell == '"yes"' else said  # what only a column that is named may say
    verdict = json.dumps(accuracy.verify("4", "4").to_dict())
    path.write_text(
        f'{{"completion": "4", "answer": "4", "accuracy": {verdict}, "format": {verdict}, '
        f'"{column}": {cell}}}\n'
    )
    named = column if column == "mine" else None
    seen = said if named is None else spelt
    assert truth(json.loads(path.read_text()), named) is seen
    options = DisagreementOptions(
        input=path, rewards=("accuracy", "format"), label_column=column, limit=0
    )
    if spelt is None:
        with pytest.raises(InputError, match="no truth values"):
            compare_rewards(options)
    else:
        compared = compare_rewards(options)
        assert compared.labelled_rows == 1
        assert compared.right["accuracy"] == int(spelt)
    (row,) = read_scored(path, ReportColumns(label=named))
    assert row.truth is seen
    if named is None:
        (labelled,) = load_labelled(path, need_truth=False).rows
        assert labelled.truth is said
        if said is None:
            with pytest.raises(DataFileError, match="true or false"):
                load_labelled(path)


def test_the_first_column_that_says_either_counts():
    assert truth({"label": "good", "correct": False}) is False
    assert truth({"label": True, "correct": False}) is True
    assert truth({"label": True, "mine": 0}, "mine") is False
    assert truth({"label": True}, "mine") is None
    assert truth({}) is None
