"""What this room reads is what WordPress wrote, and what it writes WordPress reads."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from sidecar.wordpress.errors import RolesNotAllowed
from sidecar.wordpress.installation import Severity, inspect_installation
from sidecar.wordpress.options import get_site
from sidecar.wordpress.posts import find_post, list_term_ids
from sidecar.wordpress.roles import Outcome, check_allow_list, get_roles, get_user_roles, sync_roles
from sidecar.wordpress.serialization import dumps, loads
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import Profile, find_user_by_email, find_user_with_profile, list_user_ids

pytestmark = [
    pytest.mark.wordpress,
    pytest.mark.parametrize("site", ["6.1", "newest"], indirect=True),
]


@pytest.fixture
def session(site) -> Iterator[Session]:
    engine = create_engine(site.database_url, isolation_level="READ COMMITTED")
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def tables(site) -> Tables:
    return Tables(site.prefix)


def test_a_user_is_read_as_wordpress_made_him(site, session, tables):
    user_id = site.user("alice", first_name="Zoë", last_name="O'Neil", locale="fr_FR", display_name="Zoë ✓")
    user, profile = find_user_with_profile(session, tables, user_id)
    assert (user.login, user.email, user.display_name) == ("alice", "alice@example.test", "Zoë ✓")
    assert datetime.now(UTC) - user.registered_at < timedelta(hours=1)
    assert profile == Profile("Zoë", "O'Neil", "fr_FR")
    assert find_user_by_email(session, tables, "ALICE@example.test") == user


def test_only_roles_of_plain_members_may_be_given_on_a_fresh_site(session, tables):
    roles = get_roles(session, tables)
    assert list(roles) == ["administrator", "editor", "author", "contributor", "subscriber"]
    check_allow_list(roles, ["author", "contributor", "subscriber"])
    with pytest.raises(RolesNotAllowed) as refused:
        check_allow_list(roles, roles)
    assert set(refused.value.reasons) == {"administrator", "editor"}


def test_wordpress_reads_the_roles_that_we_write(site, session, tables):
    site.php("add_role('gold', 'Gold', ['read' => true, 'read_gold' => true]);")
    user_id = site.user("alice")
    site.php("get_user_by('id', $args[0])->add_cap('special', false);", user_id)
    roles = get_roles(session, tables)
    outcome = sync_roles(
        session,
        tables,
        user_id,
        add={"gold"},
        remove={"subscriber"},
        allow={"gold", "subscriber"},
        known_roles=roles,
    )
    session.commit()
    assert outcome is Outcome.CHANGED
    seen = json.loads(
        site.php(
            "$u = get_user_by('id', $args[0]); echo json_encode([array_values($u->roles), $u->caps, user_can($u, 'read_gold')]);",
            user_id,
        )
    )
    assert seen == [["gold"], {"special": False, "gold": True}, True]
    assert get_user_roles(session, tables, user_id, roles) == {"gold"}
    assert list_user_ids(session, tables, "gold") == [user_id]
    assert list_user_ids(session, tables, "administrator") == [1]


def test_posts_and_their_terms_are_read_as_wordpress_made_them(site, session, tables):
    post_id = site.new_post("Été ✓", "<p>[if] \\ 😀</p>", post_password="sesame")
    term_id = int(
        site.php(
            "$t = wp_insert_term('Gold', 'category'); wp_set_post_terms($args[0], [$t['term_id']], 'category'); echo $t['term_id'];",
            post_id,
        )
    )
    post = find_post(session, tables, post_id)
    assert (post.type, post.status, post.title, post.author_id) == ("post", "publish", "Été ✓", 1)
    assert post.content == site.php("echo get_post($args[0])->post_content;", post_id)
    assert post.has_password
    assert datetime.now(UTC) - post.published_at < timedelta(hours=1)
    assert list_term_ids(session, tables, [post_id]) == {post_id: {term_id}}


def test_the_settings_of_the_site_are_read(site, session, tables):
    site.option("timezone_string", "America/St_Johns")
    found = get_site(session, tables)
    assert found.home == found.site_url == site.url
    assert found.zone == ZoneInfo("America/St_Johns")
    assert (found.locale, found.charset) == ("en_US", "UTF-8")


@pytest.mark.parametrize("offset", ["5.75", "-9.5", "-0.5", "14", "0"])
def test_an_offset_is_the_one_that_wordpress_takes(site, session, tables, offset):
    site.php("update_option('timezone_string', ''); update_option('gmt_offset', $args[0]);", offset)
    theirs = int(site.php("echo wp_timezone()->getOffset(new DateTime('2025-07-01'));"))
    zone = get_site(session, tables).zone
    assert zone.utcoffset(datetime(2025, 7, 1, tzinfo=UTC)) == timedelta(seconds=theirs)


def test_a_fresh_site_is_found_sound(session, tables):
    assert {finding.severity for finding in inspect_installation(session, tables)} == {Severity.OK}


def test_php_and_we_serialize_alike(site):
    values = [True, None, -7, "", "é✓😀", {"a": {"b": False}}, {"x": "l'été \"\\ \r\n;}"}, {"n": 2**63 - 1}]
    theirs = json.loads(
        site.php("echo json_encode(array_map('serialize', json_decode($args[0], true)));", json.dumps(values))
    )
    assert [dumps(value) for value in values] == theirs
    assert [loads(text) for text in theirs] == values
