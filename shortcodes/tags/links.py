"""MM_Member_Link and MM_Purchase_Link: where something can be done. Going there does nothing by itself."""

from __future__ import annotations

from shortcodes.facts import Facts, MemberAct
from shortcodes.tags.tag import Attribute, Given, Tag, Value

_ACTS: dict[str, MemberAct] = {
    "cancelmembership": "cancelMembership",
    "cancelbundle": "cancelBundle",
    "pausemembership": "pauseMembership",
    "pausebundle": "pauseBundle",
    "changemembership": "changeMembership",
}
_OF = {"cancelBundle": "bundle", "pauseBundle": "bundle", "changeMembership": "level"}


def _member_link(given: Given) -> Value:
    act: MemberAct | None = given.choice("type", _ACTS)
    value = (given.get("value") or "").strip()
    kind = _OF.get(act or "")
    if kind is not None:
        number = given.id("value", value)
        if number is None:
            return lambda _facts: ""
        given.mention(kind, number)
    if act is None:
        return lambda _facts: ""

    def address(facts: Facts) -> str:
        return "" if facts.member() is None else facts.member_url(act, value) or ""

    return address


def _purchase_link(given: Given) -> Value:
    product, level = given.product("productId"), given.get("membershipId")
    level_id = None if level is None else given.id("membershipId", level)
    is_gift = given.is_true("isGift", default=False)
    coupon = (given.get("couponCode") or "").strip()
    if level_id is not None:
        given.mention("level", level_id)
    elif not product and level is None:
        given.report("The link says neither productId nor membershipId.")
    if is_gift is None or (not product and level_id is None):
        return lambda _facts: ""
    return lambda facts: facts.purchase_url(product or None, level_id, coupon, is_gift) or ""


MEMBER_LINK = Tag(
    "MM_Member_Link",
    "The address of the member's account, at what he can do there; it asks before anything is done. Nothing for a visitor, and"
    " for what the member cannot do.",
    (
        Attribute("type", "what for", tuple(_ACTS.values())),
        Attribute("value", "the bundle's number; for `changeMembership` the number of the level"),
    ),
    prints=_member_link,
)
PURCHASE_LINK = Tag(
    "MM_Purchase_Link",
    "The address where something is bought; nothing for what is not for sale.",
    (
        Attribute("productId", "the product's number, name or reference"),
        Attribute("membershipId", "in its place: the number of a level, whose first product it is"),
        Attribute("couponCode", "a coupon, handed on in the address as `coupon`"),
        Attribute("isGift", "for somebody else, handed on as `gift=1`; default `false`", ("true", "false")),
    ),
    prints=_purchase_link,
)
