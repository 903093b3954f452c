"""A real MariaDB user who has what `gatepost grants` prints and nothing else."""

import hashlib
import json
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from sidecar.activity.store import list_events
from sidecar.db import db, reading, transaction
from sidecar.errors import Refused
from sidecar.setup.grants import grants, own_tables, read_columns
from sidecar.signatures import new_headers
from sidecar.staff.signing_on import enter, make_link
from sidecar.wordpress.posts import list_term_ids
from sidecar.wordpress.roles import Outcome, get_roles, sync_roles
from sidecar.wordpress.tables import Tables
from tests.dashboard.screens import IN_THE_DEMO, LASTING
from tests.setup.builders import an_installation
from tests.wordpress.builders import a_meta, a_post, a_roles_option, a_user, a_user_with_roles

WHOLE = (
    "/overview",
    "/members",
    "/overdue",
    "/log",
    "/catalog",
    "/rules",
    "/settings",
    "/staff",
    "/mails",
    "/jobs",
)
"""Screens that are there on an empty site, too."""
ROLES = 'assignable_roles = ["gold"]'
SPOOL = """CREATE TABLE wp_gatepost_spool
    (seq BIGINT AUTO_INCREMENT PRIMARY KEY, id CHAR(32) UNIQUE, at DOUBLE, body LONGTEXT)"""


@pytest.fixture
def guarded(mariadb, database_url, tmp_path):
    """An installation whose database user is the one of `gatepost grants`."""
    owner = an_installation(
        tmp_path,
        database=database_url,
        access=ROLES,
        log="trusted_proxies = []",
        dashboard='address = "https://club.test/dashboard"',
    )
    url = sa.make_url(database_url)
    account = f"{url.username[-24:]}_few"
    for line in owner.did("grants", "--user", account).splitlines():
        if not line.startswith("--"):
            mariadb.execute(line.rstrip(";"))
            password = line.partition("IDENTIFIED BY '")[2].rstrip("';") or locals().get("password")
    limited = url.set(username=account, password=password).render_as_string(hide_password=False)
    owner.config_path.write_text(owner.config_path.read_text().replace(database_url, limited))
    owner.owner_url = database_url
    yield owner
    mariadb.execute(f"DROP USER '{account}'@'localhost'")


def as_owner(installation, statement, **values):
    engine = sa.create_engine(installation.owner_url)
    with engine.begin() as connection:
        connection.execute(sa.text(statement), values)
    engine.dispose()


def furnish(installation):
    """As the site's own user: Alice, a post, roles, the plugin's spool."""
    engine = sa.create_engine(installation.owner_url)
    with sa.orm.Session(engine) as session:
        alice = a_user(session, installation.tables, "alice", user_pass="$P$hash")
        a_meta(session, installation.tables, alice, "first_name", "Alice")
        text = "Hello [MM_Member_Data name='firstName']"
        post = a_post(session, installation.tables, post_content=text, post_title="One", post_name="one")
        a_roles_option(session, installation.tables, gold={"read"}, administrator={"manage_options"})
        session.execute(sa.text(SPOOL))
        session.commit()
    engine.dispose()
    return alice, post, text


def an_administrator(installation):
    engine = sa.create_engine(installation.owner_url)
    with sa.orm.Session(engine) as session:
        owner = a_user_with_roles(session, installation.tables, "administrator")
        session.commit()
    engine.dispose()
    return owner


def view(service, app, alice, post, text):
    """A signed page view, as the bridge sends it."""
    view = {"url": "/one", "kind": "singular", "object": post, "ip": "192.0.2.7", "count": True}
    claim = {
        "id": post,
        "type": "post",
        "terms": [],
        "path": "/one",
        "hash": hashlib.sha256(text.encode()).hexdigest(),
    }
    content = {
        "part": 1,
        "view": view,
        "viewer": {"user": alice, "roles": [], "administrator": False},
        "posts": [claim],
    }
    body = json.dumps(content).encode()
    headers = new_headers(service.secret, "POST", "/bridge/v1/page", service.config.site.url, body)
    return app.test_client().post("/bridge/v1/page", data=body, headers=headers)


@pytest.mark.mariadb
def test_the_user_can_do_everything_that_the_sidecar_does(guarded, monkeypatch):
    alice, post, text = furnish(guarded)
    monkeypatch.setenv("GATEPOST_SECRET", "ab" * 32)
    guarded.did("init")
    guarded.did("init")
    guarded.did("level", "add", "Gold", "--role", "gold")
    guarded.did("rule", "add", "--post", str(post), "--level", "Gold")
    guarded.did("enroll", "--level", "Gold")
    spooled = json.dumps(
        {
            "id": "0" * 32,
            "at": datetime.now(UTC).timestamp(),
            "kind": "login",
            "user": alice,
            "ip": "192.0.2.7",
            "data": {},
        }
    )
    as_owner(
        guarded,
        "INSERT INTO wp_gatepost_spool (id, at, body) VALUES (:id, 1, :body)",
        id="0" * 32,
        body=spooled,
    )
    here = guarded.here
    with here.at_work() as service:
        answer = view(service, here.app, alice, post, text)
        assert (answer.status_code, answer.json["posts"][str(post)]["show"]) == (200, "open")
        assert answer.json["posts"][str(post)]["splices"][0][2] == "Alice"
    assert "drain_spools: 1, drain_bridge: 1" in guarded.did("tick")
    with guarded.here.at_work(), reading() as reader:
        assert {event.name for event in list_events(reader)} == {
            "catalog_made",
            "rule_made",
            "created",
            "signed_in",
            "viewed",
        }
    assert guarded.run("doctor").exception.__class__ is SystemExit


@pytest.mark.mariadb
def test_every_screen_of_the_dashboard_can_be_seen(guarded, monkeypatch):
    monkeypatch.setenv("GATEPOST_SECRET", "ab" * 32)
    furnish(guarded)
    owner = an_administrator(guarded)
    guarded.did("init")
    here = guarded.here
    with here.at_work() as service:
        client, tables = here.app.test_client(), service.tables
        drawn = enter(tables, make_link(tables, owner), LASTING, ip="", now=service.clock.now())
        client.set_cookie("gatepost_dashboard", drawn, domain="club.test", path="/")
        for path in IN_THE_DEMO.values():
            answer = client.get(f"/dashboard{path}", base_url="https://club.test/")
            assert answer.status_code in ({200} if path in WHOLE else {200, 303, 404, 409}), path


@pytest.mark.mariadb
def test_the_terms_above_those_of_a_post_can_be_read(guarded):
    _alice, post, _text = furnish(guarded)
    as_owner(
        guarded, "INSERT INTO wp_terms (term_id, name, slug) VALUES (7, 'Wood', 'wood'), (8, 'Oak', 'oak')"
    )
    as_owner(
        guarded,
        "INSERT INTO wp_term_taxonomy (term_taxonomy_id, term_id, taxonomy, description, parent)"
        " VALUES (7, 7, 'category', '', 0), (8, 8, 'category', '', 7)",
    )
    as_owner(
        guarded, "INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) VALUES (:id, 8)", id=post
    )
    with guarded.here.at_work() as service, reading() as reader:
        assert list_term_ids(reader, service.tables, [post]) == {post: {7, 8}}


@pytest.mark.mariadb
def test_the_user_can_give_roles_by_sql(guarded):
    alice, _post, _text = furnish(guarded)
    with guarded.here.at_work() as service, transaction() as session:
        known = get_roles(session, service.tables)
        for expected in (Outcome.CHANGED, Outcome.UNCHANGED):
            done = sync_roles(
                session, service.tables, alice, add={"gold"}, remove=set(), allow={"gold"}, known_roles=known
            )
            assert done is expected
        done = sync_roles(
            session, service.tables, alice, add=set(), remove={"gold"}, allow={"gold"}, known_roles=known
        )
        assert done is Outcome.CHANGED


FORBIDDEN = [
    "SELECT * FROM wp_users",
    "SELECT user_activation_key FROM wp_users",
    "SELECT meta_value FROM wp_postmeta",
    "UPDATE wp_users SET user_email = 'charlie@example.test'",
    "UPDATE wp_users SET user_pass = ''",
    "INSERT INTO wp_users (user_login) VALUES ('charlie')",
    "UPDATE wp_usermeta SET user_id = 1",
    "DELETE FROM wp_usermeta",
    "UPDATE wp_options SET option_value = 'administrator' WHERE option_name = 'default_role'",
    "INSERT INTO wp_options (option_name, option_value) VALUES ('x', 'y')",
    "UPDATE wp_posts SET post_content = ''",
    "DELETE FROM wp_posts",
    "DROP TABLE wp_posts",
    "UPDATE wp_gatepost_spool SET body = ''",
    "CREATE TABLE wp_other (id INT)",
    "SELECT * FROM mysql.user",
    "SELECT 1 INTO OUTFILE '/tmp/gatepost-test'",
]


@pytest.mark.mariadb
def test_the_user_cannot_read_or_write_anything_else(guarded):
    furnish(guarded)
    with guarded.here.at_work():
        for statement in FORBIDDEN:
            with pytest.raises(OperationalError, match="denied"), db.engine.connect() as connection:
                connection.execute(sa.text(statement))


@pytest.mark.mariadb
def test_the_pairings_row_is_refused_with_the_way_round_it(guarded):
    guarded.did("init")
    result = guarded.run("pair")
    assert (result.exit_code, "--wp-content" in result.stderr) == (1, True)


def test_without_roles_nothing_of_wordpress_can_be_written():
    lines = grants("wp", Tables("wp_"), user="gatepost", host="localhost", changes_roles=False)
    written = [line for line in lines if "`wp_" in line and "gatepost_spool" not in line]
    assert written
    assert all(line.startswith("GRANT SELECT (") for line in written)


def test_no_key_that_resets_a_password_is_read():
    read = {column for columns in read_columns(Tables("wp_")).values() for column in columns}
    assert "user_activation_key" not in read


def test_every_table_of_ours_is_granted(prepared):
    with prepared.wordpress() as session:
        there = {
            name
            for name in sa.inspect(session.connection()).get_table_names()
            if name.startswith("gatepost_")
        }
    assert there == set(own_tables())


@pytest.mark.parametrize(
    ("user", "host"), [("o'neill", "localhost"), ("gatepost", "' OR"), ("", "localhost"), ("x" * 33, "%")]
)
def test_names_that_are_none_are_refused(user, host):
    with pytest.raises(Refused):
        grants("wp", Tables("wp_"), user=user, host=host, changes_roles=False)


def test_each_run_has_a_password_of_its_own():
    first, second = (
        grants("wp", Tables("wp_"), user="g", host="%", changes_roles=False)[1] for _ in range(2)
    )
    assert first != second
    assert len(first.partition("BY '")[2]) > 24


def test_sqlite_has_no_users(prepared):
    assert prepared.run("grants").exit_code == 1
