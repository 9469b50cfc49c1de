"""Puts the generated pages into the navigation: a page for each reward and each objective."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def on_config(config: Any) -> None:
    """Fill the entries `Rewards` and `Objectives`, which the generators write."""
    from grpo_plugin import objectives
    from rewards.named import known_rewards

    names = {"Rewards": sorted(known_rewards()), "Objectives": sorted(objectives.available())}
    for entry in config.nav:
        for title, pages in names.items():
            if title in entry:
                folder = title.lower()
                entry[title] = [f"{folder}/index.md", *(f"{folder}/{page}.md" for page in pages)]
