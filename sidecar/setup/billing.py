"""What `doctor` looks at of billing: whether it runs, whether the gateway answers, what waits for the owner."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sidecar.billing.desk import Desk
from sidecar.billing.gateways.gateway import NotExecuted, Unanswered
from sidecar.billing.standing import Standing, State, read_standing
from sidecar.clock import real_now
from sidecar.config import Config, Invoices
from sidecar.errors import GatepostError
from sidecar.i18n import _
from sidecar.service import Service
from sidecar.setup.findings import Finding, Severity
from sidecar.setup.machine import judge_clock


def look_at_billing(reader: Session, service: Service) -> list[Finding]:
    """How billing stands, by the database alone. Needs our tables."""
    has_gateway = bool(service.config.billing.gateway)
    standing = read_standing(reader, service.clock.now(), service.config)
    found = [
        judge_state(standing),
        *judge_alarms(standing.open_alarms),
        *judge_seller(service.config.invoices),
    ]
    if has_gateway:
        found += judge_webhooks(standing, has_secret=bool(_webhook_secret(service.config)))
        found += judge_database(
            standing.unsafe_setting, accepted=service.config.billing.accept_unsafe_database
        )
    return found


def _webhook_secret(config: Config) -> str:
    """'' where it cannot be read, either: the gateway's keys are told of elsewhere."""
    try:
        return config.webhook_secret()
    except GatepostError:
        return ""


def judge_state(standing: Standing) -> Finding:
    """Whether it runs."""
    advice = _("Look at “gatepost billing status”; “gatepost billing resume” goes on.")
    findings = {
        State.OFF: Finding(
            "billing", Severity.OK, _("No payment gateway is configured: orders are paid by hand.")
        ),
        State.OK: Finding("billing", Severity.OK, _("Billing runs.")),
        State.PAUSED: Finding("billing", Severity.PROBLEM, standing.message, advice),
        State.STALE: Finding(
            "billing",
            Severity.PROBLEM,
            standing.message,
            _("Is the line of “gatepost install” still in cron?"),
        ),
    }
    return findings[standing.state]


def judge_alarms(count: int) -> list[Finding]:
    """What the owner has not seen to yet."""
    if not count:
        return []
    sentence = _("Alarms that are open: {count}.").format(count=count)
    return [Finding("alarms", Severity.WARNING, sentence, _("Look at “gatepost billing alarms”."))]


def judge_seller(invoices: Invoices) -> list[Finding]:
    """Whether invoices can be printed."""
    if invoices.seller_name:
        return []
    sentence = _("Invoices are numbered and kept, but say nothing of who sells, and cannot be printed.")
    return [Finding("invoices", Severity.NOTE, sentence, _("Fill in [invoices] in the configuration."))]


def judge_webhooks(standing: Standing, *, has_secret: bool) -> list[Finding]:
    """Whether the gateway reaches us. Without webhooks nothing is lost, but much is late."""
    if not has_secret:
        sentence = _("There is no webhook secret: payments in the browser are noticed late, by asking.")
        advice = _("Make a webhook endpoint at the gateway, and set billing.webhook_secret_file.")
        return [Finding("webhooks", Severity.WARNING, sentence, advice)]
    if standing.failed_webhooks:
        sentence = _("Webhooks that could not be understood: {count}.").format(count=standing.failed_webhooks)
        return [Finding("webhooks", Severity.WARNING, sentence, _("Look at “gatepost billing webhooks”."))]
    if standing.newest_webhook_at is None:
        sentence = _("No webhook has ever come.")
        advice = _("Does the gateway know the address https://…/wp-json/gatepost/v1/webhooks/stripe ?")
        return [Finding("webhooks", Severity.NOTE, sentence, advice)]
    return [Finding("webhooks", Severity.OK, _last_webhook(standing.newest_webhook_at))]


def _last_webhook(at: datetime) -> str:
    return _("The last webhook came on {date} (UTC).").format(date=at.strftime("%Y-%m-%d %H:%M"))


def judge_database(unsafe_setting: str, *, accepted: bool) -> list[Finding]:
    """Whether a power cut could make us forget a charge."""
    if not unsafe_setting:
        return []
    sentence = _("The database may forget charges in a power cut ({setting}).").format(setting=unsafe_setting)
    if accepted:
        advice = _("You have accepted that (billing.accept_unsafe_database).")
        return [Finding("billing_database", Severity.WARNING, sentence, advice)]
    advice = _("Nothing is charged until it is set to 1, or billing.accept_unsafe_database is true.")
    return [Finding("billing_database", Severity.PROBLEM, sentence, advice)]


def look_at_gateway(service: Service) -> list[Finding]:
    """Whether the gateway takes our key, and what time it is there. Leaves the machine; needs a prepared database."""
    if not service.config.billing.gateway:
        return []
    try:
        return ask_gateway(service.desk)
    except GatepostError as error:
        return [
            Finding(
                "gateway",
                Severity.PROBLEM,
                str(error),
                _("Look at the section [billing] of the configuration."),
            )
        ]


def ask_gateway(desk: Desk) -> list[Finding]:
    """The account, by its answer."""
    try:
        account = desk.pays_at_once().get_account()
    except (NotExecuted, Unanswered) as error:
        sentence = _("The payment gateway does not answer as it should: {reason}").format(reason=error)
        advice = _("Is the secret key right, and may this machine reach the gateway?")
        return [Finding("gateway", Severity.PROBLEM, sentence, advice)]
    found = [
        Finding(
            "gateway", Severity.OK, _("The payment gateway answers: {account}.").format(account=account.name)
        )
    ]
    if account.clock_s is not None:
        ahead = real_now().timestamp() - account.clock_s
        found.append(judge_clock(ahead, _("the payment gateway"), "gateway_clock"))
    return found
