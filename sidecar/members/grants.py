"""Changing a level or a bundle, with what that means for those who hold it.

`seen`: the version (`catalog.versions.version_of`) of what the author of a change has read.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sidecar import outbox
from sidecar.catalog import store as catalog
from sidecar.catalog.making import check_default, check_role, unless_taken
from sidecar.catalog.models import bundles, levels
from sidecar.catalog.rules import Bundle, Grant, Level, check_name
from sidecar.catalog.versions import check_version, record
from sidecar.db import session, use_case
from sidecar.errors import WrongValue
from sidecar.i18n import _
from sidecar.members.changing import SITE_CHANGE
from sidecar.members.store import list_holders


@use_case
def change_level(
    wanted: Level, *, seen: str, by: str, now: datetime, assignable: Collection[str] = ()
) -> None:
    """Another name, role and so on. The default level stays the default until another one is: there is always one.

    A role that is kept need not be allowed any more; a new one must be. Raises WrongValue, ChangedMeanwhile.
    """
    catalog.hold_row(session(), levels, wanted.id)
    stored = catalog.get_level(session(), wanted.id)
    check_version(stored, seen)
    wanted = replace(wanted, name=check_name(wanted.name))
    if wanted.role != stored.role:
        check_role(wanted.role, assignable)
    if stored.is_default and not wanted.is_default:
        raise WrongValue("is_default", _("make another level the default one, and this one is it no longer"))
    if wanted.is_default:
        check_default(wanted.is_free)
    with unless_taken("name", _("there is a level {name} already").format(name=wanted.name)):
        catalog.set_level(session(), wanted)
    if wanted.is_default and not stored.is_default:
        catalog.set_default_level(session(), wanted.id)
    _follow(stored, wanted, Grant.LEVEL, by, now)


@use_case
def change_bundle(
    wanted: Bundle, *, seen: str, by: str, now: datetime, assignable: Collection[str] = ()
) -> None:
    """Another name, role and so on. Raises WrongValue, ChangedMeanwhile."""
    catalog.hold_row(session(), bundles, wanted.id)
    stored = catalog.get_bundle(session(), wanted.id)
    check_version(stored, seen)
    wanted = replace(wanted, name=check_name(wanted.name))
    if wanted.role != stored.role:
        check_role(wanted.role, assignable)
    with unless_taken("name", _("there is a bundle {name} already").format(name=wanted.name)):
        catalog.set_bundle(session(), wanted)
    _follow(stored, wanted, Grant.BUNDLE, by, now)


def _follow(stored: Level | Bundle, wanted: Level | Bundle, grant: Grant, by: str, now: datetime) -> None:
    """Every memory reads again, WordPress's roles follow, the log says who did it.

    Roles of an overdue holder hang on `keeps_access_overdue`. A parcel says which role was taken off: at its delivery no
    level may give it any more, and then nobody would know that it was ours.
    """
    catalog.bump_generation(session())
    record(session(), f"{grant}:{wanted.id}", "catalog_changed", by, now, stored, wanted)
    is_other = (stored.role, stored.keeps_access_overdue) != (wanted.role, wanted.keeps_access_overdue)
    if not is_other or not (stored.role or wanted.role):
        return
    was = stored.role if stored.role != wanted.role else ""
    users = list_holders(session(), grant, wanted.id)
    outbox.add_many(
        session(), SITE_CHANGE, ({"kind": "roles", "user": user, "was": was} for user in users), now
    )
