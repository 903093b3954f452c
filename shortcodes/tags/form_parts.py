"""The parts of a form: what stands between `[MM_Form type='…']` and `[/MM_Form]`."""

from __future__ import annotations

import re
from collections.abc import Callable

from shortcodes.attributes import parse_attributes
from shortcodes.facts import Facts, FieldWish, FormFacts
from shortcodes.tags.tag import Attribute, Condition, Given, Tag, Value

_SHIPPING = ("shippingAddress", "shippingCity", "shippingState", "shippingZipCode", "shippingCountry")
_BILLING = ("billingAddress", "billingCity", "billingState", "billingZipCode", "billingCountry")
FIELDS = (
    "firstName", "lastName", "email", "username", "password", "password-confirm", "rememberMe", "phone", *_BILLING,
    "couponCode", "ccNumber",
)  # fmt: skip
DATA_NAMES = (
    "productName", "productDescription", "productPrice", "productPriceDescription", "discount", "totalPrice", "total", "couponCode",
    "firstName", "lastName", "email", "username", "phone", "registrationDate", "membershipLevelName", *_BILLING,
    "customFields", "subscriptions", "orderHistory",
)  # fmt: skip
MESSAGES = ("error", "success", "couponError", "couponSuccess")
ACTS = ("submit", "applyCoupon", "updateAccountDetails", "updateBillingInfo", "cancelMembership")
SECTIONS = ("accountInfo", "billingInfo", "coupon")

_NOT_YET_FIELDS = frozenset(
    name.lower()
    for name in (
        *_SHIPPING,
        "shippingMethod",
        "shippingSameAsBilling",
        "gift",
        "giftNote",
        "giftRecipientEmail",
        "captcha",
    )
)
_OF_THE_CARD = frozenset({"ccsecuritycode", "ccexpirationdate"})
_NOT_YET_DATA = frozenset(name.lower() for name in (*_SHIPPING, "shippingPrice", "gifts", "socialLogin"))
_NOT_YET_ACTS = frozenset({"updateshippinginfo", "vieworderhistory", "viewgifthistory", "paypal"})
_NOT_YET_SECTIONS = frozenset({"shippinginfo", "shippingaddress", "giftinfo", "gifts", "sociallogin"})
_KINDS = {"input": False, "hidden": True, "custom": False, "custom-hidden": True}
"""Of a field: whether nobody sees it."""
_LOOK = re.compile(r"[A-Za-z0-9_ -]{0,200}")
_HARMLESS = re.compile(
    r"placeholder|title|id|autocomplete|inputmode|maxlength|minlength|size|spellcheck|tabindex|aria-[a-z]{1,30}"
)
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,100}")
_NOT_OFFERED = "{name} “{value}” is not offered yet; it prints nothing."


def _of_form(read: Callable[[FormFacts], str]) -> Value:
    """Asks the form that is being printed; a part that stands in none prints nothing."""

    def value(facts: Facts) -> str:
        form = facts.open_form()
        return "" if form is None else read(form)

    return value


def _nothing(_facts: Facts) -> str:
    return ""


def _named(given: Given, attribute: str, names: tuple[str, ...], not_yet: frozenset[str]) -> str | None:
    """The one of `names` that the attribute says; None, reported, for any other."""
    wanted = (given.get(attribute) or "").strip()
    if wanted.lower() in not_yet:
        given.report(_NOT_OFFERED, name=attribute, value=wanted)
        return None
    found: str | None = given.choice(attribute, {name.lower(): name for name in names})
    return found


# --- fields -----------------------------------------------------------------------------------------------------------


def _field(given: Given) -> Value:
    kind = (given.get("type") or "input").strip().lower()
    if kind not in _KINDS:
        given.choice("type", dict.fromkeys(_KINDS, ""))
        return _nothing
    name, custom = "", None
    if kind.startswith("custom"):
        custom = given.id("id", given.get("id") or "")
        if custom is None:
            return _nothing
        given.mention("field", custom)
    else:
        name = _field_name(given)
        if not name:
            return _nothing
    wish = FieldWish(
        name=name,
        custom=custom,
        is_hidden=_KINDS[kind],
        is_required=None if given.get("isRequired") is None else given.is_true("isRequired", default=True),
        label=(given.get("label") or "").strip(),
        look=_look(given, "class"),
        attributes=_more_attributes(given),
    )
    return _of_form(lambda form: form.field(wish))


def _field_name(given: Given) -> str:
    wanted = (given.get("name") or "").strip()
    if wanted.lower() in _OF_THE_CARD:
        sentence = "The card's own fields, which stand in the place of ccNumber, ask for this too; “{value}” prints nothing."
        given.report(sentence, value=wanted)
        return ""
    return _named(given, "name", FIELDS, _NOT_YET_FIELDS) or ""


def _look(given: Given, attribute: str) -> str:
    """Class names."""
    look = (given.get(attribute) or "").strip()
    if _LOOK.fullmatch(look):
        return " ".join(look.split())
    given.report("{name} cannot be “{value}”.", name=attribute, value=look)
    return ""


def _more_attributes(given: Given) -> tuple[tuple[str, str], ...]:
    """What `customAttributes` says, as far as it does no harm."""
    kept = {}
    for name, value in parse_attributes(given.get("customAttributes") or "").items():
        word = str(name)
        is_fine = _HARMLESS.fullmatch(word) and (word != "id" or _IDENTIFIER.fullmatch(value))
        if is_fine:
            kept[word] = value
        else:
            given.report(
                "customAttributes cannot hold “{value}”.", value=value if isinstance(name, int) else word
            )
    return tuple(kept.items())


FIELD = Tag(
    "MM_Form_Field",
    "A field of the form that it stands in; what the form does not have prints nothing. Of a signed-in buyer's name and address"
    " a checkout shows what is known. `ccNumber` is the place of the card's own fields, which ask for everything.",
    (
        Attribute("type", "what kind of field; default `input`", tuple(_KINDS)),
        Attribute("name", "what is filled in", FIELDS),
        Attribute(
            "id",
            "for `custom` and `custom-hidden`: the number of the owner's field; a hidden one takes `?cf_#=` of the page's address",
        ),
        Attribute("label", "words beside it; default none, but for `rememberMe`"),
        Attribute(
            "isRequired",
            "whether it must be filled in; default: whether the form needs it",
            ("true", "false"),
        ),
        Attribute("class", "its classes"),
        Attribute(
            "customAttributes", 'more attributes, such as `placeholder="First name"`; only harmless ones'
        ),
    ),
    prints=_field,
    is_markup=True,
    is_part=True,
)


# --- what a form shows ------------------------------------------------------------------------------------------------


def _data_name(given: Given) -> str | None:
    name = _named(given, "name", DATA_NAMES, _NOT_YET_DATA)
    if name == "productName" and given.is_true("useAccessName", default=False):
        return "accessName"
    return "totalPrice" if name == "total" else name


def _data(given: Given) -> Value:
    name = _data_name(given)
    return _nothing if name is None else _of_form(lambda form: form.data(name))


def _plain_data(given: Given) -> Value:
    name = _data_name(given)
    return _nothing if name is None else _of_form(lambda form: form.plain_data(name))


DATA = Tag(
    "MM_Form_Data",
    "Prints something that the form is about: what is bought and what it costs, which follows a coupon; or what the account says.",
    (
        Attribute("name", "what to print", DATA_NAMES),
        Attribute(
            "useAccessName", "`true`: in place of the product's name that of what it opens", ("true", "false")
        ),
    ),
    prints=_data,
    prints_plainly=_plain_data,
    is_markup=True,
    is_part=True,
    is_personal=True,
)


def _message(given: Given) -> Value:
    kind: str | None = given.choice("type", {name.lower(): name for name in MESSAGES})
    return _nothing if kind is None else _of_form(lambda form: form.message(kind))


MESSAGE = Tag(
    "MM_Form_Message",
    "Where the form says what is wrong, or what was done. Left out, it does so at its end.",
    (Attribute("type", "which message", MESSAGES),),
    prints=_message,
    is_markup=True,
    is_part=True,
)


def _act(given: Given) -> str | None:
    wanted = (given.get("type") or "submit").strip().lower()
    if wanted in {"all", "login", "submit"}:
        return "submit"
    return _named(given, "type", ACTS, _NOT_YET_ACTS)


def _button(given: Given) -> Value:
    act, label = _act(given), (given.get("label") or "").strip()
    look = " ".join(filter(None, ("mm-button", _look(given, "color"), _look(given, "class"))))
    return _nothing if act is None else _of_form(lambda form: form.button(act, label, look))


def _button_url(given: Given) -> Value:
    act = _act(given)
    return _nothing if act is None else _of_form(lambda form: form.act_url(act))


BUTTON = Tag(
    "MM_Form_Button",
    "A button of the form; in a link's `href` the address that does the same. `all` and `login` are `submit`.",
    (
        Attribute("type", "what it does; default `submit`", (*ACTS, "all", "login")),
        Attribute("label", "what is written on it"),
        Attribute("color", "one more class, beside `mm-button`"),
        Attribute("class", "its classes"),
    ),
    prints=_button,
    prints_plainly=_button_url,
    is_markup=True,
    is_part=True,
)


# --- sections ---------------------------------------------------------------------------------------------------------


def _section(given: Given) -> Condition:
    kind = _named(given, "type", SECTIONS, _NOT_YET_SECTIONS)

    def holds(facts: Facts) -> bool:
        form = facts.open_form()
        return kind is not None and form is not None and form.has_section(kind)

    return holds


_SECTION_TYPE = (
    Attribute(
        "type",
        "whose part of the form: who he is, how he pays, the coupon; hidden where this viewer has nothing to fill in there",
        SECTIONS,
    ),
)
SECTION = Tag(
    "MM_Form_Section",
    "Shows its content where this viewer has something to fill in there; nothing of shipping and gifts, which are not offered yet.",
    _SECTION_TYPE,
    decides=_section,
    is_part=True,
)
SUBSECTION = Tag(
    "MM_Form_Subsection", "The same within a section.", _SECTION_TYPE, decides=_section, is_part=True
)
