"""Orders, one by one: what was bought, what was paid, and what a support person does about it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, tzinfo

import click
from sqlalchemy.orm import Session

from sidecar.access.rules import local_midnight
from sidecar.billing import changing, store, store_returns
from sidecar.billing.checking import unpark
from sidecar.billing.desk import Desk
from sidecar.billing.ordering import Buyer
from sidecar.billing.returning import refund as give_back
from sidecar.billing.rules import Order
from sidecar.billing.switching import change_product
from sidecar.catalog.store import find_product
from sidecar.commands.billing import moment, say_pairs
from sidecar.commands.finding import find_wordpress_user
from sidecar.commands.speaking import N_, Group, option, say, say_table, who, with_service
from sidecar.db import reading
from sidecar.errors import NotFound
from sidecar.i18n import _
from sidecar.members.store import get_member
from sidecar.service import Service
from sidecar.wordpress.options import get_site
from sidecar.wordpress.users import find_user
from sidecar.written import from_minor, to_minor

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=Group, help=N_("Orders, by the first four characters of their number or more."))
def order() -> None:
    pass


# --- looking --------------------------------------------------------------------------------------------------------


@order.command("list", help=N_("Print a member's orders."))
@click.argument("login")
@with_service
def show_all(service: Service, login: str) -> None:
    with reading() as reader:
        zone = get_site(reader, service.tables).zone
        member = get_member(reader, find_wordpress_user(reader, service.tables, login).id)
        rows = [_row(reader, one, zone) for one in store.list_orders(reader, member.id)]
    say_table((_("order"), _("product"), _("status"), _("price"), _("ordered"), _("next payment")), rows)


def _row(reader: Session, one: Order, zone: tzinfo) -> tuple[object, ...]:
    return (
        one.uuid[:8], _product_name(reader, one), _status(one), _price(one), moment(one.ordered_at, zone),
        moment(one.next_due_at, zone),
    )  # fmt: skip


def _product_name(reader: Session, one: Order) -> str:
    product = find_product(reader, one.product_id)
    return product.name if product is not None else str(one.product_id)


def _status(one: Order) -> str:
    return str(one.status) if one.held is None else f"{one.status}, {one.held}"


def _price(one: Order) -> str:
    return _money(one.price_of(one.next_cycle).gross_minor, one.currency)


def _money(minor: int, currency: str) -> str:
    return f"{from_minor(minor, currency)} {currency}"


@order.command("show", help=N_("Print one order: its dates, what it owes, each try to collect it, refunds."))
@click.argument("number")
@with_service
def show(service: Service, number: str) -> None:
    with reading() as reader:
        zone = get_site(reader, service.tables).zone
        one = store.get_order(reader, number)
        user = find_user(reader, service.tables, store.get_user_id(reader, one.member_id))
        say(f"{one.uuid}  {_product_name(reader, one)}  {user.login if user else '-'}")
        say_pairs(_dates(one, zone))
        _say_payments(reader, one, zone)


def _dates(one: Order, zone: tzinfo) -> list[tuple[str, object]]:
    return [
        (_("status"), _status(one)),
        (_("price"), _price(one)),
        (_("paid by"), one.gateway),
        (_("ordered"), moment(one.ordered_at, zone)),
        (_("paid until"), moment(one.paid_until_at, zone)),
        (_("next payment"), moment(one.next_due_at, zone)),
        (_("next look"), moment(one.wake_at, zone)),
        *([(_("first failed"), moment(one.first_failed_at, zone))] if one.first_failed_at else []),
        *([(_("ended"), f"{moment(one.ended_at, zone)} ({one.ended_for})")] if one.ended_at else []),
    ]


def _say_payments(reader: Session, one: Order, zone: tzinfo) -> None:
    paid = {row.receivable_id: row.source for row in store.list_settlements(reader, one.id)}
    say("")
    say_table(
        (_("cycle"), _("due"), _("amount"), _("status"), _("paid by"), _("at the gateway")),
        [
            (owed.cycle, moment(owed.due_at, zone), _money(owed.gross_minor, owed.currency), owed.status,
             paid.get(owed.id, ""), owed.intent_id or "-")
            for owed in store.list_receivables(reader, one.id)
        ],
    )  # fmt: skip
    tries = store.list_attempts(reader, one.id)
    if tries:
        say("")
        heads = (_("try"), _("when"), _("who"), _("status"), _("declined for"))
        say_table(
            heads,
            [(a.number, moment(a.started_at, zone), a.origin, a.status, a.decline or "") for a in tries],
        )
    for row in store_returns.list_refunds(reader, one.id):
        sentence = _("refunded: {amount}, {status}, {when}")
        say(
            sentence.format(
                amount=_money(row.amount_minor, row.currency),
                status=row.status,
                when=moment(row.asked_at, zone),
            )
        )


# --- acting ---------------------------------------------------------------------------------------------------------


@order.command("cancel", help=N_("Cancel at the end of what is paid, or now. Gives nothing back."))
@click.argument("number")
@option("--now", "at_once", is_flag=True, help=N_("Access ends now."))
@with_service
def cancel(service: Service, number: str, at_once: bool) -> None:
    _say_state(service, changing.cancel(service.desk, None, number, by=who(), at_once=at_once))


_STEPS: dict[str, tuple[str, Callable[[Desk, str], Order]]] = {
    "keep": (
        N_("Take back a cancellation that has not come into force."),
        lambda desk, number: changing.keep(desk, None, number, by=who()),
    ),
    "pause": (
        N_("Pause: nothing is collected, the days stand still."),
        lambda desk, number: changing.pause(desk, None, number, by=who()),
    ),
    "resume": (
        N_("End a pause; the paid time that was left begins now."),
        lambda desk, number: changing.resume(desk, None, number, by=who()),
    ),
    "skip": (
        N_("Give the next payment for nothing; the rhythm stays."),
        lambda desk, number: changing.skip(desk, number, by=who()),
    ),
}


def _add_step(name: str, text: str, act: Callable[[Desk, str], Order]) -> None:
    """A command that needs nothing but the order."""

    @order.command(name, help=text)
    @click.argument("number")
    @with_service
    def step(service: Service, number: str) -> None:
        _say_state(service, act(service.desk, number))


for _name, (_text, _act) in _STEPS.items():
    _add_step(_name, _text, _act)


@order.command("date", help=N_("Move the next payment to a day; all later ones are counted from it."))
@click.argument("number")
@click.argument("day", type=_DAY)
@with_service
def date(service: Service, number: str, day: datetime) -> None:
    at = local_midnight(day.date(), _zone(service))
    _say_state(service, changing.change_date(service.desk, number, at, by=who()))


@order.command("charge", help=N_("Collect the next payment now, with the card on file."))
@click.argument("number")
@with_service
def charge(service: Service, number: str) -> None:
    outcome = changing.charge_now(service.desk, number, by=who())
    say(_("What came of it: {outcome}").format(outcome=outcome))
    if outcome != "settled":
        raise click.exceptions.Exit(1)


@order.command("paid", help=N_("What is owed was paid by cash, cheque or transfer."))
@click.argument("number")
@option("--note", default="", help=N_("A note for the books."))
@with_service
def paid(service: Service, number: str, note: str) -> None:
    _say_state(service, changing.mark_paid(service.desk, number, by=who(), note=note))


@order.command("waive", help=N_("What is owed need not be paid."))
@click.argument("number")
@option("--note", default="", help=N_("A note for the books."))
@with_service
def waive(service: Service, number: str, note: str) -> None:
    _say_state(service, changing.waive(service.desk, number, by=who(), note=note))


@order.command("missed", help=N_("A cycle that was missed was paid to you by other means."))
@click.argument("number")
@click.argument("cycle", type=int)
@with_service
def missed(service: Service, number: str, cycle: int) -> None:
    _say_state(service, changing.collect_missed(service.desk, number, cycle, by=who()))


@order.command("unpark", help=N_("You have looked at what was wrong: collect this order again."))
@click.argument("number")
@with_service
def release(service: Service, number: str) -> None:
    unpark(service.desk, number)
    say(_("The order is collected again."))


@order.command("refund", help=N_("Give a payment back, the newest and all of it unless you say otherwise."))
@click.argument("number")
@option("--amount", help=N_("This much of it, such as 5.00."))
@option("--cycle", type=int, help=N_("The payment of this cycle."))
@option("--reason", default="", help=N_("Why, for the books."))
@with_service
def refund(service: Service, number: str, amount: str | None, cycle: int | None, reason: str) -> None:
    with reading() as reader:
        currency = store.get_order(reader, number).currency
    minor = None if amount is None else to_minor(amount, currency)
    outcome = give_back(service.desk, number, minor, by=who(), reason=reason, cycle=cycle)
    say(_("The refund: {outcome}").format(outcome=outcome))
    if outcome == "failed":
        raise click.exceptions.Exit(1)


@order.command("change", help=N_("Change to another product; what is unused is set against its price."))
@click.argument("number")
@click.argument("product")
@with_service
def change(service: Service, number: str, product: str) -> None:
    with reading() as reader:
        one = store.get_order(reader, number)
        user_id = store.get_user_id(reader, one.member_id)
        user = find_user(reader, service.tables, user_id)
    if user is None:
        raise NotFound(_("WordPress has no user {name}.").format(name=user_id))
    buyer = Buyer(user_id, user.email, user.display_name)
    begun = change_product(service.desk, buyer, one.uuid, product, secrets.token_hex(16), by=who())
    if begun.mode == "none":
        say(_("The product was changed: order {order}").format(order=begun.order[:8]))
        return
    say(
        _("Order {order} waits for the member to pay the difference in My Account.").format(
            order=begun.order[:8]
        )
    )


def _say_state(service: Service, one: Order) -> None:
    zone = _zone(service)
    sentence = _("Order {order}: {status}, paid until {until}, next payment {due}")
    say(
        sentence.format(
            order=one.uuid[:8],
            status=_status(one),
            until=moment(one.paid_until_at, zone),
            due=moment(one.next_due_at, zone),
        )
    )


def _zone(service: Service) -> tzinfo:
    """The site's."""
    with reading() as reader:
        return get_site(reader, service.tables).zone


COMMANDS = (order,)
