"""Levels, bundles, products."""

from __future__ import annotations

from typing import Any

import click

from sidecar.catalog.making import (
    archive_product,
    choose_default_level,
    make_bundle,
    make_level,
    make_product,
)
from sidecar.catalog.rules import UNITS, Grant, PlanEnd, Product, ProductKind, Terms
from sidecar.catalog.store import (
    get_bundle,
    get_level,
    get_product,
    list_bundles,
    list_levels,
    list_products,
)
from sidecar.commands.speaking import N_, Group, named, now, option, say, say_table, who, with_service
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import _, ngettext
from sidecar.service import Service
from sidecar.written import from_minor, to_minor, to_ppm

_ROLE_HELP = N_("A WordPress role for its holders; it must be among access.assignable_roles.")
_KEEPS_HELP = N_("Holders keep access while a payment is overdue.")
_DEFAULT_HELP = N_("Buyers of a bundle who have no level get this one; it must be free.")


@click.group(cls=Group, help=N_("Membership levels."))
def level() -> None:
    pass


@level.command("add", help=N_("Make a level."))
@click.argument("name")
@option("--free", is_flag=True, help=N_("It costs nothing."))
@option("--role", default="", help=_ROLE_HELP)
@option("--keeps-access-overdue", "keeps", is_flag=True, help=_KEEPS_HELP)
@option("--default", "is_default", is_flag=True, help=_DEFAULT_HELP)
@with_service
def add_level(service: Service, name: str, free: bool, role: str, keeps: bool, is_default: bool) -> None:
    roles = service.config.access.assignable_roles
    made = make_level(
        name, now=now(), is_free=free, role=role, assignable=roles, keeps_access_overdue=keeps, is_default=is_default, by=who(),
    )  # fmt: skip
    say(_("Level {id} was made: {name}").format(id=made, name=name))


@level.command("default", help=_DEFAULT_HELP)
@click.argument("name")
@with_service
def choose_default(_service: Service, name: str) -> None:
    found = named(get_level, name)
    choose_default_level(found.id)
    say(_("{level} is now the default level.").format(level=found.name))


@level.command("list", help=N_("Print all levels."))
@with_service
def show_levels(_service: Service) -> None:
    with reading() as reader:
        rows = [
            (one.id, one.name, _("free") if one.is_free else "", one.role, _("default") if one.is_default else "")
            for one in list_levels(reader)
        ]  # fmt: skip
    say_table((_("id"), _("level"), "", _("role"), ""), rows)


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
    made = make_bundle(name, now=now(), role=role, assignable=roles, keeps_access_overdue=keeps, by=who())
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
@option("--trial-days", type=int, help=N_("A trial of so many days comes before the first full price."))
@option("--trial-price", help=N_("What the trial costs; without it the trial is free."))
@option("--alternate", help=N_("The product that a buyer gets who has had a trial before."))
@option("--retry-days", help=N_("Retries after a renewal failed, such as 2,5,7; else as the site says."))
@option(
    "--keeps-access-overdue/--no-keeps-access-overdue",
    default=None,
    help=N_("Access while a payment is overdue; else as the level, bundle or site says."),
)
@option(
    "--plan-end",
    type=click.Choice([str(end) for end in PlanEnd]),
    help=N_("Access after the last payment of a plan: it stays (keep) or ends (end)."),
)
@option("--tax", default="0", help=N_("Percent of tax inside the price, such as 20."))
@option("--country", default="", help=N_("Whose tax it is: two letters, such as FR."))
@option("--access-days", type=int, help=N_("What is paid once or is free gives access for so many days."))
@option("--description", default="", help=N_("What buyers read about it."))
@option("--hidden", is_flag=True, help=N_("It is not listed; who has its link can buy it."))
@with_service
def add_product(
    _service: Service, name: str, level_name: str | None, bundle_name: str | None, alternate: str | None,
    description: str, hidden: bool, **terms: Any,
) -> None:  # fmt: skip
    grant, grant_id = _granted(level_name, bundle_name)
    alternate_id = None if alternate is None else named(get_product, alternate).id
    made = make_product(
        name, _terms(**terms), grant, grant_id, now=now(), description=description, is_hidden=hidden,
        alternate_product_id=alternate_id, by=who(),
    )  # fmt: skip
    say(_("Product {id} was made: {name}").format(id=made, name=name))


def _terms(
    *,
    kind: str,
    price: str,
    currency: str,
    trial_price: str | None,
    plan_end: str | None,
    tax: str,
    country: str,
    **as_given: Any,
) -> Terms:
    """The terms in the options; those in `as_given` are called as their fields are."""
    currency = currency.upper()
    if trial_price is None and as_given["trial_days"] is not None:
        trial_price = "0"
    return Terms(
        kind=ProductKind(kind),
        price_minor=to_minor(price, currency),
        currency=currency,
        trial_price_minor=None if trial_price is None else to_minor(trial_price, currency),
        plan_end=None if plan_end is None else PlanEnd(plan_end),
        tax_ppm=to_ppm(tax),
        tax_country=country.upper(),
        **as_given,
    )


def _granted(level_name: str | None, bundle_name: str | None) -> tuple[Grant, int]:
    if level_name is not None and bundle_name is None:
        return Grant.LEVEL, named(get_level, level_name).id
    if bundle_name is not None and level_name is None:
        return Grant.BUNDLE, named(get_bundle, bundle_name).id
    raise Refused(_("A product gives one level (--level) or one bundle (--bundle)."))


@product.command("archive", help=N_("Take a product off sale; orders go on. It cannot come back."))
@click.argument("name")
@with_service
def end_product(_service: Service, name: str) -> None:
    found = named(get_product, name)
    archive_product(found.id, now=now(), by=who())
    say(_("{product} is no longer for sale.").format(product=found.name))


@product.command("list", help=N_("Print all products."))
@with_service
def show_products(_service: Service) -> None:
    with reading() as reader:
        names = {(Grant.LEVEL, one.id): one.name for one in list_levels(reader)}
        names |= {(Grant.BUNDLE, one.id): one.name for one in list_bundles(reader)}
        rows = [_row(one, names[one.grant, one.grant_id]) for one in list_products(reader)]
    heads = (_("id"), _("product"), _("gives"), _("kind"), _("price"), "", _("every"), _("trial"))
    say_table((*heads, _("reference"), ""), rows)


def _row(product: Product, gives: str) -> tuple[object, ...]:
    terms = product.terms
    return (
        product.id, product.name, gives, terms.kind, from_minor(terms.price_minor, terms.currency), terms.currency,
        f"{terms.every} {terms.unit}" if terms.renews else "", _trial(terms), product.reference, _state(product),
    )  # fmt: skip


def _trial(terms: Terms) -> str:
    if terms.trial_days is None:
        return ""
    length = ngettext("{days} day", "{days} days", terms.trial_days).format(days=terms.trial_days)
    return f"{length}, {from_minor(terms.trial_price_minor or 0, terms.currency)}"


def _state(product: Product) -> str:
    if product.is_archived:
        return _("archived")
    return _("hidden") if product.is_hidden else ""
