"""What tags print of money."""

from __future__ import annotations

from collections.abc import Callable

from shortcodes.facts import Money
from shortcodes.tags.tag import Attribute, Given

DO_FORMAT = Attribute(
    "doFormat", "an amount as people write it, or as a bare number; default `true`", ("true", "false")
)


def amount(given: Given) -> Callable[[Money], str]:
    """As `doFormat` says."""
    formats = given.is_true("doFormat", default=True)
    return lambda money: "" if formats is None else money.formatted if formats else money.plain
