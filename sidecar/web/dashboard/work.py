"""Webhooks with what became of them, jobs with their last run, and what waits to be delivered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from jobs.schedule import SCHEDULE, Job, run_one
from sidecar import outbox
from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.billing.gateways.gateway import object_of
from sidecar.billing.store_guard import list_heartbeats
from sidecar.db import reading, session, use_case
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.job_runs import JobRun, list_runs
from sidecar.reports.store_webhooks import WebhookState, count_by_state, list_webhooks, state_of
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import frame, person, screen
from sidecar.web.dashboard.exporting import csv_piece
from sidecar.web.dashboard.place import link

PAGE, PIECE, MOST = 50, 1000, 100
_SPLIT = "~"


# --- webhooks ---------------------------------------------------------------------------------------------------------


@screen("/webhooks", Right.OPERATE)
def webhooks() -> str:
    """All of them, the newest first."""
    with reading() as reader:
        rows = list_webhooks(reader, _state(), before=_before(), limit=PAGE + 1)
        counts = count_by_state(reader)
    shown = [(one, state_of(one), _object(one)) for one in rows[:PAGE]]
    return render_template(
        "dashboard/webhooks.html", rows=shown, counts=counts, state=_state() or "", words_of=state_words(),
        more=_after(rows[PAGE - 1]) if len(rows) > PAGE else "", is_first=_before() is None,
    )  # fmt: skip


@screen("/webhooks.csv", Right.OPERATE)
def webhooks_csv() -> Response:
    """The same as a file, in pieces."""
    before = _before()
    with reading() as reader:
        rows = list_webhooks(reader, _state(), before=before, limit=PIECE)
    heads = ("id", "type", "object", "received", "state", "outcome", "tries", "error")
    more = {"before": _after(rows[-1])} if len(rows) == PIECE else None
    return csv_piece("webhooks", heads if before is None else None, _lines(rows), more, by=person().by)


def _lines(rows: Iterable[Any]) -> Iterator[tuple[object, ...]]:
    for one in rows:
        yield (
            one.id, one.type, _object(one), one.received_at.isoformat(timespec="seconds"), state_of(one), one.outcome or "",
            one.tries, one.error or "",
        )  # fmt: skip


def state_words() -> dict[WebhookState, str]:
    """What became of a webhook."""
    return {
        WebhookState.FAILED: _("failed"),
        WebhookState.WAITS: _("waits"),
        WebhookState.DONE: _("done"),
    }


def _state() -> WebhookState | None:
    text = request.args.get("state", "")
    return WebhookState(text) if text in set(WebhookState) else None


def _object(row: Any) -> str:
    """What it is about, in the gateway's words; '' for one that cannot be read, whose error says more."""
    try:
        return object_of(row.payload)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _after(row: Any) -> str:
    return f"{row.received_at.isoformat()}{_SPLIT}{row.id}"


def _before() -> tuple[datetime, str] | None:
    """The place in the list that the address names; None for its beginning."""
    moment, _split, number = request.args.get("before", "").partition(_SPLIT)
    if not moment:
        return None
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not number.isascii():
        raise Refused(_("This is no place in the list."))
    return at, number


# --- jobs and parcels -------------------------------------------------------------------------------------------------


@screen("/jobs", Right.OPERATE)
def jobs() -> str:
    """The schedule with what became of it, and what is to be sent."""
    with reading() as reader:
        runs, beats = list_runs(reader), list_heartbeats(reader)
        waiting, parcels = outbox.count_undelivered(reader), outbox.list_undelivered(reader, MOST)
    rows = [
        (job, job_words().get(job.name, job.name), runs.get(job.name) or _beaten(job, beats))
        for job in SCHEDULE
    ]
    template = "jobs_list" if request.headers.get("HX-Target") == "work" else "jobs"
    return render_template(f"dashboard/{template}.html", rows=rows, waiting=waiting, parcels=parcels)


def _beaten(job: Job, beats: dict[str, float]) -> JobRun | None:
    """Of a job whose runs are not written down yet, when it ran last."""
    since = beats.get(job.heartbeat)
    return None if since is None else JobRun(since, 0.0, 0, None, "")


def job_words() -> dict[str, str]:
    """What each job does."""
    return {
        "make_partitions": _("Prepares the log for the coming months"), "drain_spools": _("Stores events of pages"),
        "drain_bridge": _("Fetches what the plugin kept while the service was away"),
        "deliver_changes": _("Tells WordPress of roles and rules"), "deliver_mails": _("Sends mails"),
        "end_access": _("Ends access whose time is over"), "seal_log": _("Seals the log"),
        "count_events": _("Counts events for the chart"), "process_webhooks": _("Works on what the gateway told"),
        "charge": _("Collects what is due"), "close_intents": _("Closes payments that came to nothing"),
        "refund_surpluses": _("Gives back what nothing was owed for"), "follow_refunds": _("Asks what became of refunds"),
        "announce": _("Announces renewals, ends of trials and cards"), "check_invariants": _("Checks the books"),
        "catch_up": _("Compares the books with the gateway"), "drop_old_events": _("Drops what the log need not keep"),
        "count_figures": _("Counts the figures of the overview"), "index_members": _("Makes members findable"),
        "tidy_outbox": _("Forgets what was delivered long ago"), "tidy_tries": _("Forgets old counts of tries"),
    }  # fmt: skip


@screen("/jobs/<name>/run", Right.OPERATE, methods=("POST",))
def run_job(name: str) -> AnyResponse:
    """One of those that may be asked for, now."""
    job = next((one for one in SCHEDULE if one.name == name), None)
    if job is None:
        raise NotFound(_("There is no such job."))
    if not job.may_be_asked_for:
        raise Refused(_("This job keeps its own time: it asks the gateway or the site."))
    _note(f"job:{name}", "job_asked_for")
    if run_one(service(), job, is_asked_for=True) < 0:
        raise Refused(_("The job has failed. The log of the service says why."))
    return redirect(link("jobs", said="ran"), 303)


@screen("/jobs/parcels/retry", Right.OPERATE, methods=("POST",))
def retry_parcels() -> AnyResponse:
    """What could not be delivered, one parcel or all of it, is tried again by the service within seconds."""
    _hasten(request.form.get("parcel", "")[:32])
    return redirect(link("jobs", said="hastened"), 303)


@use_case
def _hasten(parcel_id: str) -> None:
    outbox.hasten(session(), frame().now, parcel_id)
    _note(f"parcel:{parcel_id or 'all'}", "delivery_asked_for")


@use_case
def _note(subject: str, name: str) -> None:
    add_event(session(), EventType.ACCESS, name, frame().now, subject=subject, body={"by": person().by})
