"""MM_Access_Decision: shows its content by the viewer's access to a post, visitors included."""

from __future__ import annotations

from shortcodes.facts import Access, Facts
from shortcodes.tags.tag import Attribute, Condition, Given, Tag

_ACCESS: dict[str, Access] = {"true": "true", "false": "false", "future": "future"}


def _decides(given: Given) -> Condition:
    wanted: Access | None = given.choice("access", _ACCESS)
    find = given.content()
    own = (given.get("id") or "0").strip()
    if wanted in ("false", "future") and own.isdecimal():
        given.mention("opens", int(own))

    def holds(facts: Facts) -> bool:
        content = find(facts)
        return content is not None and content.access == wanted

    return holds


ACCESS_DECISION = Tag(
    "MM_Access_Decision",
    "Shows its content by the viewer's access to a post. `false` or `future` on a protected page makes the rest of"
    " the page public.",
    (
        Attribute(
            "access",
            "the viewer may read the post, may not, or will be able to on a later day",
            tuple(_ACCESS),
        ),
        Attribute("id", "the number of the post; default: the post that the tag stands in"),
    ),
    decides=_decides,
)
