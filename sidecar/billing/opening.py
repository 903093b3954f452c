"""Opening the desk: the gateway that the configuration names, and what else billing works with."""

from __future__ import annotations

from sidecar.billing.desk import Desk, Settings
from sidecar.billing.gateways.gateway import Gateway
from sidecar.billing.gateways.stripe import StripeGateway
from sidecar.billing.guard import machine_name
from sidecar.billing.pacing import Pace
from sidecar.clock import Clock
from sidecar.config import Config
from sidecar.db import reading
from sidecar.errors import Misconfigured
from sidecar.i18n import _
from sidecar.installation import get_uuid
from sidecar.wordpress.tables import Tables


def open_desk(config: Config, clock: Clock, tables: Tables) -> Desk:
    """The desk of this installation; reads its UUID from the database. Raises Misconfigured for keys that do not fit."""
    with reading() as reader:
        installation = get_uuid(reader)
    billing = config.billing
    return Desk(
        installation=installation,
        site_url=config.site.url,
        machine=machine_name(config.state_dir),
        clock=clock,
        tables=tables,
        settings=Settings(
            billing.retry_days, billing.keeps_access_overdue, billing.refund_surplus, billing.notice_days,
            billing.accept_unsafe_database, billing.members_may_pause, config.policies, config.invoices, billing.withdrawal_days,
        ),
        state_dir=config.state_dir,
        gateway=make_gateway(config, Pace(billing.calls_per_second, billing.calls_per_endpoint)),
        front=make_gateway(config, Pace(billing.calls_per_second, billing.calls_per_endpoint, waits=False)),
    )  # fmt: skip


def make_gateway(config: Config, pace: Pace) -> Gateway | None:
    """The configured gateway; None where payments are made by hand only."""
    if not config.billing.gateway:
        return None
    secret_key, publishable_key = config.gateway_key(), config.billing.publishable_key
    _check_address(secret_key, config.billing.api_url or config.billing.script_url)
    _check_keys(secret_key, publishable_key)
    return StripeGateway(
        secret_key,
        publishable_key,
        config.webhook_secret(),
        api_url=config.billing.api_url,
        script_url=config.billing.script_url,
        pace=pace,
    )


def _check_address(secret_key: str, test_address: str) -> None:
    """A live key is shown to nobody but Stripe."""
    if test_address and "_live_" in secret_key:
        raise Misconfigured(_("billing.api_url: with live keys only Stripe itself is asked"))


def _check_keys(secret_key: str, publishable_key: str) -> None:
    """Both keys are there and of the same mode: a test key beside a live one would take money for nothing, or nothing."""
    if not secret_key.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
        raise Misconfigured(
            _("billing.secret_key_file: Stripe's secret key begins with sk_test_ or sk_live_")
        )
    mode = secret_key[3:7]
    if not publishable_key.startswith(f"pk_{mode}_"):
        raise Misconfigured(
            _("billing.publishable_key: must be of the same mode as the secret key (pk_test_ or pk_live_)")
        )
