"""Who may come in: every route has its guard, every role its rights, and what is not allowed is not shown."""

import pytest

from sidecar.app import create_app
from sidecar.db import reading, transaction
from sidecar.errors import Refused
from sidecar.staff.models import staff_links, staff_sessions
from sidecar.staff.rules import RIGHTS, Right, Role, digest_of
from sidecar.staff.signing_on import LINK_SECONDS, NotSignedOn, enter, find_person, make_link
from sidecar.staff.store import find_session
from sidecar.web.dashboard.door import GUARDS, PUBLIC
from sidecar.wordpress.serialization import dumps
from tests.dashboard.screens import LASTING, URL, Desk, an_administrator, an_employee, with_dashboard
from tests.house import House, a_config

OPEN = {"asset", "enter", "sign_in", "sign_in_by_password"}


def routes(app):
    return {
        rule.endpoint: rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("dashboard.")
    }


@pytest.fixture
def app(tmp_path):
    return create_app(a_config(tmp_path, f"sqlite:///{tmp_path}/x.db"))


def test_every_route_of_the_dashboard_names_its_guard_and_few_are_open(app):
    found = set(routes(app))
    assert found == set(GUARDS) | set(PUBLIC)
    assert set(GUARDS) & set(PUBLIC) == set()
    assert {name.removeprefix("dashboard.") for name in PUBLIC} == OPEN


def test_what_changes_something_is_a_post_and_nothing_else(app):
    for rule in routes(app).values():
        methods = rule.methods - {"HEAD", "OPTIONS"}
        assert len(methods) == 1 or rule.endpoint == "dashboard.nowhere", rule


def test_the_administrator_may_do_everything_and_an_analyst_sees_no_person():
    assert RIGHTS[Role.ADMINISTRATOR] == set(Right)
    assert RIGHTS[Role.ANALYST] == {Right.ENTER, Right.SEE_NUMBERS}
    assert {role for role in Role if Right.EMPLOY in RIGHTS[role]} == {Role.ADMINISTRATOR}
    assert {role for role in Role if Right.MOVE_MONEY in RIGHTS[role]} == {
        Role.ADMINISTRATOR,
        Role.SALES_SUPPORT,
    }


def address_of(rule):
    values = {"int": "1", "path": "nowhere", "default": "some-thing"}
    address = rule.rule.removeprefix("/dashboard")
    for part in rule._converters:
        kind = type(rule._converters[part]).__name__
        name = {"IntegerConverter": "int", "PathConverter": "path"}.get(kind, "default")
        for text in (f"<int:{part}>", f"<path:{part}>", f"<{part}>"):
            address = address.replace(text, values[name])
    return address


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_each_screen_or_a_refusal_as_the_table_says(house: House, role: Role):
    user = an_employee(house, role)
    desk = Desk(house, user)
    stranger = Desk(house, app=desk.app)
    for endpoint, rule in routes(desk.app).items():
        if endpoint not in GUARDS or endpoint == "dashboard.sign_out":
            continue
        is_post = "POST" in rule.methods and "GET" not in rule.methods
        answer = (desk.post if is_post else desk.get)(address_of(rule))
        shut = (stranger.post if is_post else stranger.get)(address_of(rule))
        assert (answer.status_code == 403) == (GUARDS[endpoint] not in RIGHTS[role]), (
            endpoint,
            answer.status_code,
        )
        assert answer.status_code < 500 or answer.status_code == 501, (
            endpoint,
            answer.get_data(as_text=True),
        )
        assert (shut.status_code, shut.headers["Location"]) == (303, "/office/sign-in"), endpoint


def test_every_post_wants_the_token_of_this_session(house: House):
    desk = Desk(house, an_administrator(house))
    other = Desk(house, an_administrator(house, "other"), app=desk.app)
    foreign = other.get("/staff").get_data(as_text=True).split('name="csrf" value="')[1].split('"')[0]
    for endpoint, rule in routes(desk.app).items():
        if "POST" in rule.methods and endpoint in GUARDS:
            for token in ("", "wrong", foreign):
                assert desk.post(address_of(rule), csrf=token).status_code == 403, endpoint
            assert desk.get("/staff").status_code == 200


def test_a_request_that_no_proxy_of_ours_has_sent_finds_no_dashboard(house: House):
    desk = Desk(house, an_administrator(house))
    for base in ("https://evil.test/", "http://127.0.0.1/", "https://club.test:444/"):
        assert desk.get("/overview", base_url=base).status_code == 404
    closed = Desk(house, app=with_dashboard(house, address=""))
    assert closed.get("/overview").status_code == 404


def test_without_a_secret_nothing_is_shown(house: House):
    app = with_dashboard(house)
    app.extensions["gatepost"].secret = None
    desk = Desk(house, an_administrator(house), app=app)
    assert [desk.get(path).status_code for path in ("/overview", "/sign-in", "/enter?token=x")] == [404] * 3


def test_pages_forbid_scripts_of_strangers_framing_and_caching(house: House):
    desk = Desk(house, an_administrator(house))
    for path in ("/overview", "/sign-in", "/no-such-screen", "/staff"):
        headers = desk.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Cache-Control"] == "private, no-store"
        assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
        assert headers["Referrer-Policy"] == "same-origin"


def test_the_cookie_is_kept_from_scripts_and_from_plain_http_and_belongs_to_the_dashboard_alone(house: House):
    desk = Desk(house)
    link = make_link(house.tables, an_administrator(house))
    answer = desk.get(f"/enter?token={link}")
    parts = set(answer.headers["Set-Cookie"].split("; ")[1:])
    assert parts == {"Secure", "HttpOnly", "Path=/office/", "SameSite=Lax"}


# --- links and sessions -----------------------------------------------------------------------------------------------


def test_a_link_works_once(house: House):
    link = make_link(house.tables, an_administrator(house))
    assert enter(house.tables, link, LASTING, ip="", now=house.clock.now())
    with pytest.raises(NotSignedOn):
        enter(house.tables, link, LASTING, ip="", now=house.clock.now())


def test_a_link_is_too_old_after_a_minute(house: House):
    link = make_link(house.tables, an_administrator(house))
    with transaction() as session:
        session.execute(staff_links.update().values(made_s=staff_links.c.made_s - LINK_SECONDS - 1))
    with pytest.raises(NotSignedOn):
        enter(house.tables, link, LASTING, ip="", now=house.clock.now())


def test_charlie_who_is_no_staff_gets_no_link(house: House):
    with pytest.raises(Refused):
        make_link(house.tables, house.user("charlie"))


def test_who_lost_the_role_between_link_and_click_does_not_come_in(house: House):
    user = an_administrator(house)
    link = make_link(house.tables, user)
    set_roles(house, user, {"subscriber": True})
    with pytest.raises(NotSignedOn):
        enter(house.tables, link, LASTING, ip="", now=house.clock.now())


@pytest.mark.parametrize(("column", "by"), [("seen_s", LASTING.idle_s), ("begun_s", LASTING.longest_s)])
def test_a_session_ends_when_idle_and_when_old_and_its_row_goes(house: House, column: str, by: float):
    drawn = signed_on(house)
    assert find_person(house.tables, drawn, LASTING) is not None
    with transaction() as session:
        session.execute(staff_sessions.update().values({column: staff_sessions.c[column] - by}))
    assert find_person(house.tables, drawn, LASTING) is None
    with reading() as reader:
        assert find_session(reader, digest_of(drawn)) is None


def test_a_role_named_like_a_capability_administers_nothing(house: House):
    with_dashboard(house)
    user = house.user("mallory")
    house.meta(user, house.tables.capabilities_key, dumps({"manage_options": True}))
    with pytest.raises(Refused):
        make_link(house.tables, user)


def set_roles(house: House, user: int, roles: dict[str, bool]) -> None:
    meta = house.tables.usermeta
    with transaction() as session:
        session.execute(meta.update().where(meta.c.user_id == user).values(meta_value=dumps(roles)))


def signed_on(house: House) -> str:
    with_dashboard(house)
    link = make_link(house.tables, an_administrator(house))
    return enter(house.tables, link, LASTING, ip="", now=house.clock.now())


# --- the password -----------------------------------------------------------------------------------------------------

HASH = "$P$B" + "x" * 30


def with_password(house: House, login: str = "owner", password: str = "open sesame") -> int:
    import bcrypt

    user = an_administrator(house, login)
    stored = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
    users = house.tables.users
    with transaction() as session:
        session.execute(users.update().where(users.c.id == user).values(user_pass=stored))
    return user


def test_a_password_opens_nothing_unless_the_owner_has_allowed_it(house: House):
    desk = Desk(house)
    with_password(house)
    assert desk.post("/sign-in", name="owner", password="open sesame").status_code == 409
    allowed = Desk(house, password_sign_in=True)
    answer = allowed.post("/sign-in", name="owner", password="open sesame")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/office/")


def test_a_wrong_password_a_stranger_and_no_staff_are_told_the_same(house: House):
    desk = Desk(house, password_sign_in=True)
    with_password(house)
    house.user("charlie", user_pass="5f4dcc3b5aa765d61d8327deb882cf99")  # the MD5 of "password"
    answers = [
        desk.post("/sign-in", name=name, password=password)
        for name, password in (("owner", "wrong"), ("nobody", "x"), ("charlie", "password"), ("owner", ""))
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.get_data() for answer in answers}) == 1


def test_after_ten_tries_even_the_right_password_waits(house: House):
    desk = Desk(house, password_sign_in=True)
    with_password(house)
    for _try in range(10):
        desk.post("/sign-in", name="Owner ", password="guess")
    answer = desk.post("/sign-in", name="owner", password="open sesame")
    assert answer.status_code == 403
    assert "too often" in answer.get_data(as_text=True)


def test_the_address_of_the_configured_place_is_the_one_in_links(house: House):
    desk = Desk(house, an_administrator(house))
    assert URL.endswith("/office")
    assert 'href="/office/staff"' in desk.get("/overview").get_data(as_text=True)
