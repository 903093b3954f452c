"""MM_Order_Data, MM_Order_Decision and MM_Order_Subdecision: about the order that a confirmation page or a mail tells of."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from shortcodes.facts import AddressField, AddressKind, Facts, Money, OrderFacts
from shortcodes.tags.amounts import DO_FORMAT, amount
from shortcodes.tags.member_data import ADDRESS_FIELDS, ADDRESS_KINDS
from shortcodes.tags.tag import Attribute, Condition, Given, Tag, Value

OrderTest = Callable[[OrderFacts], bool]


class Field(NamedTuple):
    """A text or an amount."""

    name: str
    summary: str
    text: Callable[[OrderFacts], str] | None = None
    money: Callable[[OrderFacts], Money] | None = None


FIELDS = (
    Field("id", "the order's number", lambda order: order.number),
    Field("total", "what is paid at first", money=lambda order: order.total),
    Field("subtotal", "the same before a coupon", money=lambda order: order.subtotal),
    Field("discount", "what a coupon takes off", money=lambda order: order.discount),
    Field("shipping", "for delivery", money=lambda order: order.shipping),
    Field("productId", "the product's number", lambda order: str(order.product_id)),
    Field("productName", "the product's name", lambda order: order.product_name),
    Field("couponCode", "the coupon", lambda order: order.coupon_code),
    Field("giftLink", "where a gift is redeemed", lambda order: order.gift_link),
    Field("ipAddress", "the address that it was ordered from", lambda order: order.ip),
    Field("affiliateId", "who brought the buyer", lambda order: order.affiliate),
    Field("subaffiliateId", "the affiliate's own mark", lambda order: order.subaffiliate),
)
_BY_NAME = {field.name.lower(): field for field in FIELDS}

ADDRESSES: dict[str, tuple[AddressKind, AddressField]] = {
    f"{kind}{suffix}": (kind, field)
    for kind in ADDRESS_KINDS
    for suffix, field in (
        *((suffix, field) for suffix, (field, _summary) in ADDRESS_FIELDS.items()),
        ("CountryName", "countryName"),
    )
}
_ADDRESS_BY_NAME = {name.lower(): found for name, found in ADDRESSES.items()}


def _data(given: Given) -> Value:
    address = _ADDRESS_BY_NAME.get((given.get("name") or "").strip().lower())
    if address is not None:
        return _address(*address)
    field: Field | None = given.choice("name", _BY_NAME)
    if field is None:
        return lambda _facts: ""
    printed = amount(given)

    def value(facts: Facts) -> str:
        order = facts.order()
        if order is None:
            return ""
        return field.text(order) if field.text else printed(field.money(order)) if field.money else ""

    return value


def _address(kind: AddressKind, field: AddressField) -> Value:
    def value(facts: Facts) -> str:
        member = facts.member()
        return "" if member is None or facts.order() is None else member.address(kind, field)

    return value


def _decides(given: Given) -> Condition:
    names = [name for name in given.attributes if isinstance(name, str)]
    tests = [test(given, given.attributes[name]) for name in names if (test := _TESTS.get(name))]
    if not names:
        given.report("The decision says nothing to decide by.")

    def holds(facts: Facts) -> bool:
        order = facts.order()
        return bool(names) and order is not None and all(test(order) for test in tests)

    return holds


def _level(given: Given, text: str) -> OrderTest:
    return given.equation(
        "membershipId", text, given.numbers_of("level"), lambda order, level: order.level_id == level
    )


def _product(given: Given, text: str) -> OrderTest:
    return given.equation(
        "productId", text, given.numbers_of("product"), lambda order, product: order.product_id == product
    )


def _is(name: str, read: OrderTest) -> Callable[[Given, str], OrderTest]:
    def make(given: Given, _text: str) -> OrderTest:
        wanted = given.is_true(name, default=False)
        return lambda order: wanted is not None and read(order) == wanted

    return make


_TESTS: dict[str, Callable[[Given, str], OrderTest]] = {
    "membershipid": _level,
    "productid": _product,
    "isfree": _is("isFree", lambda order: order.is_free),
    "isshippable": _is("isShippable", lambda order: order.is_shippable),
    "isdiscounted": _is("isDiscounted", lambda order: order.is_discounted),
    "isgift": _is("isGift", lambda order: order.is_gift),
}

_ATTRIBUTES = (
    Attribute("membershipId", "an equation over the numbers of levels: what was bought gives that level"),
    Attribute("productId", "an equation over the numbers of products"),
    Attribute("isFree", "nothing is paid at first", ("true", "false")),
    Attribute("isShippable", "something is delivered; nothing is yet", ("true", "false")),
    Attribute("isDiscounted", "a coupon takes something off", ("true", "false")),
    Attribute("isGift", "it is for somebody else; nothing is yet", ("true", "false")),
)

ORDER_DATA = Tag(
    "MM_Order_Data",
    "Prints something about the buyer's own order: the one just made on the confirmation page, and in a text of the owner's"
    " for a mail the one that the mail is about; nothing elsewhere.",
    (
        Attribute("name", "what to print", (*(field.name for field in FIELDS), *ADDRESSES)),
        DO_FORMAT,
    ),
    prints=_data,
    is_personal=True,
)
ORDER_DECISION = Tag(
    "MM_Order_Decision",
    "Shows its content if everything its attributes say of that order is true; never where there is no order.",
    _ATTRIBUTES,
    decides=_decides,
)
ORDER_SUBDECISION = Tag(
    "MM_Order_Subdecision",
    "The same, for pages that were written when a decision could not stand in itself.",
    _ATTRIBUTES,
    decides=_decides,
)
