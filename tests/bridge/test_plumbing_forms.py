"""Forms that members and visitors send: who they are, the token that counts once, and what reaches the sidecar."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.bed.site import Site
from tests.bridge.conftest import in_web_server, install_bridge
from tests.bridge.form_sender import ROUTE, FormSender
from tests.bridge.scripted_sidecar import Failure, ScriptedSidecar, Slow, a_form_answer
from tests.bridge.test_plumbing_breaker import MEMORIES

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)

ASKED = "/bridge/v1/form"


@VERSIONS
def test_a_visitors_form_reaches_the_sidecar_with_what_wordpress_knows(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    visitor = FormSender(paired_site)

    answer = visitor.send(
        {"email": "anna@example.test", "product": "7"},
        headers={
            "Referer": paired_site.url + "/join/now/?affid=42&sid=x&gatepost_order=secret",
            "X-Forwarded-For": "203.0.113.5",
        },
    )

    assert answer.json() == {"state": "ok", "message": "", "errors": {}, "data": {}, "redirect": ""}
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert sidecar.requests_to(ASKED)[0].body == {
        "form": "checkout",
        "step": "begin",
        "fields": {"email": "anna@example.test", "product": "7"},
        "viewer": None,
        "language": "en_US",
        "ip": "127.0.0.1",
        "forwarded": "203.0.113.5",
        "agent": "a test's browser",
        "url": "/join/now/",
        "affid": "42",
        "sid": "x",
        "created_user": None,
    }
    assert paired_site.log() == ""


@pytest.mark.parametrize(
    ("address", "cookie", "whose"),
    [
        ("/join/", "affid=anna&sid=letter", ("anna", "letter")),
        ("/join/?affid=42", "affid=anna&sid=letter", ("42", "")),
        ("/join/", "affid[]=x&sid=%3Cb%3E", ("", "")),
        ("/join/", "", ("", "")),
    ],
)
def test_who_sent_a_visitor_is_known_from_the_page_or_from_the_one_he_came_by(
    paired_site: Site, sidecar: ScriptedSidecar, address: str, cookie: str, whose: tuple[str, str]
) -> None:
    visitor = FormSender(paired_site)
    visitor.http.cookies.set("gatepost_arrival", quote(cookie))
    visitor.send({"email": "anna@example.test"}, headers={"Referer": paired_site.url + address})
    (asked,) = sidecar.requests_to(ASKED)
    assert (asked.body["affid"], asked.body["sid"]) == whose


@VERSIONS
def test_a_members_form_goes_by_wordpresss_nonce_and_says_who_he_is(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice", first_name="Alice")
    member = FormSender(paired_site, "alice")

    given = member.credential("myaccount").json()
    answer = member.send({"subscription": "9"}, form="myaccount", step="cancel")

    (asked,) = sidecar.requests_to(ASKED)
    assert (given["signed_in"], given["token"]) == (True, "")
    assert answer.json()["state"] == "ok"
    assert asked.body["viewer"]["user"] == alice
    assert asked.body["viewer"]["first_name"] == "Alice"
    assert (asked.body["form"], asked.body["step"]) == ("myaccount", "cancel")
    assert paired_site.log() == ""


@pytest.mark.parametrize("form", ["checkout", "myaccount"])
def test_a_cookie_without_a_right_nonce_is_refused_in_words_and_never_a_visitor(
    paired_site: Site, sidecar: ScriptedSidecar, form: str
) -> None:
    paired_site.user("alice")
    paired_site.user("bob")
    member, visitor = FormSender(paired_site, "alice"), FormSender(paired_site)
    token = visitor.token(form)
    member.http.cookies.update(visitor.http.cookies)

    without = member.send(form=form, nonce="", token=token)
    foreign = member.send(form=form, nonce=FormSender(paired_site, "bob").credential(form).json()["nonce"])

    assert (without.status_code, without.json()["state"]) == (403, "token")
    assert "reload it" in without.json()["message"]
    assert (foreign.status_code, foreign.json()["code"]) == (403, "rest_cookie_invalid_nonce")
    assert sidecar.requests_to(ASKED) == []


def test_pages_of_other_sites_get_neither_nonce_nor_answer(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.user("alice")
    member = FormSender(paired_site, "alice")
    nonce = member.credential().json()["nonce"]

    for origin in ("https://evil.example", "null", paired_site.url + ".evil.example"):
        asked = member.credential(headers={"Origin": origin})
        sent = member.send(nonce=nonce, headers={"Origin": origin})
        assert (asked.status_code, sent.status_code) == (403, 403), origin
        assert "nonce" not in asked.json()
    assert sidecar.requests_to(ASKED) == []
    assert member.credential(headers={"Origin": paired_site.url}).status_code == 200


def test_a_script_of_another_site_gets_no_nonce_out_of_the_answer(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.user("alice")
    member = FormSender(paired_site, "alice")
    del member.http.headers["Origin"]
    json = {"Content-Type": "application/json"}
    own = {**json, "Origin": paired_site.url}

    for route in ("/wp-json/gatepost/v1/forms/token?", "/?rest_route=/Gatepost/v1/forms/token/&"):
        address = f"{paired_site.url}{route}_method=POST&form=checkout"
        for query in ("", "&_jsonp=f"):
            for headers in (json, own):
                answer = member.http.get(address + query, headers=headers, timeout=60)
                assert (answer.status_code >= 400, "nonce" in answer.text) == (True, False), answer.text
        posted = member.http.post(address + "&_jsonp=f", headers=own, timeout=60)
        assert posted.json()["code"] == "rest_callback_disabled"


def test_a_nonce_is_given_to_a_page_of_this_site_alone(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.user("alice")
    member = FormSender(paired_site, "alice")
    del member.http.headers["Origin"]

    assert member.credential().status_code == 403
    assert member.credential(headers={"Sec-Fetch-Site": "same-site"}).status_code == 403
    assert member.credential(headers={"Sec-Fetch-Site": "same-origin"}).json()["nonce"] != ""
    assert member.credential(headers={"Origin": paired_site.url}).json()["nonce"] != ""
    plain = member.http.post(
        paired_site.url + ROUTE + "token",
        data={"form": "checkout"},
        headers={"Origin": paired_site.url},
        timeout=60,
    )
    assert plain.status_code == 400


@pytest.mark.parametrize("memory", list(MEMORIES))
def test_a_token_counts_once(paired_site: Site, sidecar: ScriptedSidecar, memory: str) -> None:
    MEMORIES[memory](paired_site)
    visitor = FormSender(paired_site)
    token = visitor.token()

    first = visitor.send(token=token)
    again = visitor.send(token=token)

    assert first.json()["state"] == "ok"
    assert (again.status_code, again.json()["state"]) == (403, "token")
    assert len(sidecar.requests_to(ASKED)) == 1
    assert paired_site.log() == ""


@pytest.mark.parametrize("memory", list(MEMORIES))
def test_of_two_submits_at_once_with_one_token_one_is_processed(
    paired_site: Site, sidecar: ScriptedSidecar, memory: str
) -> None:
    MEMORIES[memory](paired_site)
    visitor = FormSender(paired_site)
    token = visitor.token()
    sidecar.faults[ASKED] = Slow(1.5)

    with ThreadPoolExecutor() as pool:
        sent = [pool.submit(visitor.send, token=token) for _ in range(2)]
        states = sorted(answer.result().json()["state"] for answer in sent)

    assert states == ["ok", "token"]
    assert len(sidecar.requests_to(ASKED)) == 1


@pytest.mark.parametrize("answer", [a_form_answer("error", errors={"email": "Wrong."}), (503, {}), (400, {})])
def test_a_token_is_not_used_up_by_what_was_not_processed(
    paired_site: Site, sidecar: ScriptedSidecar, answer: object
) -> None:
    visitor = FormSender(paired_site)
    token = visitor.token()
    sidecar.answer(ASKED, lambda _request: answer)  # type: ignore[arg-type,return-value]
    assert visitor.send(token=token).json()["state"] == "error"
    sidecar.answer(ASKED, a_form_answer())

    assert visitor.send(token=token).json()["state"] == "ok"


def test_a_token_is_of_one_browser_session_and_one_form(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    visitor, other = FormSender(paired_site), FormSender(paired_site)
    token = visitor.token()
    other.token()

    assert other.send(token=token).status_code == 403
    assert visitor.send(token=token, form="myaccount").status_code == 403
    assert visitor.send(token="").status_code == 403
    assert visitor.send(token=token[:-1] + ("0" if token[-1] != "0" else "1")).status_code == 403
    assert sidecar.requests_to(ASKED) == []
    assert visitor.send(token=token).status_code == 200


@pytest.mark.parametrize(("seconds_left", "status"), [(0, 403), (60, 200)])
def test_a_token_runs_out(
    paired_site: Site, sidecar: ScriptedSidecar, seconds_left: int, status: int
) -> None:
    visitor = FormSender(paired_site)
    visitor.token()
    session = visitor.http.cookies["gatepost_form"]
    expires, token_id = int(time.time()) + seconds_left, "a" * 32
    mac = in_web_server(
        paired_site, f"echo Gatepost\\form_token_mac('checkout', '{token_id}', '{expires}', '{session}');"
    )

    assert visitor.send(token=f"{token_id}-{expires}-{mac}").status_code == status


def test_tokens_live_two_hours(paired_site: Site) -> None:
    expires = int(FormSender(paired_site).token().split("-")[1])

    assert abs(expires - time.time() - 7200) < 30


def test_the_cookie_of_a_browser_session_goes_to_the_forms_alone(paired_site: Site) -> None:
    visitor = FormSender(paired_site)

    given = visitor.credential()
    cookie = given.headers["Set-Cookie"]

    assert "path=/wp-json/gatepost/v1/forms" in cookie
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert "expires" not in cookie.lower()
    assert "Set-Cookie" not in visitor.credential().headers  # it stays the same one
    assert given.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("memory", list(MEMORIES))
def test_one_address_gets_thirty_tokens_a_minute(paired_site: Site, memory: str) -> None:
    MEMORIES[memory](paired_site)
    paired_site.user("alice")
    if time.time() % 60 > 45:  # a new minute would count anew
        in_web_server(paired_site, "sleep(16);")
    visitor = FormSender(paired_site)

    statuses = [visitor.credential().status_code for _ in range(31)]

    refused = visitor.credential()
    assert statuses == [200] * 30 + [429]
    assert refused.headers["Retry-After"] == "60"
    assert "wait a minute" in refused.json()["message"]
    assert FormSender(paired_site, "alice").credential().status_code == 200  # a member's nonce costs nothing
    behind_a_proxy = visitor.credential(headers={"X-Forwarded-For": "203.0.113.5, 198.51.100.7"})
    assert behind_a_proxy.status_code == 200


def test_whoever_makes_up_proxies_runs_into_what_his_connection_gets(paired_site: Site) -> None:
    if time.time() % 60 > 45:  # a new minute would count anew
        in_web_server(paired_site, "sleep(16);")
    in_web_server(
        paired_site, "for ($n = 0; $n < 600; $n++) { Gatepost\\count_this_minute('127.0.0.1 in all'); }"
    )

    assert FormSender(paired_site).credential(headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 429
    code = "echo (string) Gatepost\\count_this_minute('127.0.0.1 203.0.113.9');"
    assert in_web_server(paired_site, code) == "1"  # nothing was kept of an address that he has made up


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
        ("made up", "made up"),
    ],
)
def test_of_an_ipv6_address_the_network_is_counted(paired_site: Site, address: str, counted: str) -> None:
    assert paired_site.php("echo Gatepost\\counted_address($args[0]);", address) == counted


def test_of_a_long_chain_of_proxies_the_end_is_kept(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    made_up = ", ".join(f"198.51.100.{number}" for number in range(99))

    FormSender(paired_site).send(headers={"X-Forwarded-For": f"{made_up}, 203.0.113.5"})
    FormSender(paired_site).send(headers={"X-Forwarded-For": f"{'x' * 900}, 203.0.113.5"})
    FormSender(paired_site).send(headers={"X-Forwarded-For": "x" * 900})

    chain, short, none = [request.body["forwarded"] for request in sidecar.requests_to(ASKED)]
    assert made_up.endswith(chain.removesuffix(", 203.0.113.5"))
    assert 450 < len(chain) <= 500
    assert chain.startswith("198.51.100.")
    assert (short, none) == ("203.0.113.5", "")


def test_a_password_never_leaves_wordpress(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.user("alice")
    fields = {"password": "open sesame", "Password_again": "open sesame", "email": "a@example.test"}

    FormSender(paired_site).send(fields)
    FormSender(paired_site, "alice").send(fields, form="myaccount")

    for request in sidecar.requests_to(ASKED):
        assert request.body["fields"] == {"email": "a@example.test"}
        assert b"sesame" not in request.raw
    assert len(sidecar.requests_to(ASKED)) == 2


def test_the_browser_gets_what_is_its_own_of_an_answer(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.answer(
        ASKED,
        a_form_answer(
            "error",
            message="Please look again.",
            errors={"email": "Wrong.", "x": 5},
            data={"order": "tok", "list": [1, 2]},
            redirect="/thanks?a=1&b=2",
            sign_in=1,
            changes=[],
        ),
    )

    assert FormSender(paired_site).send().json() == {
        "state": "error",
        "message": "Please look again.",
        "errors": {"email": "Wrong."},
        "data": {"order": "tok", "list": [1, 2]},
        "redirect": "/thanks?a=1&b=2",
    }


def test_a_redirect_is_an_address_and_no_script(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.answer(ASKED, a_form_answer(redirect="javascript:alert(1)"))

    assert FormSender(paired_site).send().json()["redirect"] == ""


@VERSIONS
def test_while_the_sidecar_is_away_nothing_is_lost_and_it_is_said_politely(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    visitor = FormSender(paired_site)
    token = visitor.token()
    sidecar.down()

    away = visitor.send(token=token)

    assert (away.status_code, away.json()["state"]) == (503, "error")
    assert "Nothing that you have done is lost" in away.json()["message"]
    assert int(away.headers["Retry-After"]) > 0
    sidecar.up()
    assert visitor.send(token=token).json()["state"] == "ok"
    assert paired_site.log() == ""


def test_a_form_of_a_site_that_is_not_paired_is_away(site: Site) -> None:
    install_bridge(site)
    site.activate("gatepost")

    assert FormSender(site).send().status_code == 503


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"step": "begin", "fields": {"a": 5}}, 400),
        ({"step": "begin", "fields": {"a": ["x"]}}, 400),
        ({"step": "begin", "fields": "a"}, 400),
        ({"step": 5, "fields": {}}, 400),
        ({"fields": {}}, 400),
        ("text", 400),
        ([], 400),
        ({"step": "begin", "fields": {"a": "x" * 65_536}}, 413),
    ],
)
def test_what_is_no_form_is_refused_and_asks_nobody(
    paired_site: Site, sidecar: ScriptedSidecar, body: object, status: int
) -> None:
    visitor = FormSender(paired_site)
    token = visitor.token()
    sent = {**body, "token": token} if isinstance(body, dict) else body

    answer = visitor.post("checkout", sent)

    assert (answer.status_code, answer.json()["state"]) == (status, "error")
    assert sidecar.requests_to(ASKED) == []
    assert paired_site.log() == ""


def test_only_json_is_a_form_and_its_body_does_not_rename_it(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    visitor = FormSender(paired_site)
    token = visitor.token()
    plain = visitor.http.post(
        paired_site.url + ROUTE + "checkout",
        data=f'{{"step":"begin","fields":{{}},"token":"{token}"}}',
        headers={"Content-Type": "text/plain"},
        timeout=60,
    )
    renamed = visitor.post("checkout", {"form": "other", "step": "begin", "fields": {}, "token": token})

    assert plain.status_code == 400
    assert renamed.json()["state"] == "ok"
    assert [request.body["form"] for request in sidecar.requests_to(ASKED)] == ["checkout"]
    assert visitor.post("other", {}).status_code == 404
    assert visitor.credential("other").status_code == 400


def test_changes_that_ride_on_a_forms_answer_are_made_and_reported(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    change = {"id": "c1", "kind": "roles", "user": alice, "add": ["author"], "remove": []}
    sidecar.answer(ASKED, a_form_answer(changes=[change]))

    FormSender(paired_site, "alice").send()

    assert sidecar.wait_for("/bridge/v1/page")[0].body["done"] == ["c1"]
    assert "author" in paired_site.php(f"echo implode(' ', get_userdata({alice})->roles);")


def test_a_refusal_of_the_sidecar_is_no_outage(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.faults[ASKED] = Failure(400, "bad_request")

    assert [FormSender(paired_site).send().status_code for _ in range(4)] == [400] * 4


@pytest.mark.parametrize("form", ["cancel", "withdraw"])
def test_who_leaves_needs_no_login_and_his_token_counts_once(
    paired_site: Site, sidecar: ScriptedSidecar, form: str
) -> None:
    visitor = FormSender(paired_site)
    token = visitor.token(form)
    answer = visitor.send(
        {"name": "Anna", "email": "anna@example.test"}, form=form, step="declare", token=token
    )
    assert answer.json()["state"] == "ok"
    (asked,) = sidecar.requests_to(ASKED)
    assert (asked.body["form"], asked.body["step"], asked.body["viewer"]) == (form, "declare", None)
    assert visitor.send({"name": "Anna"}, form=form, step="declare", token=token).status_code == 403
