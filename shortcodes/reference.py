"""docs/smarttags.md, out of the registry: `python -m shortcodes.reference` writes it."""

from __future__ import annotations

from pathlib import Path

from shortcodes.compiler import MAX_BYTES, MAX_DEPTH
from shortcodes.equations import MAX_NESTING
from shortcodes.tags import ELSE, REGISTRY, Attribute, Tag
from shortcodes.tags.member_data import FIELDS
from shortcodes.tags.statuses import STATUSES

PAGE = Path(__file__).parent.parent / "docs" / "smarttags.md"

_INTRODUCTION = f"""\
<!-- Written by `python -m shortcodes.reference` from the registry in shortcodes/tags/. Do not edit. -->
# SmartTags

SmartTags are shortcodes: `[MM_Member_Data name='firstName']`. Tag names are written exactly like this; attribute names
and the words they take may be written in upper or lower case. A tag may stand in text, in an attribute, or in a string
of a script, and its value is escaped for that place. Where a value cannot be made safe (an event handler, a style, a
tag or attribute name, a `javascript:` address) it comes out empty, and the preview says why. Comments are left alone.

- `[[MM_Member_Data name='firstName']]` prints the tag itself, less one pair of brackets.
- A decision may hold other decisions, up to {MAX_DEPTH} within each other; what is deeper is hidden. `[{ELSE}]` divides
  its content: what follows is shown when the decision does not hold.
- Several attributes of a decision all have to hold. An attribute that does not exist, or whose value makes no sense, never
  does.
- In *equations* `|` is or, `&` is and, `!` is not; `!` binds tightest, then `&`; parentheses go {MAX_NESTING} deep:
  `membershipId='(1|2)&!3'`. A malformed equation never holds.
- A text may have up to {MAX_BYTES // 1_000_000} MB.
"""


def reference() -> str:
    """The page, as Markdown."""
    return "\n".join([_INTRODUCTION, *map(_section, REGISTRY.values()), _fields(), _statuses()])


def _section(tag: Tag) -> str:
    attributes = "".join(map(_attribute_row, tag.attributes))
    return f"## {tag.name}\n\n{tag.summary}\n\n| attribute | meaning | values |\n|---|---|---|\n{attributes}"


def _attribute_row(attribute: Attribute) -> str:
    values = " ".join(f"`{value}`" for value in attribute.values)
    return f"| `{attribute.name}` | {_cell(attribute.summary)} | {values} |\n"


def _fields() -> str:
    rows = "".join(f"| `{field.name}` | {field.summary} |\n" for field in FIELDS)
    return (
        "## What MM_Member_Data prints\n\nNothing else of a member can be printed.\n\n| name | what |\n|---|---|\n"
        f"{rows}| `daysWithBundle_#` | whole days with bundle number # |\n| `customField_#` | custom field number # |\n"
    )


def _statuses() -> str:
    rows = "".join(f"| `{names.word}` | {names.number} | {names.english} |\n" for names in STATUSES.values())
    return f"## Statuses\n\n| in an equation | statusId | statusName |\n|---|---|---|\n{rows}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
