"""The guard: nobody without the secret is answered, and nothing they send is kept."""

import io
import time

import pytest

from sidecar.app import create_app
from sidecar.signatures import HEADERS
from tests.house import SECRET, a_config
from tests.web.client import Bridge, signed_headers

PAGE = "/bridge/v1/page"
GUARDED = {
    "/bridge/v1/page", "/bridge/v1/search", "/bridge/v1/index", "/bridge/v1/login", "/bridge/v1/events",
    "/bridge/v1/ping", "/bridge/v1/privacy/export", "/bridge/v1/privacy/erase",
    "/bridge/v1/form", "/bridge/v1/webhooks/<gateway>", "/bridge/v1/preview",
    "/bridge/v1/dashboard", "/bridge/v1/dashboard/link", "/bridge/v1/invoice",
}  # fmt: skip


def routes(house):
    """Those of the bridge; the dashboard's have their guards listed in tests/dashboard/test_doors.py."""
    rules = house.app.url_map.iter_rules()
    return {
        one.rule for one in rules if not one.endpoint.startswith("dashboard.") and one.endpoint != "static"
    }


def test_every_route_is_listed_here_and_answers_nobody_without_a_signature(house):
    assert routes(house) == GUARDED
    for path in GUARDED:
        response = house.app.test_client().post(path, data=b"{}")
        assert (response.status_code, response.get_json()["error"]) == (401, "unsigned"), path
        assert "X-Gatepost-Signature" not in response.headers


@pytest.mark.parametrize(
    ("signing", "error"),
    [
        ({"secret": "0" * 64}, "bad_signature"),
        ({"off_by": -1_000_000}, "stale"),
        ({"off_by": -320}, "stale"),
        ({"off_by": 320}, "stale"),
    ],
)
def test_a_wrong_or_old_signature_is_refused_and_writes_nothing(house, signing, error):
    member = house.member(house.level())
    before = len(house.events())
    body = b'{"view": {"count": true}, "viewer": {"user": %d}}' % member.user_id
    if "off_by" in signing:
        signing = {"at": time.time() + signing["off_by"]}
    response = Bridge(house.app).send(PAGE, body, **signing)
    assert (response.status_code, response.get_json()["error"]) == (401, error)
    assert not (house.service.config.state_dir / "spool").exists()
    assert len(house.events()) == before


class Untouched(io.BytesIO):
    """A body that nobody may read."""

    def read(self, *_size):
        raise AssertionError("the body was read")

    readinto = readline = read1 = read


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, "unsigned"),
        ({"X-Gatepost-Signature": ""}, "unsigned"),
        ({"X-Gatepost-Id": "x"}, "unsigned"),
        ({"X-Gatepost-Time": "soon"}, "unsigned"),
        ({"X-Gatepost-Time": "1"}, "stale"),
        ({"X-Gatepost-Signature": "0" * 63}, "bad_signature"),
    ],
)
def test_the_body_of_who_shows_no_signature_or_an_old_one_is_not_read(house, headers, error):
    sent = {**signed_headers(PAGE, b"{}"), **headers} if headers else {}
    response = house.app.test_client().post(PAGE, input_stream=Untouched(b"{}"), headers=sent)
    assert (response.status_code, response.get_json()["error"]) == (401, error)


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("value", ["", "x", "\u00e9", "9" * 500, "-1", "0x10", "٣٣٣"])
def test_no_header_however_odd_gets_through_or_breaks_anything(house, header, value):
    headers = {**signed_headers(PAGE, b"{}"), header: value}
    response = house.app.test_client().post(PAGE, data=b"{}", headers=headers)
    assert response.status_code == 401


def test_the_signature_covers_the_body_and_the_path(house):
    client = house.app.test_client()
    headers = signed_headers(PAGE, b"{}")
    assert client.post(PAGE, data=b'{"part": 2}', headers=headers).status_code == 401
    assert client.post("/bridge/v1/index", data=b"{}", headers=headers).status_code == 401
    assert client.post(PAGE + "?a=1", data=b"{}", headers=headers).status_code == 401
    assert client.post(PAGE, data=b"{}", headers=headers).status_code == 200


def test_a_clone_with_another_address_is_refused_in_a_signed_answer(house):
    error = Bridge(house.app).ask(PAGE, status=403, site="https://staging.club.test")
    assert error["error"] == "other_site"
    assert "https://staging.club.test" in error["message"]


def test_without_a_secret_everything_is_refused(house):
    house.service.secret = None
    response = Bridge(house.app).send(PAGE)
    assert (response.status_code, response.get_json()["error"]) == (503, "no_secret")


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        (PAGE, b"", "JSON"),
        (PAGE, b"[]", "object"),
        (PAGE, b"\xff\xfe\x00", "JSON"),
        (PAGE, b'{"part": 3}', "part"),
        (PAGE, b'{"posts": [{"id": -1}]}', "posts"),
        (PAGE, b'{"posts": [{"id": "5"}]}', "posts"),
        (PAGE, b'{"posts": [{"id": 5, "hash": "nonsense"}]}', "hash"),
        (PAGE, b'{"viewer": {"user": 1e400}}', "viewer"),
        (PAGE, b'{"texts": [{"hash": 1}]}', "texts"),
        (PAGE, b'{"bodies": {"x": 1}}', "bodies"),
        ("/bridge/v1/events", b'{"events": 5}', "events"),
        ("/bridge/v1/events", b'{"events": [5]}', "events"),
        ("/bridge/v1/login", b"{}", "user"),
        ("/bridge/v1/privacy/export", b'{"email": null}', "email"),
    ],
)
def test_a_signed_request_with_a_bad_body_is_told_which_field(house, path, body, named):
    error = Bridge(house.app).ask(path, body, status=400)
    assert error["error"] == "bad_request"
    assert named in error["message"]


@pytest.mark.parametrize("url", ["mysql+pymysql://x@127.0.0.1:1/x", "sqlite:////nowhere/x.db"])
def test_a_database_that_is_away_is_a_signed_503_and_no_traceback(tmp_path, url):
    app = create_app(a_config(tmp_path, url))
    response = Bridge(app).send(PAGE)
    assert response.status_code == 503
    assert response.get_json()["error"] == "unavailable"
    assert "X-Gatepost-Signature" in response.headers


def test_the_secret_is_in_no_answer(house):
    bridge = Bridge(house.app)
    for path in sorted(GUARDED):
        body = b'{"user": 1, "email": "a@example.test", "events": []}'
        assert SECRET not in bridge.send(path, body).get_data(as_text=True)
