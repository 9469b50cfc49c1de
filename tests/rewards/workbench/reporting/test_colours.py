"""Every status has a colour of its own, on light pages and on dark ones."""

import re
from importlib.resources import files

import pytest

from rewards import Status
from rewards.workbench.reporting import page

CSS = (files(page.__package__) / "template" / "page.css").read_text(encoding="utf-8")
LIGHT, DARK = re.findall(r":root \{([^}]*)\}", CSS)
THEMES = {"light": LIGHT, "dark": DARK}


def colours(theme):
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", THEMES[theme]))


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("status", [status.value for status in Status])
def test_a_status_has_a_class_and_a_colour_that_is_seen(status, theme):
    assert f".status-{status} {{ --ink: var(--{status}); }}" in CSS
    known = colours(theme)
    low, high = sorted((luminance(known[status]), luminance(known["page"])))
    assert (high + 0.05) / (low + 0.05) > 1.5


@pytest.mark.parametrize("theme", THEMES)
def test_no_two_statuses_share_a_colour(theme):
    known = colours(theme)
    assert len({known[status.value] for status in Status}) == len(Status)


def test_the_style_names_no_status_that_does_not_exist():
    named = re.findall(r"\.status-(\w+)", CSS)
    assert sorted(named) == sorted(status.value for status in Status)
