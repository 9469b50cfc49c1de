"""A page for each objective: its formula, when to use it, and its gradient coefficient drawn."""

from __future__ import annotations

import inspect
import io
import sys
from pathlib import Path

import mkdocs_gen_files
import tomllib
import torch
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from grpo_plugin import objectives  # noqa: E402 - it lies beside this folder
from grpo_plugin.batch import Batch  # noqa: E402

WHEN = tomllib.loads((Path(__file__).parent / "when.toml").read_text(encoding="utf-8"))


def drawn(name: str) -> str:
    """The gradient coefficient of a completion of one token, as the ratio goes, as SVG."""
    chosen = objectives.resolve(name)
    ratios = torch.linspace(0.02, 2.5, 249, dtype=torch.float64)
    figure = Figure(figsize=(6, 2.8), layout="constrained")
    axes = figure.subplots()
    old = torch.full((2, 1), -1.5, dtype=torch.float64)
    for sign, style in ((1.0, "-"), (-1.0, "--")):
        found = []
        for ratio in ratios:
            # The other completion of the group stays where it was, on the other side.
            logp = old + torch.tensor([[float(ratio.log())], [0.0]], dtype=torch.float64)
            batch = Batch(
                advantages=torch.tensor([[sign], [-sign]], dtype=torch.float64),
                mask=torch.ones(2, 1, dtype=torch.bool),
                old_logp=old,
                ref_logp=old,
                rewards=torch.tensor([(1 + sign) / 2, (1 - sign) / 2], dtype=torch.float64),
                group=torch.zeros(2, dtype=torch.int64),
                max_length=1,
                seed=0,
            )
            got = objectives.coefficients(chosen, logp, batch)
            found.append(-float(got.logp[0, 0]))
        axes.plot(ratios, found, style, label=f"advantage {sign:+g}")
    axes.axhline(0, color="0.6", linewidth=0.6)
    axes.axvline(1, color="0.6", linewidth=0.6)
    axes.set(xlabel="ratio of the token, new to old policy", ylabel="pull on its log-prob")
    axes.legend(frameon=False)
    held = io.StringIO()
    figure.savefig(held, format="svg", metadata={"Date": None})
    return held.getvalue()


def main() -> None:
    """Write all pages, and the one that lists them."""
    lines = [
        "# Objectives\n",
        "`GRPOConfig(objective=NAME)`; `grpo_plugin.objectives.available()` lists them. Each is a",
        "function `objective(logp, batch, config) -> loss`; yours is one, too.\n",
        "| objective | when |\n|---|---|",
    ]
    for name in objectives.available():
        with mkdocs_gen_files.open(f"objectives/{name}.svg", "w") as file:
            file.write(drawn(name))
        text = inspect.getdoc(objectives.resolve(name)) or ""
        title, _, rest = text.partition("\n")
        with mkdocs_gen_files.open(f"objectives/{name}.md", "w") as file:
            file.write(
                f"# {name}\n\n{title}\n\n```text\n{rest.strip()}\n```\n\n"
                f"**When to use it.** {WHEN[name]}\n\n"
                f"![How hard a token is pulled, by its ratio]({name}.svg)\n\n"
                "A completion of one token, its group of two: above 0 the token becomes likelier, "
                "below 0 less likely.\n"
            )
        lines.append(f"| [{name}]({name}.md) | {WHEN[name]} |")
    with mkdocs_gen_files.open("objectives/index.md", "w") as file:
        file.write("\n".join(lines))


main()
