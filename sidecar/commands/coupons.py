"""Coupons."""

from __future__ import annotations

from datetime import datetime, tzinfo

import click

from sidecar.access.rules import local_midnight
from sidecar.catalog.coupons import Coupon, CouponKind, CouponScope, fold_code
from sidecar.catalog.making import archive_coupon, make_coupon
from sidecar.catalog.store import get_product, list_coupons, list_products
from sidecar.commands.speaking import N_, Group, named, now, option, say, say_table, who, with_service
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.service import Service
from sidecar.wordpress.options import get_site
from sidecar.written import from_minor, from_ppm, to_minor, to_ppm

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=Group, help=N_("Coupons: codes that make a price smaller."))
def coupon() -> None:
    pass


@coupon.command("add", help=N_("Make a coupon: --percent, --amount with --currency, or --free."))
@click.argument("code")
@option("--percent", help=N_("Percent off, such as 20."))
@option("--amount", help=N_("This much off, such as 5.00."))
@option("--currency", help=N_("The currency of --amount, such as EUR."))
@option("--free", is_flag=True, help=N_("It makes the payment free."))
@option("--first/--all", "only_first", default=True, help=N_("Off the first payment only, or off every one."))
@option("--from", "from_on", type=_DAY, help=N_("It counts from this day on, in the site's time zone."))
@option(
    "--until",
    "until_on",
    type=_DAY,
    help=N_("It ends at the beginning of this day, in the site's time zone."),
)
@option("--quantity", type=int, help=N_("How often it can be used."))
@option("--product", "products", multiple=True, help=N_("Only for this product; can be repeated."))
@with_service
def add(
    service: Service, code: str, percent: str | None, amount: str | None, currency: str | None, free: bool,
    only_first: bool, from_on: datetime | None, until_on: datetime | None, quantity: int | None,
    products: tuple[str, ...],
) -> None:  # fmt: skip
    zone = _zone(service)
    kind, code = _kind(percent, amount, free), fold_code(code)
    currency = None if currency is None else currency.upper()
    wanted = Coupon(
        0,
        code,
        kind,
        percent_ppm=0 if percent is None else to_ppm(percent),
        amount_minor=0 if amount is None or currency is None else to_minor(amount, currency),
        currency=currency,
        scope=CouponScope.FIRST if only_first else CouponScope.ALL,
        starts_at=None if from_on is None else local_midnight(from_on.date(), zone),
        ends_at=None if until_on is None else local_midnight(until_on.date(), zone),
        quantity=quantity,
        product_ids=frozenset(named(get_product, name).id for name in products),
    )
    made = make_coupon(wanted, now=now(), by=who())
    say(_("Coupon {id} was made: {code}").format(id=made, code=code))


def _kind(percent: str | None, amount: str | None, free: bool) -> CouponKind:
    if sum((percent is not None, amount is not None, free)) != 1:
        raise Refused(_("Say one of --percent, --amount and --free."))
    if free:
        return CouponKind.FREE
    return CouponKind.AMOUNT if percent is None else CouponKind.PERCENT


@coupon.command("list", help=N_("Print all coupons."))
@with_service
def show(service: Service) -> None:
    zone = _zone(service)
    with reading() as reader:
        names = {one.id: one.name for one in list_products(reader)}
        rows = [_row(one, names, zone) for one in list_coupons(reader)]
    heads = (_("id"), _("code"), _("off"), _("payments"), _("from"), _("until"), _("used"), _("products"), "")
    say_table(heads, rows)


def _row(one: Coupon, names: dict[int, str], zone: tzinfo) -> tuple[object, ...]:
    starts, ends = (at.astimezone(zone).date() if at else "" for at in (one.starts_at, one.ends_at))
    used = str(one.used) if one.quantity is None else f"{one.used}/{one.quantity}"
    products = ", ".join(names[product_id] for product_id in sorted(one.product_ids))
    is_archived = _("archived") if one.is_archived else ""
    return one.id, one.code, _off(one), one.scope, starts, ends, used, products, is_archived


def _off(one: Coupon) -> str:
    if one.kind is CouponKind.PERCENT:
        return f"{from_ppm(one.percent_ppm)} %"
    if one.currency is not None:
        return f"{from_minor(one.amount_minor, one.currency)} {one.currency}"
    return _("free")


@coupon.command(
    "archive", help=N_("End a coupon; what it was used for keeps its discount. Its code stays taken.")
)
@click.argument("code")
@with_service
def archive(_service: Service, code: str) -> None:
    archive_coupon(code, now=now(), by=who())
    say(_("The coupon {code} can no longer be used.").format(code=fold_code(code)))


def _zone(service: Service) -> tzinfo:
    """The site's."""
    with reading() as reader:
        return get_site(reader, service.tables).zone
