"""What keeps it running: alarms, webhooks, jobs, what billing may do, settings."""

from __future__ import annotations

import msgspec
from flask import redirect, render_template
from werkzeug.wrappers import Response

from sidecar import __version__
from sidecar.billing.checking import check as find_breaches
from sidecar.billing.hooks import replay
from sidecar.billing.store_guard import close_alarms, find_webhook, list_alarms, list_failed_webhooks
from sidecar.config import Config
from sidecar.db import reading, transaction
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.reports.health import read_health
from sidecar.reports.store_members import list_newest_webhooks
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import frame, screen
from sidecar.web.dashboard.place import link

MOST = 50
_SECRET = ("url", "secret_file", "secret_key_file", "webhook_secret_file", "password_file", "redis_url")


@screen("/operation", Right.OPERATE)
def operation() -> str:
    """All of it on one page."""
    with reading() as reader:
        health = read_health(reader, frame().now, service().config)
        alarms, failed = list_alarms(reader, MOST), list_failed_webhooks(reader, MOST)
        newest = list_newest_webhooks(reader, 20)
    jobs = sorted(
        (name.removeprefix("job:"), since)
        for name, since in health.standing.beats.items()
        if name.startswith("job:")
    )
    people = sorted(
        (name, since) for name, since in health.standing.beats.items() if not name.startswith("job:")
    )
    return render_template(
        "dashboard/operation.html", health=health, alarms=alarms, failed=failed, newest=newest, jobs=jobs, people=people,
        settings=settings_of(service().config), version=__version__,
    )  # fmt: skip


def settings_of(config: Config) -> list[tuple[str, list[tuple[str, str]]]]:
    """The configuration as it is in force, section by section; what holds or leads to a secret is left out."""
    sections = []
    for section in msgspec.structs.fields(type(config)):
        values = getattr(config, section.name)
        shown = [
            (field.name, _shown(getattr(values, field.name)))
            for field in msgspec.structs.fields(type(values))
            if not (field.name in _SECRET and section.name != "site")
        ]
        if shown:
            sections.append((section.name, shown))
    return sections


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "–"
    return str(value) or "–"


@screen("/operation/check", Right.OPERATE)
def check_books() -> str:
    """Look for what must not be in the books, now; reads every order, so it takes a while on a large site."""
    with reading() as reader:
        breaches = find_breaches(reader, frame().now)
    return render_template("dashboard/check.html", breaches=breaches)


@screen("/operation/webhooks/<webhook_id>/replay", Right.OPERATE, methods=("POST",))
def replay_webhook(webhook_id: str) -> Response:
    """Process one again."""
    with reading() as reader:
        if find_webhook(reader, webhook_id) is None:
            raise NotFound(_("There is no webhook {id}.").format(id=webhook_id))
    if not replay(service().desk, webhook_id):
        sentence = _("The webhook {id} could not be processed; its error is in the list.")
        raise Refused(sentence.format(id=webhook_id))
    return redirect(link("webhooks", said="replayed"), 303)


@screen("/operation/alarms/<int:alarm_id>/close", Right.OPERATE, methods=("POST",))
def close_alarm(alarm_id: int) -> Response:
    """Somebody has seen to it."""
    with reading() as reader:
        found = next((one for one in list_alarms(reader, 1000) if one.id == alarm_id), None)
    if found is None:
        raise NotFound(_("There is no open alarm {id}.").format(id=alarm_id))
    with transaction() as session:
        close_alarms(session, found.kind, frame().now, found.subject)
    return redirect(link("operation", said="closed"), 303)
