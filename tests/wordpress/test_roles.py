import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from sidecar.wordpress.errors import RolesNotAllowed, Unreadable
from sidecar.wordpress.roles import (
    ADMINISTRATIVE,
    Outcome,
    Role,
    change_roles,
    check_allow_list,
    get_roles,
    get_user_roles,
    parse_roles,
    parse_user_roles,
    sync_roles,
)
from sidecar.wordpress.tables import Tables
from tests.wordpress.builders import a_meta, a_roles_option, a_user, a_user_with_roles

NAMES = st.sets(st.sampled_from(["administrator", "editor", "gold", "silver", "bronze", "edit_users"]))


def a_role(name: str, *capabilities: str) -> Role:
    return Role(name, name.title(), frozenset(capabilities))


KNOWN = {
    role.name: role
    for role in (
        a_role("administrator", "manage_options", "read"),
        a_role("editor", "edit_others_posts", "unfiltered_html", "read"),
        a_role("author", "publish_posts", "upload_files", "edit_posts", "read"),
        a_role("subscriber", "read"),
        a_role("gold", "read", "read_gold"),
        a_role("silver"),
    )
}


# --- pure ---


@given(NAMES, NAMES, NAMES, NAMES)
def test_roles_outside_the_allow_list_are_never_touched(current, add, remove, allow):
    new = change_roles(current, add, remove, allow)
    assert new - allow == current - allow


@given(NAMES, NAMES, NAMES, NAMES)
def test_a_change_of_roles_gives_what_is_granted_takes_what_is_not_and_settles_at_once(
    current, add, remove, allow
):
    new = change_roles(current, add, remove, allow)
    assert add & allow <= new
    assert not (remove - add) & allow & new
    assert new <= current | add
    assert change_roles(new, add, remove, allow) == new


def test_roles_of_plain_members_may_be_given():
    check_allow_list(KNOWN, ["subscriber", "gold", "silver", "author"])
    check_allow_list(KNOWN, [])


def test_every_role_that_may_not_be_given_is_named_with_its_reasons():
    with pytest.raises(RolesNotAllowed) as refused:
        check_allow_list(KNOWN, ["gold", "editor", "administrator", "platinum"])
    assert refused.value.reasons == {
        "editor": ("edit_others_posts", "unfiltered_html"),
        "administrator": ("administrator", "manage_options"),
        "platinum": (),
    }
    assert "platinum: no such role" in str(refused.value)


@pytest.mark.parametrize("capability", sorted(ADMINISTRATIVE))
def test_no_role_with_an_administrative_capability_or_named_like_one_may_be_given(capability):
    for role in (a_role("gold", "read", capability), a_role(capability, "read")):
        with pytest.raises(RolesNotAllowed):
            check_allow_list({role.name: role}, [role.name])


@pytest.mark.parametrize("name", ["administrator", "super_admin"])
def test_a_role_called_administrator_is_refused_whatever_it_seems_to_allow(name):
    with pytest.raises(RolesNotAllowed):
        check_allow_list({name: a_role(name)}, [name])


def test_a_bare_capability_is_no_role_and_is_refused():
    with pytest.raises(RolesNotAllowed):
        check_allow_list(KNOWN, ["manage_options"])


def test_a_capability_that_a_role_denies_is_not_one_of_its_capabilities():
    text = 'a:1:{s:4:"gold";a:2:{s:4:"name";s:4:"Gold";s:12:"capabilities";a:2:{s:4:"read";b:1;s:10:"edit_users";b:0;}}}'
    assert parse_roles(text) == {"gold": Role("gold", "Gold", frozenset({"read"}))}


@pytest.mark.parametrize("text", ["", "i:1;", 'O:8:"stdClass":0:{}', "a:1:{i:0"])
def test_roles_that_cannot_be_read_are_unreadable(text):
    with pytest.raises(Unreadable):
        parse_roles(text)
    with pytest.raises(Unreadable):
        parse_user_roles(text, KNOWN)


def test_a_role_without_a_definition_allows_nothing():
    assert parse_roles('a:1:{s:4:"gold";N;}') == {"gold": Role("gold", "gold", frozenset())}


def test_a_role_counts_whatever_stands_beside_it_and_a_bare_capability_does_not():
    assert parse_user_roles('a:3:{s:4:"gold";b:0;s:14:"manage_options";b:1;i:5;b:1;}', KNOWN) == {"gold"}


# --- the tables ---


@pytest.fixture(
    params=[Tables("wp_"), Tables("X9_"), Tables("wp_2_", "wp_")], ids=lambda tables: tables.prefix
)
def tables(request):
    return request.param


def sync(session, tables, user_id, add=(), remove=(), allow=("gold", "silver"), known=KNOWN):
    return sync_roles(session, tables, user_id, add=add, remove=remove, allow=allow, known_roles=known)


def stored(session, tables, user_id):
    meta = tables.usermeta.c
    query = select(meta.meta_value).where(meta.user_id == user_id, meta.meta_key == tables.capabilities_key)
    return session.execute(query.order_by(meta.umeta_id)).scalars().all()


def test_the_sites_roles_are_read_from_its_option(session, tables):
    a_roles_option(session, tables, gold={"read"}, editor={"unfiltered_html"})
    assert get_roles(session, tables) == {
        "gold": Role("gold", "Gold", frozenset({"read"})),
        "editor": Role("editor", "Editor", frozenset({"unfiltered_html"})),
    }


def test_a_site_without_that_option_is_unreadable(session, tables):
    with pytest.raises(Unreadable):
        get_roles(session, tables)


def test_a_users_roles_are_those_on_this_blog(session, tables):
    user_id = a_user_with_roles(session, tables, "gold", "subscriber")
    a_meta(session, tables, user_id, "other_capabilities", 'a:1:{s:6:"silver";b:1;}')
    assert get_user_roles(session, tables, user_id, KNOWN) == {"gold", "subscriber"}
    assert get_user_roles(session, tables, a_user(session, tables), KNOWN) == frozenset()


def test_a_change_keeps_everything_else_in_its_place(session, tables):
    user_id = a_user(session, tables)
    before = 'a:4:{s:6:"editor";b:1;s:6:"silver";b:1;s:14:"manage_options";b:0;s:4:"étc";i:7;}'
    a_meta(session, tables, user_id, tables.capabilities_key, before)
    assert sync(session, tables, user_id, add={"gold"}, remove={"silver", "editor"}) is Outcome.CHANGED
    after = 'a:4:{s:6:"editor";b:1;s:14:"manage_options";b:0;s:4:"étc";i:7;s:4:"gold";b:1;}'
    assert stored(session, tables, user_id) == [after]


def test_a_second_call_changes_nothing(session, tables):
    user_id = a_user_with_roles(session, tables, "subscriber", "silver")
    outcomes = [sync(session, tables, user_id, {"gold"}, {"silver"}) for _ in range(2)]
    assert outcomes == [Outcome.CHANGED, Outcome.UNCHANGED]
    assert get_user_roles(session, tables, user_id, KNOWN) == {"subscriber", "gold"}


def test_an_administrative_role_is_neither_given_nor_taken_even_if_the_allow_list_names_it(session, tables):
    user_id = a_user_with_roles(session, tables, "administrator")
    before = stored(session, tables, user_id)
    for add, remove in [({"editor"}, ()), ((), {"administrator"}), ({"manage_options"}, ())]:
        with pytest.raises(RolesNotAllowed):
            sync(session, tables, user_id, add, remove, allow={*add, *remove})
    assert stored(session, tables, user_id) == before


@pytest.mark.parametrize(
    "text", ["", "gold", 'O:8:"stdClass":0:{}', 'a:1:{s:4:"rank";d:1;}', 'a:1:{s:9:"gold";b:1;}', "b:1;"]
)
def test_a_value_that_cannot_be_read_is_never_written_back(session, tables, text):
    user_id = a_user(session, tables)
    a_meta(session, tables, user_id, tables.capabilities_key, text)
    with pytest.raises(Unreadable):
        sync(session, tables, user_id, {"gold"})
    assert stored(session, tables, user_id) == [text]


def test_a_user_without_capabilities_gets_a_row_and_only_one(session, tables):
    user_id = a_user(session, tables)
    assert sync(session, tables, user_id, remove={"gold"}) is Outcome.UNCHANGED
    assert stored(session, tables, user_id) == []
    assert sync(session, tables, user_id, {"gold"}) is Outcome.CHANGED
    assert sync(session, tables, user_id, {"gold"}) is Outcome.UNCHANGED
    assert stored(session, tables, user_id) == ['a:1:{s:4:"gold";b:1;}']


def test_a_user_who_is_gone_gets_nothing(session, tables):
    assert sync(session, tables, 999, {"gold"}) is Outcome.NO_USER
    assert stored(session, tables, 999) == []


def test_of_two_rows_the_oldest_is_read_and_changed(session, tables):
    user_id = a_user_with_roles(session, tables, "silver")
    a_meta(session, tables, user_id, tables.capabilities_key, 'a:1:{s:4:"gold";b:1;}')
    assert sync(session, tables, user_id, {"gold"}) is Outcome.CHANGED
    assert stored(session, tables, user_id) == [
        'a:2:{s:6:"silver";b:1;s:4:"gold";b:1;}',
        'a:1:{s:4:"gold";b:1;}',
    ]


def test_the_level_of_a_user_is_left_alone(session, tables):
    user_id = a_user_with_roles(session, tables, "subscriber")
    level_id = a_meta(session, tables, user_id, f"{tables.prefix}user_level", "3")
    sync(session, tables, user_id, {"gold"})
    level = select(tables.usermeta.c.meta_value).where(tables.usermeta.c.umeta_id == level_id)
    assert session.execute(level).scalar_one() == "3"


@pytest.mark.mariadb
@pytest.mark.parametrize("charset", ["latin1", "utf8mb3"])
def test_roles_change_in_an_old_sites_tables_too(mariadb_engine, tables, charset):
    with Session(mariadb_engine) as session:
        tables.create_all(session)
        session.execute(text(f"ALTER TABLE {tables.usermeta.name} CONVERT TO CHARACTER SET {charset}"))
        user_id = a_user_with_roles(session, tables, "silver", "privé")
        assert sync(session, tables, user_id, {"gold"}, {"silver"}) is Outcome.CHANGED
        assert stored(session, tables, user_id) == ['a:2:{s:6:"privé";b:1;s:4:"gold";b:1;}']


class SomebodyElseWrites(Session):
    """A session in which another one commits just before the first change."""

    meanwhile = None

    def execute(self, statement, *arguments, **options):
        if self.meanwhile and getattr(statement, "is_dml", False):
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return super().execute(statement, *arguments, **options)


def a_race(mariadb_engine, tables, user_id, other_value):
    """The outcome of our change when another connection stores `other_value` between our read and our write."""

    def meanwhile():
        with Session(mariadb_engine) as other:
            meta = tables.usermeta
            changed = other.execute(
                update(meta).where(meta.c.user_id == user_id).values(meta_value=other_value)
            )
            if not changed.rowcount:
                a_meta(other, tables, user_id, tables.capabilities_key, other_value)
            other.commit()

    with SomebodyElseWrites(mariadb_engine) as session:
        session.meanwhile = meanwhile
        outcome = sync(session, tables, user_id, {"gold"})
        session.commit()
    with Session(mariadb_engine) as session:
        return outcome, stored(session, tables, user_id)


@pytest.mark.mariadb
@pytest.mark.parametrize(
    "other_value",
    [
        'a:1:{s:6:"author";b:1;}',
        'a:1:{s:6:"Silver";b:1;}',  # equal to the old value by the collation
        'a:1:{s:6:"sílver";b:1;}',  # likewise
        'a:1:{s:6:"silver";b:1;} ',  # likewise: spaces at the end do not count
    ],
)
def test_of_two_writers_at_once_the_first_wins_and_the_second_knows(mariadb_engine, tables, other_value):
    with Session(mariadb_engine) as session:
        tables.create_all(session)
        user_id = a_user_with_roles(session, tables, "silver")
        session.commit()
    assert a_race(mariadb_engine, tables, user_id, other_value) == (Outcome.LOST, [other_value])


@pytest.mark.mariadb
def test_of_two_writers_of_the_first_row_one_wins_and_there_is_one_row(mariadb_engine, tables):
    with Session(mariadb_engine) as session:
        tables.create_all(session)
        user_id = a_user(session, tables)
        session.commit()
    other_value = 'a:1:{s:6:"silver";b:1;}'
    assert a_race(mariadb_engine, tables, user_id, other_value) == (Outcome.LOST, [other_value])
