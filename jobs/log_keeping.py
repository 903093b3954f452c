"""Keeping the log: sealing what was recorded, showing the newest seal to the owner, dropping what is too old."""

from __future__ import annotations

import logging
from pathlib import Path

from sidecar import outbox
from sidecar.activity.outside import Keepsake, contradicted, keep, keepsake_of
from sidecar.activity.retention import drop_old, release_loose
from sidecar.activity.sealing import seal_rows
from sidecar.activity.seals import Seal
from sidecar.activity.store_holds import Held, list_held_members
from sidecar.billing.notices import MAIL, raise_alarm
from sidecar.billing.store_payers import list_disputed_members
from sidecar.db import reading, session, use_case
from sidecar.i18n import _
from sidecar.members.store import list_user_ids
from sidecar.service import Service
from sidecar.tries import claim_try

log = logging.getLogger(__name__)
SEAL_SECONDS = 55.0
"""One sealer a minute, over all processes and machines: cron's and the service's come a little early or late."""


def seal_log(service: Service) -> int:
    """Seal what was recorded since the last minute; gives how many events. Nothing when another sealer was here just now."""
    if not claim_try("seal", "", 1, SEAL_SECONDS):
        return 0
    now, folder = service.clock.now(), seals_folder(service)
    with reading() as reader:
        lost = contradicted(reader, folder)
    if lost is not None:
        _tell_of_lost(service, lost)
    sealed = seal_rows(now)
    if sealed.newest is not None:
        _keep(folder, sealed.newest, lost)
        _mail_seal(service, sealed.newest)
    return sealed.rows


def _keep(folder: Path, seal: Seal, lost: Keepsake | None) -> None:
    """A full disk keeps nothing from being sealed, nor the owner from his mail."""
    try:
        keep(folder, seal, lost)
    except OSError:
        log.exception("the newest seal cannot be kept in %s", folder)


def seals_folder(service: Service) -> Path:
    """Where this machine keeps seals outside the database."""
    return service.config.state_dir / "seals"


@use_case
def _tell_of_lost(service: Service, lost: Keepsake) -> None:
    log.error(
        "the log does not hold the seal %s, which was made here: it was cut, changed or restored", lost.line
    )
    sentence = _(
        "The activity log does not hold seal {number} any more, which this machine has made: it was cut, changed, or restored "
        "from a backup. See: gatepost log verify"
    )
    raise_alarm(
        session(),
        "log",
        f"seal:{lost.number}:{lost.root.hex()[:16]}",
        sentence.format(number=lost.number),
        service.clock.now(),
    )


@use_case
def _mail_seal(service: Service, seal: Seal) -> None:
    """Queue the mail of this day, or of these days, once."""
    days = service.config.log.mail_seal_days
    if not days:
        return
    now = service.clock.now()
    payload = {"kind": "log_seal", "member": None, "order": None, "data": {"seal": keepsake_of(seal).line}}
    outbox.add_once(session(), MAIL, f"log_seal:{now.date().toordinal() // days}:{days}", payload, now)


# --- dropping -------------------------------------------------------------------------------------------------------


def drop_old_events(service: Service) -> int:
    """Drop months of events that are older than the configuration keeps them, and what no hold keeps any more; gives how
    many events went, kept copies among them."""
    now, held = service.clock.now(), held_now(service)
    dropped = drop_old(now, service.config.log.months_kept, held)
    return sum(one.count for one in dropped) + release_loose(now, held)


def held_now(service: Service) -> Held:
    """Whose events are kept in any case: by the owner's holds, and by disputes."""
    with reading() as reader:
        members = list_held_members(reader) | list_disputed_members(reader, service.clock.now())
        return Held(frozenset(members), frozenset(list_user_ids(reader, members)))
