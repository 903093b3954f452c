"""MM_CorePage_Link: the address of one of the site's core pages."""

from __future__ import annotations

from shortcodes.tags.tag import Attribute, Given, Tag, Value

CORE_PAGES = (
    "login",
    "logout",
    "homepage",
    "myaccount",
    "forgotPassword",
    "resetpassword",
    "savethesale",
    "checkout",
    "confirmation",
    "error",
    "redeemgift",
    "cancel",
    "withdraw",
)
_BY_NAME = {name.lower(): name for name in CORE_PAGES}


def _link(given: Given) -> Value:
    kind: str | None = given.choice("type", _BY_NAME)
    if kind is None:
        return lambda _facts: ""
    return lambda facts: facts.core_page_url(kind) or ""


CORE_PAGE_LINK = Tag(
    "MM_CorePage_Link",
    "The address of a core page, the member's level's own where it has one. For an attribute:"
    " `<a href=\"[MM_CorePage_Link type='checkout']\">`.",
    (Attribute("type", "which page", CORE_PAGES),),
    prints=_link,
)
