"""The pages that selling needs, made in WordPress by the bridge: checkout, My Account, confirmation, login, error, the one before
a cancellation, those by which one cancels and withdraws without signing in; and an example post.

Each is made once: the bridge knows it again by its key, and what the owner makes of it stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any

from sidecar.access.rules import Audience, Rule, RuleGrant, TargetKind
from sidecar.access.ruling import choose_core_page, protect
from sidecar.access.store import list_core_pages, read_rule_book
from sidecar.catalog.rules import Grant, Level, Product
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import _, language_of, speaking
from sidecar.wordpress.bridge import SiteAddress, send_changes
from sidecar.wordpress.options import get_site
from sidecar.wordpress.permalinks import get_permalink
from sidecar.wordpress.posts import find_post
from sidecar.wordpress.tables import Tables

CORE = ("checkout", "myaccount", "confirmation", "login", "error", "savethesale", "cancel", "withdraw")
"""Beside WordPress's own login page, which stays as it is, and open."""
_FORM = "<!-- wp:shortcode -->\n{tag}\n<!-- /wp:shortcode -->"
_PARAGRAPH = "<!-- wp:paragraph -->\n<p>{text}</p>\n<!-- /wp:paragraph -->"


@dataclass(frozen=True)
class Page:
    """A page of the site that plays a part, or the example. `is_new`: it has just begun to."""

    kind: str
    post_id: int
    url: str
    is_new: bool


def make_missing_pages(tables: Tables, site: SiteAddress, *, now: datetime) -> list[Page]:
    """Every core page that selling needs; those that are chosen and there stay. Raises SiteAway, Refused. Leaves the machine."""
    with reading() as reader:
        chosen = {
            kind: post_id
            for kind, post_id in list_core_pages(reader)
            if (post := find_post(reader, tables, post_id)) is not None and post.status != "trash"
        }
        language = language_of(get_site(reader, tables).locale)
    with speaking(language):
        missing = {kind: _core_page(kind) for kind in CORE if kind not in chosen}
    made = _make(site, missing)
    for kind, post_id in made.items():
        choose_core_page(kind, post_id, now=now)
    return [_page(tables, kind, {**chosen, **made}[kind], is_new=kind in made) for kind in CORE]


def make_example(tables: Tables, site: SiteAddress, level: Level, *, now: datetime) -> Page:
    """A post that holders of the level alone can read. One that is there and protected already stays so. Leaves the machine."""
    with reading() as reader:
        language = language_of(get_site(reader, tables).locale)
    with speaking(language):
        example = _example(level)
    post_id = _make(site, {"example": example})["example"]
    with reading() as reader:
        is_new = not read_rule_book(reader).of(TargetKind.POST, str(post_id))
    if is_new:
        grants = (RuleGrant(Grant.LEVEL, level.id, 0),)
        protect(Rule(0, TargetKind.POST, str(post_id), Audience.GRANTS, grants), now=now)
    return _page(tables, "example", post_id, is_new=is_new)


def checkout_url(page: Page, product: Product) -> str:
    """Where the product is bought.

    >>> from sidecar.catalog.rules import Grant, ProductKind, Terms
    >>> product = Product(1, "Gold", Grant.LEVEL, 1, Terms(ProductKind.FREE), "abcd2345")
    >>> checkout_url(Page("checkout", 7, "https://club.test/?page_id=7", True), product)
    'https://club.test/?page_id=7&rid=abcd2345'
    """
    return f"{page.url}{'&' if '?' in page.url else '?'}rid={product.reference}"


def _make(site: SiteAddress, pages: dict[str, dict[str, str]]) -> dict[str, int]:
    """Post ids by key, as the bridge answers."""
    if not pages:
        return {}
    ids = {key: token_hex(16) for key in pages}
    changes: list[dict[str, Any]] = [
        {"id": ids[key], "kind": "page", "key": key, "type": "page", **page} for key, page in pages.items()
    ]
    delivery = send_changes(site, changes)
    lacking = [key for key in pages if ids[key] not in delivery.made]
    if lacking:
        reason = delivery.failed.get(ids[lacking[0]], _("the plugin is too old"))
        sentence = _("WordPress did not make the page {page}: {reason}")
        raise Refused(sentence.format(page=lacking[0], reason=reason))
    return {key: int(delivery.made[ids[key]]) for key in pages}


def _page(tables: Tables, kind: str, post_id: int, *, is_new: bool) -> Page:
    with reading() as reader:
        url = get_permalink(reader, tables, get_site(reader, tables), post_id)
    return Page(kind, post_id, url, is_new)


# --- what stands in them: the owner's from then on, so in the site's language ------------------------------------------


def _core_page(kind: str) -> dict[str, str]:
    titles = {
        "checkout": _("Checkout"), "myaccount": _("My account"), "confirmation": _("Thank you"),
        "error": _("This is not open to you"), "login": _("Log in"), "savethesale": _("Before you go"),
        "cancel": _("Cancel contracts here"), "withdraw": _("Withdraw from contract here"),
    }  # fmt: skip
    return {"title": titles[kind], "content": _content_of(kind)}


def _content_of(kind: str) -> str:
    if kind in {"checkout", "myaccount", "login", "cancel", "withdraw"}:
        return _FORM.format(tag=f"[MM_Form type='{kind}']")
    if kind == "savethesale":
        words = _(
            "Is there something that we can do better? Tell us, and stay. If you want to go all the same, one click is enough."
        )
        return "\n\n".join([_PARAGRAPH.format(text=words), _FORM.format(tag="[MM_Form type='myaccount']")])
    link = "<a href=\"[MM_CorePage_Link type='myaccount']\">{label}</a>".format(label=_("My account"))
    if kind == "confirmation":
        words = _("Thank you! Everything is open to you now. Your card and your subscription: {link}.")
    else:
        words = _("Your account does not open this. What it does open, and what can be done: {link}.")
    return _PARAGRAPH.format(text=words.format(link=link))


def _example(level: Level) -> dict[str, str]:
    before = _("Everybody can read this paragraph.")
    after = _("And only holders of the level {level} can read this one. Change this post, or delete it.")
    more = "<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->"
    content = [_PARAGRAPH.format(text=before), more, _PARAGRAPH.format(text=after.format(level=level.name))]
    return {"type": "post", "title": _("Only for members: an example"), "content": "\n\n".join(content)}
