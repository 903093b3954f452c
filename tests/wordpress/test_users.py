import pytest
from sqlalchemy import event, text, update
from sqlalchemy.orm import Session

from sidecar.wordpress.serialization import dumps
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import (
    Profile,
    User,
    find_user,
    find_user_by_email,
    find_user_by_login,
    find_user_with_profile,
    get_profile,
    list_user_ids,
)
from tests.wordpress.builders import REGISTERED, a_meta, a_user, a_user_with_roles


@pytest.fixture(
    params=[Tables("wp_"), Tables("X9_"), Tables("wp_2_", "wp_")], ids=lambda tables: tables.prefix
)
def tables(request):
    return request.param


def test_a_user_is_found_by_id_login_and_address(session, tables):
    a_user(session, tables, "bob")
    alice_id = a_user(
        session, tables, "alice", user_nicename="alice-1", display_name="Alice ✓", user_url="https://a.test"
    )
    alice = User(alice_id, "alice", "alice@example.test", "alice-1", "https://a.test", "Alice ✓", REGISTERED)
    assert find_user(session, tables, alice_id) == alice
    assert find_user_by_login(session, tables, "alice") == alice
    assert find_user_by_email(session, tables, "alice@example.test") == alice


def test_nobody_is_found_where_nobody_is(session, tables):
    a_user(session, tables, "alice")
    assert find_user(session, tables, 999) is None
    assert find_user_with_profile(session, tables, 999) is None
    assert find_user_by_login(session, tables, "") is None
    assert find_user_by_email(session, tables, "%") is None


def test_case_does_not_count_in_logins_and_addresses(session, tables):
    alice_id = a_user(session, tables, "Alice", user_email="Alice@Example.test")
    assert find_user_by_login(session, tables, "aLICE").id == alice_id
    assert find_user_by_email(session, tables, "alice@example.TEST").id == alice_id


@pytest.mark.parametrize(
    "charlie", ["álice", "alice ", "Ⓐlice", "alice\0", "alice😀", "' OR 1=1 -- ", "al_ce", "alice\ud800"]
)
def test_charlie_is_not_alice_however_alike_the_collation_finds_them(session, tables, charlie):
    a_user(session, tables, "alice", user_email="alice")
    assert find_user_by_login(session, tables, charlie) is None
    assert find_user_by_email(session, tables, charlie) is None


@pytest.mark.mariadb
@pytest.mark.parametrize("charset", ["latin1", "utf8mb3"])
def test_in_an_old_sites_tables_users_are_found_and_impossible_names_are_nobodys(
    mariadb_engine, tables, charset
):
    with Session(mariadb_engine) as session:
        tables.create_all(session)
        for table in (tables.users, tables.usermeta):
            session.execute(text(f"ALTER TABLE {table.name} CONVERT TO CHARACTER SET {charset}"))
        user_id = a_user(session, tables, "josé")
        a_meta(session, tables, user_id, tables.capabilities_key, dumps({"privé": True}))
        assert find_user_by_login(session, tables, "josé").id == user_id
        assert list_user_ids(session, tables, "privé") == [user_id]
        for impossible in ("jose", "😀", "日本"):
            assert find_user_by_login(session, tables, impossible) is None


def test_the_password_hash_is_no_part_of_a_user(session, tables):
    user_id = a_user(session, tables, user_pass="$P$Bsecret")
    assert "secret" not in repr(find_user_with_profile(session, tables, user_id))


def test_user_and_profile_come_in_one_statement(session, tables):
    bob_id = a_user(session, tables, "bob")
    a_meta(session, tables, bob_id, "first_name", "Bob")
    alice_id = a_user(session, tables, "alice")
    for key, value in {
        "nickname": "Al",
        "first_name": "Alice",
        "last_name": "Ångström",
        "locale": "fr_FR",
    }.items():
        a_meta(session, tables, alice_id, key, value)
    statements = []
    event.listen(
        session.get_bind(), "before_cursor_execute", lambda *arguments: statements.append(arguments[2])
    )
    user, profile = find_user_with_profile(session, tables, alice_id)
    assert (user.login, profile) == ("alice", Profile("Alice", "Ångström", "fr_FR"))
    assert len(statements) == 1


def test_a_user_without_any_meta_has_an_empty_profile(session, tables):
    user_id = a_user(session, tables, "alice")
    user, profile = find_user_with_profile(session, tables, user_id)
    assert (user, profile) == (find_user(session, tables, user_id), Profile())


def test_of_two_rows_with_one_key_the_oldest_counts_and_other_letters_are_another_key(session, tables):
    user_id = a_user(session, tables)
    for key, value in [
        ("First_Name", "wrong"),
        ("first_name", "old"),
        ("first_name", "new"),
        ("last_name", None),
    ]:
        a_meta(session, tables, user_id, key, value)
    assert find_user_with_profile(session, tables, user_id)[1] == Profile("old")
    assert get_profile(session, tables, [user_id]) == {user_id: Profile("old")}


def test_profiles_of_many_hold_every_id_that_was_asked_for(session, tables):
    alice_id, bob_id = a_user(session, tables), a_user(session, tables)
    a_meta(session, tables, alice_id, "last_name", "A")
    a_meta(session, tables, bob_id, "locale", "de_DE")
    assert get_profile(session, tables, [bob_id, alice_id, 999]) == {
        alice_id: Profile(last_name="A"),
        bob_id: Profile(locale="de_DE"),
        999: Profile(),
    }
    assert get_profile(session, tables, []) == {}


def test_ids_come_in_pages_without_gaps_or_repeats(session, tables):
    ids = [a_user(session, tables) for _ in range(5)]
    pages = [list_user_ids(session, tables, limit=2)]
    while pages[-1]:
        pages.append(list_user_ids(session, tables, after=pages[-1][-1], limit=2))
    assert pages == [ids[:2], ids[2:4], ids[4:], []]


def test_ids_of_a_role_are_of_exactly_that_role_on_exactly_that_blog(session, tables):
    gold = [
        a_user_with_roles(session, tables, "gold", "subscriber"),
        a_user_with_roles(session, tables, "gold"),
    ]
    for other in ("Gold", "göld", "gold_plus", "old", "subscriber"):
        a_user_with_roles(session, tables, other)
    a_user(session, tables)
    elsewhere = a_user(session, tables)
    a_meta(session, tables, elsewhere, "other_capabilities", 'a:1:{s:4:"gold";b:1;}')
    assert list_user_ids(session, tables, "gold") == gold
    assert list_user_ids(session, tables, "gold", after=gold[0], limit=1) == gold[1:]
    assert list_user_ids(session, tables, "%") == []


def test_ids_of_a_role_name_each_user_once(session, tables):
    user_id = a_user_with_roles(session, tables, "gold")
    a_meta(session, tables, user_id, tables.capabilities_key, 'a:1:{s:4:"gold";b:1;}')
    assert list_user_ids(session, tables, "gold") == [user_id]


def test_a_zero_date_of_registration_is_none(session, tables):
    user_id = a_user(session, tables)
    session.execute(update(tables.users).values(user_registered=None))
    assert find_user(session, tables, user_id).registered_at is None
