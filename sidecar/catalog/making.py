"""Making levels, bundles and products."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from sidecar.catalog import store
from sidecar.catalog.rules import Grant, Terms, check_name, check_terms
from sidecar.db import is_duplicate, session, use_case
from sidecar.errors import Refused
from sidecar.i18n import _


@use_case
def make_level(
    name: str,
    *,
    now: datetime,
    is_free: bool = False,
    role: str = "",
    assignable: Collection[str] = (),
    keeps_access_overdue: bool = False,
) -> int:
    """A new level; gives its id. `role`: a WordPress role for its holders, which must be in `assignable`."""
    _check_role(role, assignable)
    name = check_name(name)
    with _unless_taken(_("there is a level {name} already").format(name=name)):
        level_id = store.add_level(
            session(), name, is_free=is_free, role=role, keeps=keeps_access_overdue, now=now
        )
    store.bump_generation(session())
    return level_id


@use_case
def make_bundle(
    name: str,
    *,
    now: datetime,
    role: str = "",
    assignable: Collection[str] = (),
    keeps_access_overdue: bool = False,
) -> int:
    """A new bundle; gives its id."""
    _check_role(role, assignable)
    name = check_name(name)
    with _unless_taken(_("there is a bundle {name} already").format(name=name)):
        bundle_id = store.add_bundle(session(), name, role=role, keeps=keeps_access_overdue, now=now)
    store.bump_generation(session())
    return bundle_id


@use_case
def make_product(name: str, terms: Terms, grant: Grant, grant_id: int, *, now: datetime) -> int:
    """A new product: a price for one level or bundle; gives its id."""
    check_terms(terms)
    name = check_name(name)
    if grant is Grant.LEVEL:
        store.get_level(session(), grant_id)
    else:
        store.get_bundle(session(), grant_id)
    level_id, bundle_id = (grant_id, None) if grant is Grant.LEVEL else (None, grant_id)
    with _unless_taken(_("there is a product {name} already").format(name=name)):
        return store.add_product(session(), name, terms, level_id=level_id, bundle_id=bundle_id, now=now)


@contextmanager
def _unless_taken(sentence: str) -> Iterator[None]:
    """Refuses a row whose name is another's. The unique key decides, so of two at once one is refused, too."""
    try:
        yield
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise Refused(sentence) from error


def _check_role(role: str, assignable: Collection[str]) -> None:
    if role and role not in assignable:
        sentence = _("the role {role} is not among access.assignable_roles of the configuration")
        raise Refused(sentence.format(role=role))
