"""How many processors we take: the scarcest of affinity, quotas and our share among ranks."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import rlvr_cpus
from rlvr_cpus import cpus_per_rank, usable_cpus


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A host of 64 processors without quotas; returns the root of its control groups."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    monkeypatch.setattr(rlvr_cpus, "_V2_ROOT", tmp_path / "cgroup")
    monkeypatch.setattr(rlvr_cpus, "_V1_QUOTA", tmp_path / "v1" / "cpu.cfs_quota_us")
    monkeypatch.setattr(rlvr_cpus, "_OWN_GROUP", tmp_path / "own")
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    (tmp_path / "cgroup" / "user" / "job").mkdir(parents=True)
    (tmp_path / "v1").mkdir()
    (tmp_path / "own").write_text("12:cpu:/elsewhere\n0::/user/job\n")
    return tmp_path


def test_without_a_quota_affinity_counts(machine):
    assert usable_cpus() == 64
    (machine / "cgroup/cpu.max").write_text("max 100000\n")
    assert usable_cpus() == 64


@pytest.mark.parametrize("group", [".", "user", "user/job"])
def test_the_scarcest_quota_on_the_way_up_counts(machine, group):
    (machine / "cgroup/cpu.max").write_text("1600000 100000\n")
    (machine / "cgroup" / group / "cpu.max").write_text("200000 100000\n")
    assert usable_cpus() == 2


@pytest.mark.parametrize(("quota", "cpus"), [("-1", 64), ("150000", 2), ("20000", 1), ("x", 64)])
def test_the_first_kind_of_groups(machine, quota, cpus):
    (machine / "v1/cpu.cfs_quota_us").write_text(quota)
    (machine / "v1/cpu.cfs_period_us").write_text("100000")
    assert usable_cpus() == cpus


@pytest.mark.parametrize(
    ("ranks", "share"), [("1", 8), ("4", 2), ("64", 1), ("", 8), ("zero", 8), ("0", 8)]
)
def test_ranks_share(machine, monkeypatch, ranks, share):
    (machine / "cgroup/cpu.max").write_text("800000 100000\n")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", ranks)
    assert cpus_per_rank() == share


def test_nobody_else_counts_processors():
    """One answer for the command line, the trainer and the sandbox."""
    root = Path(rlvr_cpus.__file__).parent
    files = [
        f for name in ("rewards", "sandbox", "grpo_plugin") for f in (root / name).rglob("*.py")
    ]
    assert len(files) > 100
    counting = [f for f in files if re.search(r"os\.(sched_getaffinity|cpu_count)", f.read_text())]
    # The zygote asks how crowded the host is, not how many workers to start.
    assert [f.name for f in counting if "zygote" not in f.parts] == []
