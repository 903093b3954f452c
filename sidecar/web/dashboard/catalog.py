"""What is sold and given: products, levels, bundles, coupons, and the rules of who may see what."""

from __future__ import annotations

from flask import redirect, render_template
from werkzeug.wrappers import Response

from sidecar.access.rules import Audience, Rule, TargetKind
from sidecar.catalog.coupons import Coupon, CouponKind, CouponScope
from sidecar.catalog.making import archive_coupon, archive_product
from sidecar.catalog.rules import TERM_NAMES, Grant, Product
from sidecar.catalog.store import (
    get_coupon,
    get_product,
    list_bundles,
    list_coupons,
    list_levels,
    list_products,
)
from sidecar.catalog.store_fields import list_fields
from sidecar.db import reading
from sidecar.i18n import _
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import frame, person, screen, words
from sidecar.web.dashboard.exporting import csv_piece
from sidecar.web.dashboard.place import link
from sidecar.written import from_ppm


@screen("/catalog", Right.SEE_CATALOG)
def catalog() -> str:
    """All of it on one page; an owner has dozens of each."""
    with reading() as reader:
        levels, bundles = list_levels(reader), list_bundles(reader)
        names = {(Grant.LEVEL, one.id): one.name for one in levels} | {
            (Grant.BUNDLE, one.id): one.name for one in bundles
        }
        products = sorted(list_products(reader), key=lambda one: (one.is_archived, one.name))
        fields = list_fields(reader)
        coupons = sorted(list_coupons(reader), key=lambda one: (one.is_archived, one.code))
    return render_template(
        "dashboard/catalog.html",
        levels=levels,
        bundles=bundles,
        fields=fields,
        products=[(one, names.get((one.grant, one.grant_id), ""), price_words(one)) for one in products],
        product_names={one.id: one.name for one in products},
        coupons=[(one, coupon_words(one)) for one in coupons],
    )


def price_words(product: Product) -> str:
    """What it costs and how often, with its trial, in one line."""
    say, terms = words(), product.terms
    if not terms.price_minor and not terms.trial_price_minor:
        return _("free")
    text = f"{say.money(terms.price_minor, terms.currency)} {say.rhythm(terms.every, terms.unit)}"
    if terms.payments is not None:
        text = _("{price}, {count} times").format(price=text, count=terms.payments)
    if terms.trial_days is None:
        return text
    trial = say.money(terms.trial_price_minor, terms.currency) if terms.trial_price_minor else _("free")
    return _("{price}; first {days} days on trial ({trial})").format(
        price=text, days=terms.trial_days, trial=trial
    )


def coupon_words(coupon: Coupon) -> str:
    """What it takes off."""
    say = words()
    if coupon.kind is CouponKind.FREE:
        off = _("free")
    elif coupon.kind is CouponKind.PERCENT:
        off = say.share(coupon.percent_ppm, 1_000_000)
    else:
        off = say.money(coupon.amount_minor, coupon.currency or "USD")
    return (
        _("{off} off the first payment").format(off=off)
        if coupon.scope is CouponScope.FIRST
        else _("{off} off every payment").format(off=off)
    )


def target_words(rule: Rule, titles: dict[tuple[str, int], str]) -> str:
    """What a rule protects."""
    if rule.target_kind is TargetKind.POST:
        return titles.get(("post", int(rule.target)), f"#{rule.target}")
    if rule.target_kind is TargetKind.URL:
        return rule.target
    if rule.target_kind is TargetKind.TYPE:
        return _("everything of type “{type}”").format(type=rule.target)
    return titles.get(("term", int(rule.target)), f"#{rule.target}")


def audience_words(rule: Rule, names: dict[tuple[Grant, int], str]) -> str:
    """Whom it lets in, and from when on."""
    if rule.audience is Audience.EVERYONE:
        who = _("everybody")
    elif rule.audience is Audience.MEMBERS:
        who = _("every member")
    else:
        grants = ((names.get((one.grant, one.grant_id), "?"), one.from_day) for one in rule.grants)
        who = _(" or ").join(
            _("{name} from day {number}").format(name=name, number=day) if day else name
            for name, day in grants
        )
    if rule.opens_on is None:
        return who
    return _("{who}, not before {date}").format(who=who, date=words().day(rule.opens_on))


@screen("/catalog/products.csv", Right.SEE_CATALOG)
def products_csv() -> Response:
    """All products as a file, with their terms as they are kept."""
    with reading() as reader:
        names = {(Grant.LEVEL, one.id): one.name for one in list_levels(reader)}
        names |= {(Grant.BUNDLE, one.id): one.name for one in list_bundles(reader)}
        products = list_products(reader)
    terms = sorted(TERM_NAMES)
    heads = ("id", "name", "reference", "gives", "grant", *terms, "is_hidden", "is_archived")
    rows = (
        (
            one.id, one.name, one.reference, one.grant, names.get((one.grant, one.grant_id), ""),
            *(_plain(getattr(one.terms, name)) for name in terms), int(one.is_hidden), int(one.is_archived),
        )
        for one in products
    )  # fmt: skip
    return csv_piece("products", heads, rows, None, by=person().by)


@screen("/catalog/coupons.csv", Right.SEE_CATALOG)
def coupons_csv() -> Response:
    """All coupons as a file."""
    with reading() as reader:
        coupons, names = list_coupons(reader), {one.id: one.name for one in list_products(reader)}
    heads = (
        "id", "code", "kind", "percent", "amount_minor", "currency", "scope", "from", "until", "quantity", "used", "products",
        "is_archived",
    )  # fmt: skip
    zone = frame().zone
    rows = (
        (
            one.id, one.code, one.kind, from_ppm(one.percent_ppm), one.amount_minor, one.currency or "", one.scope,
            *(at.astimezone(zone).date() if at else "" for at in (one.starts_at, one.ends_at)), _plain(one.quantity), one.used,
            "; ".join(names.get(number, str(number)) for number in sorted(one.product_ids)), int(one.is_archived),
        )
        for one in coupons
    )  # fmt: skip
    return csv_piece("coupons", heads, rows, None, by=person().by)


def _plain(value: object) -> object:
    return "" if value is None else int(value) if isinstance(value, bool) else value


@screen("/catalog/products/<int:product_id>/archive", Right.CHANGE_CATALOG, methods=("POST",))
def archive_a_product(product_id: int) -> Response:
    """No longer for sale; its orders go on."""
    with reading() as reader:
        found = get_product(reader, product_id)
    archive_product(found.id, now=frame().now, by=person().by)
    return redirect(link("catalog", said="archived"), 303)


@screen("/catalog/coupons/<int:coupon_id>/archive", Right.CHANGE_CATALOG, methods=("POST",))
def archive_a_coupon(coupon_id: int) -> Response:
    """Nobody can use it any more; what it was used for keeps its discount."""
    with reading() as reader:
        found = get_coupon(reader, coupon_id)
    archive_coupon(found.code, now=frame().now, by=person().by)
    return redirect(link("catalog", said="archived"), 303)
