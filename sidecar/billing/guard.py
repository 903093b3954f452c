"""Whether this database, on this machine, may move money now. Asked at the beginning of each run, and again while it runs.

A restored backup, a cloned site and a second sidecar hold the same rows; charging from them would charge twice. So billing
is bound to the gateway's account and mode, the site's address, the database server and the enrolled machines; each run looks
whether the gateway knows intents of ours that this database does not, and whether this machine has seen a later run.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sidecar.billing import store, store_guard
from sidecar.billing.desk import Desk
from sidecar.billing.gateways.gateway import Account, Intent, NotExecuted, Unanswered
from sidecar.billing.notices import raise_alarm
from sidecar.db import session, use_case
from sidecar.errors import Refused
from sidecar.i18n import _

CLOCK_TOLERANCE_SECONDS = 600.0
CHECK_SECONDS = 30.0
_OVERLAP_SECONDS = 600.0
_MOST_LISTED, _ENOUGH_KNOWN = 1000, 100
SET_ASIDE = "unknown_payment"
"""The kind of alarm by which a payment was set aside for the owner."""
_DAY = timedelta(days=1)
_LATE = timedelta(hours=48)
_SMALL_RUN, _SMALL_DAY = 20, 200


class Paused(Refused):
    """Billing does not run; the text says why and what to do."""


class Guard:
    """The guard of one run. `check` raises Paused; it asks the gateway at most every half minute."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._checked_at = float("-inf")
        self._ahead_s = 0.0

    def check(self) -> None:
        """Raise Paused unless this run may go on. Where all is paid by hand there is nothing to guard."""
        if self._desk.gateway is None:
            return
        if time.monotonic() - self._checked_at < CHECK_SECONDS and not self._has_jumped():
            _refuse_paused()
            return
        self._ahead_s = self._compute_ahead()
        check_all(self._desk)
        self._checked_at = time.monotonic()

    def _has_jumped(self) -> bool:
        """Whether the clock was set since the gateway was asked: between two checks a run works through hundreds of orders."""
        return abs(self._compute_ahead() - self._ahead_s) > CLOCK_TOLERANCE_SECONDS

    def _compute_ahead(self) -> float:
        return self._desk.now().timestamp() - time.monotonic()

    def admit(self, count: int) -> None:
        """Count charges of the last batch; raise Paused when the day becomes far busier than was expected."""
        if count and not _count(count):
            _pause(self._desk, "forecast", _too_many())
            _refuse_paused()

    def expect(self) -> None:
        """At the end of a run: once a day, what the next day is expected to bring."""
        _expect(self._desk)


def check_all(desk: Desk) -> None:
    """Everything that must hold before money is moved; raises Paused, and remembers it unless it passes by itself."""
    try:
        account = desk.pays_by_card().get_account()
        _check_all(desk, account)
    except (NotExecuted, Unanswered) as error:
        raise Paused(_("The gateway cannot be reached: {reason}").format(reason=error)) from error


def _check_all(desk: Desk, account: Account) -> None:
    bind_if_new(desk, account)
    _check_binding(desk, account)
    _refuse_paused()
    _check_clock(desk, account)
    _check_mark(desk)
    _check_lateness(desk)
    newest = _check_intents(desk)
    write_mark(desk, _note_run(newest))


def machine_name(state_dir: Path) -> str:
    """What tells this machine from a copy of it: the operating system's id and the state folder."""
    try:
        system = Path("/etc/machine-id").read_text("ascii").strip()
    except OSError:
        system = "unknown"
    return hashlib.sha256(f"{system}:{state_dir.resolve()}".encode()).hexdigest()


# --- whose money it is ----------------------------------------------------------------------------------------------


@use_case
def bind_if_new(desk: Desk, account: Account) -> None:
    """Bind this database on its first run. One that has orders already is bound by `billing adopt`, on purpose."""
    if store_guard.find_lease(session()) is not None:
        return
    if store.has_orders_by(session(), desk.pays_by_card().name):
        raise Paused(_("Billing is bound to no account yet, and there are orders: gatepost billing adopt"))
    bind(desk, account)


def bind(desk: Desk, account: Account) -> None:
    """Write down whose money this database moves, and from which machine. Needs a transaction."""
    now = desk.now()
    store_guard.add_lease(
        session(),
        {
            **binding_of(desk, account), "bound_at": now, "guarded_s": (account.clock_s or time.time()), "forecast": 0,
            "forecast_at": now, "charged": 0, "runs": 0, "caught_up_s": account.clock_s or time.time(),
        },
    )  # fmt: skip
    store_guard.add_machine(session(), desk.machine, desk.site_url, now)


def binding_of(desk: Desk, account: Account) -> dict[str, Any]:
    """What billing is bound to. Needs a session."""
    return {"account": account.name, "site_url": desk.site_url, "server": _server()}


def _server() -> str:
    return hashlib.sha256(store_guard.get_server_name(session()).encode()).hexdigest()


@use_case
def _find_faults(desk: Desk, account: Account) -> list[str]:
    lease = store_guard.find_lease(session())
    if lease is None:
        return []
    present = binding_of(desk, account)
    words = {
        "account": _("the gateway's account"),
        "site_url": _("the site's address"),
        "server": _("the database server"),
    }
    wrong = [words[name] for name, value in present.items() if getattr(lease, name) != value]
    if not store_guard.has_machine(session(), desk.machine):
        wrong.append(_("this machine"))
    unsafe = "" if desk.settings.accept_unsafe_database else store_guard.get_unsafe_setting(session())
    if unsafe:
        raise Paused(
            _("The database may lose what it has committed ({setting}), so nothing is charged.").format(
                setting=unsafe
            )
        )
    return wrong


def _check_binding(desk: Desk, account: Account) -> None:
    wrong = _find_faults(desk, account)
    if wrong:
        sentence = _(
            "This is not what billing was bound to ({what}). A moved site: gatepost billing adopt. A copy: leave it."
        )
        raise Paused(sentence.format(what=", ".join(wrong)))


@use_case
def _refuse_paused() -> None:
    lease = store_guard.find_lease(session())
    if lease is not None and lease.paused_for is not None:
        raise Paused(lease.paused_because)


@use_case
def _pause(desk: Desk, reason: str, sentence: str) -> None:
    if store_guard.claim_pause(session(), reason, sentence, desk.now()):
        raise_alarm(session(), "paused", reason, sentence, desk.now())


def check_may_move(desk: Desk) -> None:
    """Whether money may be moved by hand here: not from a copy or another machine, nor before a restored database has
    imported what the gateway knows. Asks the gateway whose account it is. Raises Paused."""
    account = desk.pays_at_once().get_account()
    bind_if_new(desk, account)
    _check_binding(desk, account)
    _refuse_restored()


@use_case
def _refuse_restored() -> None:
    lease = store_guard.find_lease(session())
    if lease is not None and lease.paused_for == "restored":
        raise Paused(lease.paused_because)


@use_case
def check_may_sell(desk: Desk) -> None:
    """Whether somebody may buy here now: not from a copy of the site, nor from a restored database. Raises Refused."""
    lease = store_guard.find_lease(session())
    present = {"site_url": desk.site_url, "server": _server()}
    is_other = lease is not None and any(getattr(lease, name) != value for name, value in present.items())
    if is_other or (lease is not None and lease.paused_for == "restored"):
        raise Refused(_("Nothing can be bought here at the moment. Please come back later."))


def pause(desk: Desk, reason: str, sentence: str) -> None:
    """Stop billing until `gatepost billing resume`, and say why. Raises Paused."""
    _pause(desk, reason, sentence)
    raise Paused(sentence)


# --- what time it is, and what was expected -------------------------------------------------------------------------


def _check_clock(desk: Desk, account: Account) -> None:
    """A clock that is far from the gateway's charges at the wrong time. It passes once the clock is right."""
    if account.clock_s is None:
        return
    off = desk.now().timestamp() - account.clock_s
    if abs(off) > CLOCK_TOLERANCE_SECONDS:
        sentence = _("This machine's clock is {minutes} minutes off the gateway's, so nothing is charged.")
        raise Paused(sentence.format(minutes=round(off / 60)))


@use_case
def _find_surprise(desk: Desk) -> str:
    lease = store_guard.find_lease(session())
    if lease is None or desk.now() - lease.forecast_at < _LATE:
        return ""
    due = store.count_due(session(), desk.now())
    if due <= max(_SMALL_RUN, 2 * lease.forecast):
        return ""
    sentence = _(
        "Nothing was charged for {days} days, and {due} orders are due, where {expected} a day were expected. Look at "
        "gatepost billing upcoming; gatepost billing resume goes on."
    )
    return sentence.format(days=(desk.now() - lease.forecast_at).days, due=due, expected=lease.forecast)


def _check_lateness(desk: Desk) -> None:
    """A cron that was dead for long, or a clock that jumped, must not charge everybody by surprise."""
    sentence = _find_surprise(desk)
    if sentence:
        pause(desk, "late", sentence)


@use_case
def _count(count: int) -> bool:
    lease = store_guard.find_lease(session())
    most = max(_SMALL_DAY, 5 * lease.forecast) if lease is not None else _SMALL_DAY
    return store_guard.claim_charges(session(), count, most)


def _too_many() -> str:
    return _("Far more was charged today than was expected. gatepost billing resume goes on.")


@use_case
def _expect(desk: Desk) -> None:
    lease, now = store_guard.find_lease(session()), desk.now()
    if lease is not None and (now - lease.forecast_at >= _DAY or lease.forecast == 0):
        expect_next_day(desk)


def expect_next_day(desk: Desk) -> None:
    """Count what the next day is expected to bring. Needs a transaction."""
    now = desk.now()
    store_guard.set_lease(
        session(), forecast=store.count_due(session(), now + _DAY), forecast_at=now, charged=0
    )


# --- what the gateway knows -----------------------------------------------------------------------------------------


def _check_intents(desk: Desk) -> float:
    """The gateway's newest intents of ours are all known here; gives the time of the newest, on the gateway's clock."""
    since = _guarded_since() - _OVERLAP_SECONDS
    newest, known = since, 0
    for intent in islice(desk.pays_by_card().list_intents(since), _MOST_LISTED):
        newest = max(newest, intent.created_s)
        if intent.metadata.get("gatepost") != desk.installation:
            continue
        if not is_known(intent):
            _pause_for_lost(desk, intent)
        known += 1
        if known >= _ENOUGH_KNOWN:
            break
    return newest


def check_known(desk: Desk, intent: Intent) -> None:
    """Raise Paused, and remember it, where an intent of ours shows that this database was restored, whoever comes upon it
    first: what a webhook tells before the guard has looked must not pass for known afterwards."""
    if _is_lost(intent):
        _pause_for_lost(desk, intent)


def _pause_for_lost(desk: Desk, intent: Intent) -> None:
    sentence = _(
        "The gateway knows a payment of ours that this database does not ({intent}): it was restored from a backup, "
        "or a copy of it charges. gatepost billing resume imports what the gateway knows."
    )
    pause(desk, "restored", sentence.format(intent=intent.id))


@use_case
def _is_lost(intent: Intent) -> bool:
    """Not known, and of the time that the guard watches: `billing resume` looks further back than that."""
    lease = store_guard.find_lease(session())
    is_watched = lease is not None and intent.created_s >= int(lease.guarded_s - _OVERLAP_SECONDS)
    return is_watched and not is_known(intent)


@use_case
def _guarded_since() -> float:
    lease = store_guard.find_lease(session())
    return float(lease.guarded_s) if lease is not None else time.time()


@use_case
def is_known(intent: Intent) -> bool:
    """Whether this database can have asked for the intent: its receivable is here and has come that far."""
    if store_guard.has_alarm(session(), SET_ASIDE, intent.id):
        return True
    receivable = store.find_receivable_by_uuid(session(), intent.metadata.get("receivable", ""))
    if receivable is None:
        return False
    asks = receivable.intent_id is None and receivable.intent_asked_at is not None
    is_current = intent.number == receivable.intent_number and (asks or receivable.intent_id == intent.id)
    return intent.number < receivable.intent_number or is_current


@use_case
def _note_run(newest_s: float) -> int:
    """Count the run; gives its number."""
    store_guard.count_run(session(), newest_s)
    lease = store_guard.find_lease(session())
    return int(lease.runs) if lease is not None else 0


# --- what this machine has seen -------------------------------------------------------------------------------------


def _check_mark(desk: Desk) -> None:
    """A database that counts fewer runs than this machine has seen was restored: cancellations since then are lost to it."""
    if read_mark(desk) > _counted_runs():
        sentence = _(
            "This machine has seen a later state of this database: it was restored from a backup. gatepost billing resume "
            "imports what the gateway knows."
        )
        pause(desk, "restored", sentence)


@use_case
def _counted_runs() -> int:
    lease = store_guard.find_lease(session())
    return int(lease.runs) if lease is not None else 0


def read_mark(desk: Desk) -> int:
    """The number of the newest run that this machine has seen; 0 when it has seen none."""
    try:
        return int(_mark_file(desk).read_text("ascii"))
    except (OSError, ValueError):
        return 0


def write_mark(desk: Desk, run: int) -> None:
    """Remember a run outside the database, whole or not at all."""
    path = _mark_file(desk)
    part = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
    part.write_text(str(max(run, read_mark(desk))), "ascii")
    part.replace(path)


def _mark_file(desk: Desk) -> Path:
    return desk.state_dir / "billing_runs"
