"""Levels, bundles, products."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import click
from babel.numbers import get_currency_precision

from sidecar.catalog.making import make_bundle, make_level, make_product
from sidecar.catalog.rules import UNITS, Grant, ProductKind, Terms
from sidecar.catalog.store import get_bundle, get_level, list_bundles, list_levels, list_products
from sidecar.commands.speaking import N_, Group, named, now, option, say, say_table, with_service
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.service import Service

_ROLE_HELP = N_("A WordPress role for its holders; it must be among access.assignable_roles.")
_KEEPS_HELP = N_("Holders keep access while a payment is overdue.")


@click.group(cls=Group, help=N_("Membership levels."))
def level() -> None:
    pass


@level.command("add", help=N_("Make a level."))
@click.argument("name")
@option("--free", is_flag=True, help=N_("It costs nothing."))
@option("--role", default="", help=_ROLE_HELP)
@option("--keeps-access-overdue", "keeps", is_flag=True, help=_KEEPS_HELP)
@with_service
def add_level(service: Service, name: str, free: bool, role: str, keeps: bool) -> None:
    roles = service.config.access.assignable_roles
    made = make_level(name, now=now(), is_free=free, role=role, assignable=roles, keeps_access_overdue=keeps)
    say(_("Level {id} was made: {name}").format(id=made, name=name))


@level.command("list", help=N_("Print all levels."))
@with_service
def show_levels(_service: Service) -> None:
    with reading() as reader:
        rows = [(one.id, one.name, _("free") if one.is_free else "", one.role) for one in list_levels(reader)]
    say_table((_("id"), _("level"), "", _("role")), rows)


@click.group(cls=Group, help=N_("Bundles: add-ons to a level."))
def bundle() -> None:
    pass


@bundle.command("add", help=N_("Make a bundle."))
@click.argument("name")
@option("--role", default="", help=_ROLE_HELP)
@option("--keeps-access-overdue", "keeps", is_flag=True, help=_KEEPS_HELP)
@with_service
def add_bundle(service: Service, name: str, role: str, keeps: bool) -> None:
    roles = service.config.access.assignable_roles
    made = make_bundle(name, now=now(), role=role, assignable=roles, keeps_access_overdue=keeps)
    say(_("Bundle {id} was made: {name}").format(id=made, name=name))


@bundle.command("list", help=N_("Print all bundles."))
@with_service
def show_bundles(_service: Service) -> None:
    with reading() as reader:
        rows = [(one.id, one.name, one.role) for one in list_bundles(reader)]
    say_table((_("id"), _("bundle"), _("role")), rows)


@click.group(cls=Group, help=N_("Products: a price for one level or bundle."))
def product() -> None:
    pass


@product.command("add", help=N_("Make a product: a price for one level (--level) or bundle (--bundle)."))
@click.argument("name")
@option("--level", "level_name", help=N_("The level it gives, by name or id."))
@option("--bundle", "bundle_name", help=N_("The bundle it gives, by name or id."))
@option(
    "--kind",
    type=click.Choice([str(kind) for kind in ProductKind]),
    default="subscription",
    show_default=True,
    help=N_("How it is paid."),
)
@option("--price", default="0", help=N_("In whole units with decimals, such as 19.00."))
@option("--currency", default="USD", show_default=True, help=N_("Three letters, such as EUR."))
@option("--every", type=int, help=N_("Renews every so many units."))
@option("--unit", type=click.Choice(UNITS), help=N_("The unit of --every."))
@option("--payments", type=int, help=N_("How many payments a payment plan has."))
@with_service
def add_product(
    _service: Service, name: str, level_name: str | None, bundle_name: str | None, kind: str, price: str, currency: str,
    every: int | None, unit: str | None, payments: int | None,
) -> None:  # fmt: skip
    terms = Terms(
        ProductKind(kind), to_minor(price, currency.upper()), currency.upper(), every, unit, payments
    )
    grant, grant_id = _granted(level_name, bundle_name)
    made = make_product(name, terms, grant, grant_id, now=now())
    say(_("Product {id} was made: {name}").format(id=made, name=name))


def _granted(level_name: str | None, bundle_name: str | None) -> tuple[Grant, int]:
    if level_name is not None and bundle_name is None:
        return Grant.LEVEL, named(get_level, level_name).id
    if bundle_name is not None and level_name is None:
        return Grant.BUNDLE, named(get_bundle, bundle_name).id
    raise Refused(_("A product gives one level (--level) or one bundle (--bundle)."))


@product.command("list", help=N_("Print all products."))
@with_service
def show_products(_service: Service) -> None:
    with reading() as reader:
        rows = [
            (
                row.id,
                row.name,
                row.grant_name,
                row.kind,
                from_minor(row.price_minor, row.currency),
                row.currency,
                _period(row.every, row.unit),
            )
            for row in list_products(reader)
        ]
    say_table((_("id"), _("product"), _("gives"), _("kind"), _("price"), "", _("every")), rows)


def _period(every: int | None, unit: str | None) -> str:
    return f"{every} {unit}" if every and unit else ""


def to_minor(price: str, currency: str) -> int:
    """A price as an owner writes it, in the currency's minor unit, which has as many decimals as Unicode's CLDR says.

    Nothing is rounded: more decimals than the currency has are refused, and so is what is no finite number.

    >>> to_minor("19.00", "EUR"), to_minor("19", "JPY"), to_minor("0.5", "KWD")
    (1900, 19, 500)
    >>> to_minor("19.005", "EUR")
    Traceback (most recent call last):
        ...
    sidecar.errors.Refused: a price in EUR is a number with at most 2 decimals, such as 19.00
    """
    decimals = get_currency_precision(currency)
    try:
        minor = Decimal(price).scaleb(decimals)
        if minor.is_finite() and minor == minor.to_integral_value():
            return int(minor)
    except InvalidOperation:
        pass
    sentence = _("a price in {currency} is a number with at most {decimals} decimals, such as {example}")
    raise Refused(
        sentence.format(currency=currency, decimals=decimals, example=from_minor(19 * 10**decimals, currency))
    )


def from_minor(minor: int, currency: str) -> str:
    """
    >>> from_minor(1900, "EUR"), from_minor(19, "JPY")
    ('19.00', '19')
    """
    return str(Decimal(minor).scaleb(-get_currency_precision(currency)))
