"""MM_Form: the forms that members and buyers fill in."""

from __future__ import annotations

from shortcodes.facts import FormKind
from shortcodes.tags.tag import Attribute, Entrance, Given, Tag, Value

_KINDS: dict[str, FormKind] = {
    "checkout": "checkout", "myaccount": "myaccount", "login": "login", "forgotpassword": "forgotPassword",
    "resetpassword": "resetPassword", "custom": "custom", "cancel": "cancel", "withdraw": "withdraw",
}  # fmt: skip
_NOT_YET = {"1clickpurchase": None}


def _form(given: Given) -> Value:
    kind, product = _kind(given), given.product("productId")
    if kind is None:
        return lambda _facts: ""
    return lambda facts: facts.form(kind, product)


def _encloses(given: Given) -> Entrance | None:
    kind, product = _kind(given), given.product("productId")
    return None if kind is None else lambda facts: facts.enter_form(kind, product)


def _kind(given: Given) -> FormKind | None:
    wanted = (given.get("type") or "").strip()
    if wanted.lower() in _NOT_YET:
        given.report("{name} “{value}” is not offered yet; it prints nothing.", name="type", value=wanted)
        return None
    kind: FormKind | None = given.choice("type", _KINDS)
    return kind


FORM = Tag(
    "MM_Form",
    "A form: the checkout of a product, the member's own account, signing in, a forgotten password and its new one, the owner's"
    " own fields (`custom`), or a cancellation or withdrawal that needs no sign-in. Alone it is a whole form. With `[/MM_Form]` it is a form round what its author has written, with"
    " the parts below; what it cannot do without and has been left out (the terms to accept, the card, the button) comes at the"
    " end. It stands in the text itself, and in no other form; a page with a form is kept by no cache.",
    (
        Attribute("type", "which form", tuple(_KINDS.values())),
        Attribute(
            "productId",
            "for a checkout: the product's number, name or reference (a hidden one only in a text whose author may see the"
            " data of others); default: the reference after `?rid=` in the page's address",
        ),
    ),
    prints=_form,
    encloses=_encloses,
    is_markup=True,
)
