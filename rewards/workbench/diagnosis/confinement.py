"""Whether programs can be run here, what confines them, by trying, and what they can use."""

from __future__ import annotations

from rewards.errors import WorkerError
from rewards.workbench.diagnosis.check import Check, Grade

_GROUP = "sandbox"
_USED = "programs"


def check_sandbox() -> list[Check]:
    """Start a sandbox, and name each of its layers: active, or why it is not."""
    from rewards.programs.sandboxes import try_sandbox  # only where it is looked at

    try:
        found = try_sandbox()
    except WorkerError as error:
        return [
            Check(
                group=_GROUP,
                name="run programs",
                found=str(error),
                grade=Grade.NOTE,
                mend="the reward code runs on Linux only, in a sandbox; all others work here",
            )
        ]
    checks = [
        Check(group=_GROUP, name="run programs", found="works")
        if found.works
        else Check(
            group=_GROUP,
            name="run programs",
            found=found.reason,
            grade=Grade.NOTE,
            mend="the reward code cannot be used here; all others work",
        )
    ]
    for layer, why in sorted(found.layers.items()):
        if why is None:
            checks.append(Check(group=_GROUP, name=layer, found="active"))
            continue
        mend = "programs are confined without it"
        if layer in found.required:
            mend = f'code needs it, or Code(allow_degraded=frozenset({{"{layer}"}}))'
        checks.append(
            Check(
                group=_GROUP,
                name=layer,
                found=f"not active: {why}",
                grade=Grade.NOTE,
                mend=mend,
            )
        )
    return checks


def check_what_programs_use() -> list[Check]:
    """The languages that can be run here, and the modules that Python programs can import."""
    from rewards.programs.sandboxes import compilers, programs_modules

    checks = []
    for each in compilers():
        if each.tool is not None:
            checks.append(Check(group=_USED, name=each.language, found=each.tool))
            continue
        checks.append(
            Check(
                group=_USED,
                name=each.language,
                found="no toolchain",
                grade=Grade.NOTE,
                mend=each.missing,
            )
        )
    here, lacking = programs_modules()
    checks.append(Check(group=_USED, name="modules", found=", ".join(here) or "none"))
    if lacking:
        checks.append(
            Check(
                group=_USED,
                name="further modules",
                found=f"not installed: {', '.join(lacking)}",
                grade=Grade.NOTE,
                mend='pip install "rlvr[code-science]" brings most of them',
            )
        )
    return checks
