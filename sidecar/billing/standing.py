"""Whether billing runs, in a word and a sentence: for the command line, the doctor and Site Health. Reading only.

It asks the database alone: no gateway, so that a page can show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from sidecar.billing import store, store_guard
from sidecar.config import Config
from sidecar.i18n import _

STALE_SECONDS = 900.0
CHARGE, REFUSED = "charge", "refused"
"""The heartbeat of a run that was allowed to charge; the kind of alarm when one was not."""
_MOST = 100
_COLLECTORS = ("tick", "worker")


class State(StrEnum):
    """`off`: no gateway is configured. `stale`: nobody has looked for what is due for a quarter of an hour."""

    OFF = "off"
    OK = "ok"
    PAUSED = "paused"
    STALE = "stale"


@dataclass(frozen=True)
class Standing:
    """`message`: '' when all is well. `due`: orders that wait to be looked at now. `unsafe_setting`: by which the database may
    lose what it has committed, '' when there is none. `beats`: who was last alive how many seconds ago."""

    state: State
    message: str
    account: str
    paused_at: datetime | None
    due: int
    open_alarms: int
    failed_webhooks: int
    newest_webhook_at: datetime | None
    unsafe_setting: str
    beats: dict[str, float]

    @property
    def people(self) -> dict[str, int]:
        """The heartbeats of processes, in whole seconds; not those of single jobs."""
        return {name: int(since) for name, since in self.beats.items() if not name.startswith("job:")}


def read_standing(reader: Session, now: datetime, config: Config) -> Standing:
    """How billing stands with this configuration, on this machine."""
    lease, beats = store_guard.find_lease(reader), store_guard.list_heartbeats(reader)
    alarms = store_guard.list_alarms(reader, _MOST)
    paused = lease is not None and lease.paused_for is not None
    state = judge(beats, has_gateway=bool(config.billing.gateway), is_paused=paused)
    refused = next((one.sentence for one in alarms if one.kind == REFUSED), "")
    return Standing(
        state=state,
        message=lease.paused_because
        if lease is not None and state is State.PAUSED
        else _sentence_of(state, beats, refused),
        account=lease.account if lease is not None else "",
        paused_at=lease.paused_at if lease is not None else None,
        due=store.count_due(reader, now),
        open_alarms=len(alarms),
        failed_webhooks=len(store_guard.list_failed_webhooks(reader, _MOST)),
        newest_webhook_at=store_guard.find_newest_webhook(reader),
        unsafe_setting=store_guard.get_unsafe_setting(reader),
        beats=beats,
    )


def judge(beats: dict[str, float], *, has_gateway: bool, is_paused: bool) -> State:
    """
    >>> judge({"charge": 30.0}, has_gateway=True, is_paused=False), judge({"tick": 30.0}, has_gateway=True, is_paused=False)
    (<State.OK: 'ok'>, <State.STALE: 'stale'>)
    >>> judge({"charge": 5.0}, has_gateway=True, is_paused=True), judge({}, has_gateway=False, is_paused=False)
    (<State.PAUSED: 'paused'>, <State.OFF: 'off'>)
    """
    if not has_gateway:
        return State.OFF
    if is_paused:
        return State.PAUSED
    return State.OK if beats.get(CHARGE, STALE_SECONDS) < STALE_SECONDS else State.STALE


def _sentence_of(state: State, beats: dict[str, float], refused: str) -> str:
    """Why nobody has charged; '' when somebody has. `refused`: what the last try was refused for."""
    if state is not State.STALE:
        return ""
    lives = any(
        since < STALE_SECONDS for name, since in beats.items() if name.partition(":")[0] in _COLLECTORS
    )
    if not lives:
        return _("Nobody looks for what is due: neither cron nor a worker has run for a quarter of an hour.")
    return refused or _(
        "Nothing could be charged for a quarter of an hour: the log of “gatepost tick” says why."
    )
