"""MM_Product_Data: about something that is for sale. Prices are for everybody, or nobody would buy."""

from __future__ import annotations

from collections.abc import Callable

from shortcodes.facts import Facts, ProductFacts
from shortcodes.tags.amounts import DO_FORMAT, amount
from shortcodes.tags.tag import Attribute, Given, Tag, Value

Told = Callable[[ProductFacts], str]


def _price(given: Given) -> Told:
    printed = amount(given)
    return lambda product: printed(product.price)


def _as_text(read: Told) -> Callable[[Given], Told]:
    return lambda _given: read


def _duration(product: ProductFacts) -> str:
    return "" if product.rebill_duration is None else str(product.rebill_duration)


_FIELDS: dict[str, Callable[[Given], Told]] = {
    "name": _as_text(lambda product: product.name),
    "description": _as_text(lambda product: product.description),
    "billingDescription": _as_text(lambda product: product.billing_description),
    "price": _price,
    "isSubscription": _as_text(lambda product: "true" if product.is_subscription else ""),
    "rebillDuration": _as_text(_duration),
    "rebillFrequency": _as_text(lambda product: product.rebill_frequency),
}
_BY_NAME = {name.lower(): make for name, make in _FIELDS.items()}


def _data(given: Given) -> Value:
    make: Callable[[Given], Told] | None = given.choice("name", _BY_NAME)
    wanted = given.product("id")
    if make is None:
        return lambda _facts: ""
    told = make(given)

    def value(facts: Facts) -> str:
        product = facts.product(wanted)
        may_know = product is not None and (product.is_listed or facts.trusts_author())
        return told(product) if product is not None and may_know else ""

    return value


PRODUCT_DATA = Tag(
    "MM_Product_Data",
    "Prints something about a product, to everybody: `billingDescription` is all that is paid, in words; `rebillDuration` and"
    " `rebillFrequency` are the 3 and the months of what renews every 3 months; `isSubscription` is `true` or nothing, so that code"
    " can ask by it.",
    (
        Attribute("name", "what to print", tuple(_FIELDS)),
        Attribute(
            "id",
            "the product's number, name or reference; default: the reference after `?rid=` in the page's address, and on a"
            " confirmation page what was bought",
        ),
        DO_FORMAT,
    ),
    prints=_data,
)
