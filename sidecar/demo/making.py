"""Making the demo's site, through the same use cases that a real owner's commands go through."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from sidecar.access.ruling import choose_core_page, protect
from sidecar.catalog.making import make_bundle, make_level, make_product
from sidecar.db import db, session, transaction, use_case
from sidecar.demo import school, store
from sidecar.demo.history import add_past, moment
from sidecar.demo.people import APPRENTICE, FRIEND, MEMBERS, STAFF, Hold, Person
from sidecar.errors import GatepostError
from sidecar.i18n import _
from sidecar.installation import claim_for_site
from sidecar.members.changing import change_days, change_level, change_status, give_bundle, make_member
from sidecar.members.rules import Change, DaysMethod
from sidecar.migrations.running import upgrade
from sidecar.wordpress.roles import ADMINISTRATIVE
from sidecar.wordpress.serialization import Key, Value, dumps
from sidecar.wordpress.tables import Tables

OPENED_DAYS_AGO = 430
"""When the school began to use Gatepost."""


class Stale(GatepostError):
    """The recipe's ids and the database's are not the same."""


def make_or_keep_site(tables: Tables, address: str, now: datetime) -> bool:
    """The demo's site, at `address`; False when it was there already. In one transaction: whole or not at all."""
    upgrade(db.engine)
    with transaction() as there:
        if store.site_exists(there, tables):
            store.set_address(there, tables, address)
            return False
        tables.create_all(there)
        _make_site(tables, address, now)
    return True


@use_case
def _make_site(tables: Tables, address: str, now: datetime) -> None:
    zone = ZoneInfo(school.ZONE)
    opened_at = now - timedelta(days=OPENED_DAYS_AGO)
    claim_for_site(tables.prefix, opened_at)
    store.add_options(session(), tables, _options(tables, address))
    users = _make_users(session(), tables, now)
    _write_posts(session(), tables, users["margaret"], now, zone)
    _make_catalog(opened_at)
    for rule in school.rules(now.astimezone(zone).date()):
        protect(rule, now=opened_at)
    for kind, post_id in school.CORE_PAGES.items():
        choose_core_page(kind, post_id, now=opened_at)
    for person in MEMBERS:
        _join(person, users[person.login], now, zone)
    add_past(session(), {users[person.login]: person for person in MEMBERS}, now)


def _options(tables: Tables, address: str) -> dict[str, str]:
    return {
        "home": address,
        "siteurl": address,
        "blogname": school.NAME,
        "blogdescription": school.TAGLINE,
        "timezone_string": school.ZONE,
        "permalink_structure": "/%postname%/",
        "date_format": "F j, Y",
        "time_format": "g:i a",
        "blog_charset": "UTF-8",
        "WPLANG": "",
        "default_role": "subscriber",
        tables.roles_option: dumps(
            {
                "administrator": _role("Administrator", *ADMINISTRATIVE, "read"),
                "editor": _role("Editor", "read", "edit_posts", "edit_others_posts", "publish_posts"),
                "subscriber": _role("Subscriber", "read"),
                school.ROLES[FRIEND]: _role(FRIEND, "read"),
                school.ROLES[APPRENTICE]: _role(APPRENTICE, "read"),
            }
        ),
    }


def _role(label: str, *capabilities: str) -> Value:
    granted: dict[Key, Value] = dict.fromkeys(sorted(capabilities), True)
    return {"name": label, "capabilities": granted}


def _make_users(writer: Session, tables: Tables, now: datetime) -> dict[str, int]:
    ids = {}
    for person in (*STAFF, *MEMBERS):
        since = person.level.since if person.level else OPENED_DAYS_AGO
        ids[person.login] = store.add_user(writer, tables, person, moment(person.login, since, now))
    return ids


def _write_posts(writer: Session, tables: Tables, author_id: int, now: datetime, zone: tzinfo) -> None:
    for term in school.TERMS:
        store.add_term(writer, tables, term)
    for text in school.POSTS:
        store.add_post(writer, tables, text, author_id, moment(text.slug, text.days_ago, now), zone)


def _make_catalog(at: datetime) -> None:
    allowed = tuple(school.ROLES.values())
    for name, expected in school.LEVEL_IDS.items():
        role = school.ROLES[name]
        _expect(make_level(name, now=at, is_free=name == FRIEND, role=role, assignable=allowed), expected)
    for name, expected in school.BUNDLE_IDS.items():
        _expect(make_bundle(name, now=at), expected)
    for name, terms, grant, grant_id in school.PRODUCTS:
        make_product(name, terms, grant, grant_id, now=at)


def _expect(made: int, expected: int) -> None:
    """The texts name these ids."""
    if made != expected:
        sentence = _(
            "the database gave the id {made} where the demo's texts say {expected}; --fresh starts anew"
        )
        raise Stale(sentence.format(made=made, expected=expected))


def _join(person: Person, user_id: int, now: datetime, zone: tzinfo) -> None:
    if person.level is None:
        return
    _take_level(person, person.level, user_id, now)
    if person.promoted_ago is not None:
        at = moment(person.login, person.promoted_ago, now)
        change_level(user_id, school.LEVEL_IDS[APPRENTICE], now=at, by="checkout")
        change_days(user_id, DaysMethod.CUSTOM, now=at, by="checkout", from_at=at)
    _take_steps(person, person.level, user_id, None, now, zone)
    for hold in person.bundles:
        bundle_id = school.BUNDLE_IDS[hold.name]
        at = moment(person.login, hold.since, now)
        give_bundle(user_id, bundle_id, now=at, by=hold.by, status=hold.status, expires_at=_end(hold, now))
        _take_steps(person, hold, user_id, bundle_id, now, zone)


def _take_level(person: Person, hold: Hold, user_id: int, now: datetime) -> None:
    at = moment(person.login, hold.since, now)
    make_member(
        user_id, school.LEVEL_IDS[hold.name], now=at, by=hold.by, status=hold.status, expires_at=_end(hold, now),
        is_complimentary=hold.is_complimentary, error=hold.error,
    )  # fmt: skip
    if hold.fixed_days is not None:
        change_days(user_id, DaysMethod.FIXED, now=at, by=hold.by, fixed=hold.fixed_days)


def _take_steps(
    person: Person, hold: Hold, user_id: int, bundle_id: int | None, now: datetime, zone: tzinfo
) -> None:
    for step in hold.steps:
        at = moment(person.login, step.days_ago, now)
        ends = None if step.ends_in is None else now + timedelta(days=step.ends_in)
        change_status(
            user_id, Change(step.change), now=at, by=step.by, zone=zone, bundle_id=bundle_id, expires_at=ends
        )


def _end(hold: Hold, now: datetime) -> datetime | None:
    return None if hold.ends_in is None else now + timedelta(days=hold.ends_in)
