"""From an installed plugin to the first payment, in one command that asks; and the pages that selling needs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sidecar.app import prepare_state
from sidecar.billing.gateways.gateway import Account
from sidecar.billing.guard import bind_if_new
from sidecar.billing.store_guard import find_lease
from sidecar.catalog.rules import Terms, is_currency
from sidecar.catalog.store import find_product
from sidecar.commands import operating
from sidecar.commands.asking import Asking
from sidecar.commands.choosing_keys import choose_keys, processor_for
from sidecar.commands.speaking import (
    N_,
    Command,
    Here,
    now,
    option,
    say,
    say_finding,
    say_table,
    with_service,
)
from sidecar.db import reading
from sidecar.errors import Misconfigured, Refused
from sidecar.i18n import _
from sidecar.pages.forms.showing import api_of
from sidecar.service import Service
from sidecar.setup.findings import Severity
from sidecar.setup.first_payment import check_checkout, wait_for_checkout, wait_for_payment
from sidecar.setup.keys import PROCESSOR_URL, Keys, ask_account, keep_keys
from sidecar.setup.selling import Goods, ensure_goods, terms_of
from sidecar.setup.site_pages import Page, checkout_url, make_example, make_missing_pages
from sidecar.setup.talking import check_site, push_rules
from sidecar.wordpress.bridge import SiteAddress
from sidecar.wordpress.options import get_site
from sidecar.written import from_minor, to_minor

UNITS = ("day", "week", "month", "year", "once")
WEBHOOK_EVENTS = (
    "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.processing", "payment_intent.canceled",
    "setup_intent.succeeded", "charge.refunded", "refund.updated", "refund.failed", "charge.dispute.created",
    "charge.dispute.updated", "charge.dispute.closed", "payment_method.updated",
    "payment_method.automatically_updated",
)  # fmt: skip
"""What Gatepost understands of Stripe's events."""
_LONGEST_WAIT_SECONDS = 86400.0


@click.command(
    cls=Command,
    help=N_(
        "Take the first payment: asks for Stripe's test keys (or takes the test processor), makes a level, a product, the pages "
        "and an example post, and waits until somebody pays. What is there already stays; can be repeated."
    ),
)
@option(
    "--wp-content", type=click.Path(path_type=Path), help=N_("The site's wp-content folder, for the pairing.")
)
@option(
    "--test-processor",
    is_flag=False,
    flag_value=PROCESSOR_URL,
    help=N_(
        "No account at Stripe: a test processor on this machine, at this address; one is started where none is."
    ),
)
@option("--publishable-key", help=N_("Stripe's publishable key (pk_test_…)."))
@option(
    "--secret-key-file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help=N_(
        "A file with Stripe's secret key; - reads it from standard input. Else it is asked for, or taken from $GATEPOST_STRIPE_SECRET_KEY."
    ),
)
@option("--live", is_flag=True, help=N_("Take live keys, which move real money."))
@option("--level", help=N_("The name of the level that is sold."))
@option("--product", help=N_("The name of the product that sells it."))
@option("--price", help=N_("In whole units with decimals, such as 9.00."))
@option("--currency", help=N_("Three letters, such as EUR."))
@option("--every", type=click.Choice(UNITS), help=N_("How often it is paid."))
@option("--trial-days", type=click.IntRange(0), help=N_("So many days are free before the first payment."))
@option("--example/--no-example", default=None, help=N_("Make an example post that only members can read."))
@option(
    "--yes",
    "-y",
    "takes_defaults",
    is_flag=True,
    help=N_("Ask nothing: what no option says is taken as proposed."),
)
@option("--wait/--no-wait", default=True, show_default=True, help=N_("Wait for the first payment."))
@click.pass_context
def setup(
    ctx: click.Context, /, *, wp_content: Path | None, test_processor: str | None, secret_key_file: Path | None, live: bool,
    takes_defaults: bool, wait: bool, **given: Any,
) -> None:  # fmt: skip
    here: Here = ctx.obj
    since = now()
    asking = Asking(given, takes_proposals=takes_defaults)
    _prepare(ctx, here, wp_content)
    keys = choose_keys(asking, test_processor, secret_key_file, live=live)
    with processor_for(keys, here.config.state_dir):
        account = ask_account(keys)
        say(_("The keys are good: account {account}.").format(account=account.name))
        keep_keys(here.config, here.config_path, keys)
        with Here(here.config_path).at_work() as service:
            _bind(service, account)
            goods, url = _make_everything(service, asking)
            _say_what_to_do(url, keys, goods)
            if wait:
                _wait(service, url, since)
            _say_what_is_next(service, keys)


@click.command(
    cls=Command,
    help=N_(
        "Make the eight pages that selling needs in WordPress, where they are missing: checkout, My Account, confirmation, "
        "login, error, before you go, cancellation, withdrawal. Can be repeated."
    ),
)
@with_service
def pages(service: Service) -> None:
    _say_pages(make_missing_pages(service.tables, _site_of(service), now=now()))
    push_rules(service.config, service.secret or "")


COMMANDS = (setup, pages)


# --- the steps ------------------------------------------------------------------------------------------------------


def _prepare(ctx: click.Context, here: Here, wp_content: Path | None) -> None:
    """Tables and pairing; refuses to go on with a site that does not hear us."""
    prepare_state(here.config)
    ctx.invoke(operating.init)
    secret = here.config.secret()
    if secret is None or check_site(here.config, secret).severity is not Severity.OK:
        ctx.invoke(operating.pair, wp_content=wp_content, new_secret=False)
        secret = here.config.secret() or ""
    finding = check_site(here.config, secret)
    if finding.severity is not Severity.OK:
        raise Refused(
            _("{problem} {advice} Then run “gatepost setup” again.").format(
                problem=finding.sentence, advice=finding.advice
            )
        )


def _bind(service: Service, account: Account) -> None:
    """Bind billing to the account, where it is bound to none. Another one is taken over by `billing adopt`, on purpose."""
    with reading() as reader:
        lease = find_lease(reader)
    if lease is None:
        bind_if_new(service.desk, account)
    elif lease.account != account.name:
        sentence = _(
            "Billing is bound to {bound} still. If these keys are to take over: gatepost billing adopt"
        )
        say(sentence.format(bound=lease.account))


def _make_everything(service: Service, asking: Asking) -> tuple[Goods, str]:
    """Level, product, pages, example; gives what is sold and where."""
    goods = _make_goods(asking)
    site = _site_of(service)
    made = make_missing_pages(service.tables, site, now=now())
    if asking.confirm("example", _("Make an example post that only members can read?")):
        made.append(make_example(service.tables, site, goods.level, now=now()))
    _say_pages(made)
    push_rules(service.config, site.secret)
    checkout = next(page for page in made if page.kind == "checkout")
    return goods, checkout_url(checkout, goods.product)


def _make_goods(asking: Asking) -> Goods:
    level = asking.ask("level", _("What is the level called that you sell?"), _("Member"))
    name = asking.ask("product", _("And the product that sells it?"), _("Membership"))
    with reading() as reader:
        known = find_product(reader, name)
    goods = ensure_goods(level, name, _ask_terms(asking) if known is None else known.terms, now=now())
    made, there = (
        _("{product} was made: {price} {currency}."),
        _("{product} is there already: {price} {currency}."),
    )
    terms = goods.product.terms
    price = from_minor(terms.price_minor, terms.currency)
    sentence = made if goods.is_new else there
    say(sentence.format(product=goods.product.name, price=price, currency=terms.currency))
    return goods


def _ask_terms(asking: Asking) -> Terms:
    currency = str(asking.ask("currency", _("In which currency is it paid?"), "USD")).upper()
    if not is_currency(currency):
        raise Refused(_("{currency} is no currency: three letters, such as EUR.").format(currency=currency))
    price = asking.ask("price", _("What does it cost?"), "9")
    every = asking.ask("every", _("How often is it paid?"), "month", type=click.Choice(UNITS))
    trial_days = asking.given("trial_days") or 0
    if every != "once":
        trial_days = asking.ask("trial_days", _("How many days are free before?"), 0, type=int)
    return terms_of(to_minor(price, currency), currency, every, trial_days)


def _site_of(service: Service) -> SiteAddress:
    if service.secret is None:
        raise Misconfigured(_("There is no secret yet, so nobody could be trusted. Run: gatepost pair"))
    return SiteAddress(service.config.site.url, service.secret)


# --- what is said ---------------------------------------------------------------------------------------------------


def _say_pages(made: list[Page]) -> None:
    rows = [(page.kind, page.post_id, page.url, _("new") if page.is_new else "") for page in made]
    say_table((_("page"), _("id"), _("address"), ""), rows)


def _say_what_to_do(url: str, keys: Keys, goods: Goods) -> None:
    say("")
    say(_("Your checkout for {product}: {url}").format(product=goods.product.name, url=url))
    if not keys.is_live:
        say(
            _(
                "Open it in a private window and pay with the test card 4242 4242 4242 4242, any date to come, any code."
            )
        )


def _wait(service: Service, url: str, since: datetime) -> None:
    """Until somebody has paid, or Ctrl-C: what is made stays made."""
    try:
        finding = check_checkout(url)
        say_finding(finding)
        if finding.severity is not Severity.OK:
            wait_for_checkout(url)
            say(_("The checkout page shows its form."))
        say(_("Waiting for the first payment. Ctrl-C ends the waiting; nothing is lost by it."))
        order = wait_for_payment(service.desk, since, seconds=_LONGEST_WAIT_SECONDS)
    except KeyboardInterrupt:
        say(_("Not waiting any longer."))
        return
    if order is not None:
        say(_("It is there: order {order}. The member has access.").format(order=order.uuid))


def _say_what_is_next(service: Service, keys: Keys) -> None:
    say("")
    say(_("What is next:"))
    say(_("- Renewals, retries and mails need “gatepost tick” each minute: “gatepost install” sees to it."))
    if not keys.api_url:
        for sentence in _about_webhooks(service):
            say(sentence)
    say(_("- “gatepost doctor” says what is wrong, and “gatepost page list” which pages play a part."))


def _about_webhooks(service: Service) -> tuple[str, ...]:
    with reading() as reader:
        structure = get_site(reader, service.tables).permalink_structure
    endpoint = f"{api_of(service.config.site.url, structure)}webhooks/stripe"
    first = _(
        "- Webhooks bring news at once; without them Gatepost asks. In Stripe's dashboard, add the endpoint {url}"
    )
    return (
        first.format(url=endpoint),
        _("  for these events: {events}").format(events=", ".join(WEBHOOK_EVENTS)),
        _("  Then write its signing secret into a file and name that in billing.webhook_secret_file."),
    )
