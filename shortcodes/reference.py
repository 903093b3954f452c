"""docs/smarttags.md, out of the registry: `python -m shortcodes.reference` writes it."""

from __future__ import annotations

from pathlib import Path

from shortcodes.compiler import MAX_BYTES, MAX_DEPTH
from shortcodes.equations import MAX_NESTING
from shortcodes.tags import ELSE, REGISTRY, Attribute, Tag
from shortcodes.tags.mail import FIELDS as MAIL_FIELDS
from shortcodes.tags.member_data import FIELDS
from shortcodes.tags.order import ADDRESSES
from shortcodes.tags.order import FIELDS as ORDER_FIELDS
from shortcodes.tags.statuses import STATUSES

PAGE = Path(__file__).parent.parent / "docs" / "smarttags.md"

_PERSONAL = ", ".join(f"`{tag.name}`" for tag in REGISTRY.values() if tag.is_personal)
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
- What only the viewer is to know ({_PERSONAL}) is printed in the text itself wherever its author may work; outside of it, in
  an address, an attribute or a script, only where the author may see what the site knows of others (WordPress's
  `list_users`, or `unfiltered_html`). Else a link in a contributor's post could carry it away.
- Theme code asks by functions of the same names in small letters: `mm_member_data( array( 'name' => 'firstName' ) )`,
  `mm_member_decision( … )` (true or false), and so on for every tag but those of mails, forms and their parts. Texts and addresses come escaped. The calls
  of one file, and those that the site has made before, are asked for together.
- An administrator sees a page as others do by “View as…” in WordPress's toolbar: as a visitor, as a member of any level, bundle,
  status and day, or as one member. A bar marks it and says what is wrong in the text.
- `gatepost lint` looks through all texts of a site for what is written wrongly, with place and suggestion.
- A text may have up to {MAX_BYTES // 1_000_000} MB.
"""


def reference() -> str:
    """The page, as Markdown."""
    sections = map(_section, REGISTRY.values())
    return "\n".join([_INTRODUCTION, *sections, _fields(), _order_fields(), _mail_fields(), _statuses()])


def _section(tag: Tag) -> str:
    if not tag.attributes:
        return f"## {tag.name}\n\n{tag.summary}\n"
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


def _order_fields() -> str:
    rows = "".join(f"| `{field.name}` | {field.summary} |\n" for field in ORDER_FIELDS)
    addresses = " ".join(f"`{name}`" for name in ADDRESSES)
    return (
        "## What MM_Order_Data prints\n\nAmounts are those of the first payment, with the tax inside.\n\n| name | what |\n"
        f"|---|---|\n{rows}| {addresses} | the buyer's addresses |\n"
    )


def _mail_fields() -> str:
    rows = "".join(f"| `{name}` | {summary} |\n" for name, summary in MAIL_FIELDS.items())
    return f"## What MM_Mail_Data prints\n\nEach mail tells of some of it; what it does not tell of is empty.\n\n| name | what |\n|---|---|\n{rows}"


def _statuses() -> str:
    rows = "".join(f"| `{names.word}` | {names.number} | {names.english} |\n" for names in STATUSES.values())
    return f"## Statuses\n\n| in an equation | statusId | statusName |\n|---|---|---|\n{rows}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
