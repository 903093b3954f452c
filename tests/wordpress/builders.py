"""Rows as WordPress writes them. Each builder returns the new row's id."""

from datetime import UTC, datetime
from itertools import count

from sqlalchemy import insert
from sqlalchemy.orm import Session

from sidecar.wordpress.serialization import Value, dumps
from sidecar.wordpress.tables import Tables

_numbers = count(1)
REGISTERED = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)


def a_user(session: Session, tables: Tables, login: str = "", **columns: object) -> int:
    login = login or f"user{next(_numbers)}"
    values = {"user_login": login, "user_email": f"{login}@example.test", "user_registered": REGISTERED}
    return session.execute(insert(tables.users).values(values | columns)).inserted_primary_key[0]


def a_meta(session: Session, tables: Tables, user_id: int, key: str, value: str | None) -> int:
    row = {"user_id": user_id, "meta_key": key, "meta_value": value}
    return session.execute(insert(tables.usermeta).values(row)).inserted_primary_key[0]


def a_user_with_roles(session: Session, tables: Tables, *roles: str) -> int:
    user_id = a_user(session, tables)
    a_meta(session, tables, user_id, tables.capabilities_key, dumps(dict.fromkeys(roles, True)))
    return user_id


def an_option(session: Session, tables: Tables, name: str, value: str) -> int:
    row = {"option_name": name, "option_value": value}
    return session.execute(insert(tables.options).values(row)).inserted_primary_key[0]


def a_post(session: Session, tables: Tables, **columns: object) -> int:
    return session.execute(insert(tables.posts).values(columns)).inserted_primary_key[0]


def a_term(session: Session, tables: Tables, taxonomy: str, *post_ids: int) -> int:
    """A term in a taxonomy, given to these posts; its id is never that of its row in the taxonomy."""
    name = f"term{next(_numbers)}"
    session.execute(insert(tables.terms).values(name=f"before {name}"))
    term_id = session.execute(insert(tables.terms).values(name=name)).inserted_primary_key[0]
    row = {"term_id": term_id, "taxonomy": taxonomy}
    link = session.execute(insert(tables.term_taxonomy).values(row)).inserted_primary_key[0]
    for post_id in post_ids:
        session.execute(insert(tables.term_relationships).values(object_id=post_id, term_taxonomy_id=link))
    return term_id


def a_roles_option(session: Session, tables: Tables, **roles: set[str]) -> int:
    value: Value = {
        name: {"name": name.title(), "capabilities": dict.fromkeys(sorted(capabilities), True)}
        for name, capabilities in roles.items()
    }
    return an_option(session, tables, tables.roles_option, dumps(value))
