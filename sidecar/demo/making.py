"""Making the demo's site, through the same use cases that a real owner's commands and a real buyer's clicks go through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from sidecar.access.ruling import choose_core_page, protect
from sidecar.billing.guard import binding_of
from sidecar.billing.store_guard import add_machine, set_lease
from sidecar.catalog.making import make_bundle, make_level, make_product
from sidecar.catalog.store import list_products
from sidecar.db import db, session, transaction, use_case
from sidecar.demo import school, store
from sidecar.demo.folder import is_made, note_made
from sidecar.demo.history import add_past, moment
from sidecar.demo.people import APPRENTICE, FRIEND, MEMBERS, STAFF, Hold, Person
from sidecar.demo.shopping import Shopping
from sidecar.demo.travelling import Travelling
from sidecar.errors import GatepostError
from sidecar.i18n import _
from sidecar.installation import claim_for_site
from sidecar.members.changing import change_days, change_status, give_bundle, make_member
from sidecar.members.rules import Change, DaysMethod
from sidecar.migrations.running import upgrade
from sidecar.service import Service
from sidecar.wordpress.roles import ADMINISTRATIVE
from sidecar.wordpress.serialization import Key, Value, dumps
from sidecar.wordpress.tables import Tables

OPENED_DAYS_AGO = 430
"""When the school began to use Gatepost."""


class Stale(GatepostError):
    """The recipe's ids and the database's are not the same."""


def make_or_keep_site(service: Service, travelling: Travelling) -> bool:
    """The demo's site, at the address in the configuration; False when it was there already.

    It is made in several transactions, as payments are; what was interrupted is not `is_made`, and begun anew.
    """
    folder, address = service.config.state_dir, service.config.site.url
    upgrade(db.engine)
    if is_made(folder):
        travelling.take_time_from_processor()
        move_in(service)
        return False
    with transaction() as there:
        service.tables.create_all(there)
    now = service.clock.now()
    users = _make_site(service.tables, address, now)
    shopping = Shopping(service.desk, travelling.control, users)
    travelling.go_back_to(now - timedelta(days=OPENED_DAYS_AGO))
    travelling.go_through([deed for person in MEMBERS for deed in shopping.deeds_of(person, now)], now)
    _remember_visits(users, now)
    note_made(folder)
    return True


def move_in(service: Service) -> None:
    """The site answers at the configured address from now on, and money is moved from this folder."""
    desk = service.desk
    account = desk.pays_by_card().get_account()

    @use_case
    def run() -> None:
        store.set_address(session(), service.tables, desk.site_url)
        set_lease(session(), **binding_of(desk, account))
        add_machine(session(), desk.machine, desk.site_url, desk.now())

    run()


@use_case
def _make_site(tables: Tables, address: str, now: datetime) -> dict[str, int]:
    """All but what was bought; gives user ids by login."""
    zone = ZoneInfo(school.ZONE)
    opened_at = now - timedelta(days=OPENED_DAYS_AGO)
    claim_for_site(tables.prefix, opened_at)
    store.add_options(session(), tables, _options(tables, address))
    users = _make_users(session(), tables, now)
    references = _make_catalog(opened_at)
    _write_posts(session(), tables, users["margaret"], references, now, zone)
    for rule in school.rules(now.astimezone(zone).date()):
        protect(rule, now=opened_at)
    for kind, post_id in school.CORE_PAGES.items():
        choose_core_page(kind, post_id, now=opened_at)
    for person in MEMBERS:
        _join(person, users[person.login], now, zone)
    return users


@use_case
def _remember_visits(users: Mapping[str, int], now: datetime) -> None:
    add_past(session(), {users[person.login]: person for person in MEMBERS}, now)


def _options(tables: Tables, address: str) -> dict[str, str]:
    return {
        "home": address,
        "siteurl": address,
        "blogname": school.NAME,
        "admin_email": STAFF[0].email,
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
        since = person.level.began_ago if person.level else OPENED_DAYS_AGO
        ids[person.login] = store.add_user(writer, tables, person, moment(person.login, since, now))
    return ids


def _write_posts(
    writer: Session,
    tables: Tables,
    author_id: int,
    references: Mapping[str, str],
    now: datetime,
    zone: tzinfo,
) -> None:
    """`references`: of products, by name; texts name them as `{{product}}`."""
    for term in school.TERMS:
        store.add_term(writer, tables, term)
    for text in school.POSTS:
        content = re.sub(r"\{\{(.*?)\}\}", lambda found: references[found[1]], text.content)
        store.add_post(writer, tables, text, content, author_id, moment(text.slug, text.days_ago, now), zone)


def _make_catalog(at: datetime) -> dict[str, str]:
    """Levels, bundles, products; gives the references of the products by name."""
    allowed = tuple(school.ROLES.values())
    for name, expected in school.LEVEL_IDS.items():
        is_free, role = name == FRIEND, school.ROLES[name]
        made = make_level(name, now=at, is_free=is_free, role=role, assignable=allowed, is_default=is_free)
        _expect(made, expected)
    for name, expected in school.BUNDLE_IDS.items():
        _expect(make_bundle(name, now=at), expected)
    for product in school.PRODUCTS:
        make_product(
            product.name,
            product.terms,
            product.grant,
            product.grant_id,
            now=at,
            description=product.description,
        )
    return {product.name: product.reference for product in list_products(session())}


def _expect(made: int, expected: int) -> None:
    """The texts name these ids."""
    if made != expected:
        sentence = _(
            "the database gave the id {made} where the demo's texts say {expected}; --fresh starts anew"
        )
        raise Stale(sentence.format(made=made, expected=expected))


def _join(person: Person, user_id: int, now: datetime, zone: tzinfo) -> None:
    """What came by no order; the rest is bought later."""
    if person.level is None or person.level.bought is not None:
        return
    _take_level(person, person.level, user_id, now)
    _take_steps(person, person.level, user_id, None, now, zone)
    for hold in person.bundles:
        if hold.bought is None:
            _take_bundle(person, hold, user_id, now, zone)


def _take_bundle(person: Person, hold: Hold, user_id: int, now: datetime, zone: tzinfo) -> None:
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
