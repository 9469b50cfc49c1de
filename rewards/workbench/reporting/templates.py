"""Pages from templates: the engine's settings, the same for every page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rewards.extras import require_package

if TYPE_CHECKING:
    import jinja2


def require_template_engine(needed_by: str) -> None:
    """Make sure that Jinja2 is there, before minutes go into reading a file.

    Raises:
        MissingExtraError: it is not; the message says how to install it.
    """
    require_package("jinja2", needed_by=needed_by, extra="report")


def template_environment(
    package: str,
    filters: Mapping[str, Callable[..., object]],
    *,
    names: Mapping[str, object] | None = None,
    finalize: Callable[[object], object] | None = None,
) -> jinja2.Environment:
    """The templates of a package: everything is escaped, and a name that is not there an error.

    Args:
        package: the one whose folder `template` holds them.
        filters: what templates may apply to values.
        names: what else they may use.
        finalize: what becomes of a value before it is escaped.
    """
    import jinja2  # an extra

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package, "template"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
    environment.filters |= filters
    environment.globals |= names or {}
    return environment
