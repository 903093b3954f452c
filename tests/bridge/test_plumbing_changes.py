"""What the sidecar wants changed in WordPress: through WordPress's API, on its answers and by its own signed route."""

import json
import os
import time
from typing import Any

import pytest
import requests

from tests.bed.mariadb import MariaDB, database_name
from tests.bed.site import Site
from tests.bridge.conftest import in_web_server, install_bridge
from tests.bridge.scripted_sidecar import ScriptedSidecar, a_page, an_index, sign_answer, sign_request

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)

PRETTY = "/wp-json/gatepost/v1/changes"
PLAIN = "/?rest_route=/gatepost/v1/changes"


def send(
    site: Site,
    secret: str,
    changes: Any,
    *,
    to: str = PRETTY,
    claimed_site: str = "",
    body: bytes = b"",
    signed: dict[str, str] | None = None,
    **request: Any,
) -> requests.Response:
    """POST changes as the sidecar's outbox does."""
    body = body or json.dumps({"changes": changes}).encode()
    headers = sign_request(secret, claimed_site or site.url, "POST", "/gatepost/v1/changes", body, **request)
    return site.post(to, data=body, headers={"Content-Type": "application/json", **(signed or headers)})


def is_signed(answer: requests.Response, secret: str) -> bool:
    """Whether the answer repeats the request's id and is signed over it."""
    request_id = answer.request.headers["X-Gatepost-Id"]
    return answer.headers.get("X-Gatepost-Id") == request_id and answer.headers.get(
        "X-Gatepost-Signature"
    ) == sign_answer(secret, request_id, answer.status_code, answer.content)


def roles_of(site: Site, user: int) -> list[str]:
    found: list[str] = json.loads(
        site.php(f"echo wp_json_encode(array_values(get_userdata({user})->roles));")
    )
    return found


def give(user: int, *add: str, remove: tuple[str, ...] = (), change_id: str = "c1") -> dict[str, Any]:
    return {"id": change_id, "kind": "roles", "user": user, "add": list(add), "remove": list(remove)}


@VERSIONS
@pytest.mark.parametrize("route", [PRETTY, PLAIN])
def test_changes_are_applied_and_the_answer_is_signed(
    paired_site: Site, sidecar: ScriptedSidecar, route: str
) -> None:
    alice = paired_site.user("alice")
    if route == PLAIN:
        paired_site.option("permalink_structure", "")

    answer = send(paired_site, sidecar.secret, [give(alice, "author", remove=("subscriber",))], to=route)

    assert answer.status_code == 200
    assert answer.json() == {"done": ["c1"], "failed": {}}
    assert is_signed(answer, sidecar.secret)
    assert roles_of(paired_site, alice) == ["author"]
    assert paired_site.log() == ""


def test_a_role_is_given_through_wordpress_so_that_caches_and_hooks_follow(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.object_cache()
    alice = paired_site.user("alice")
    assert in_web_server(paired_site, f"echo implode(get_userdata({alice})->roles);") == "subscriber"
    paired_site.mu_plugin(
        "listens",
        "add_action('add_user_role', function ($id, $role) { update_option('heard', \"$id $role\"); }, 10, 2);",
    )

    send(paired_site, sidecar.secret, [give(alice, "author")])

    assert in_web_server(paired_site, f"echo implode(get_userdata({alice})->roles);") == "subscriberauthor"
    assert paired_site.php("echo get_option('heard');") == f"{alice} author"


def test_roles_that_the_bridge_gives_are_not_told_back(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    alice = paired_site.user("alice")
    sidecar.forget()

    send(paired_site, sidecar.secret, [give(alice, "author")])
    in_web_server(paired_site, "Gatepost\\note_logout(1);")
    sidecar.wait_for("/bridge/v1/events")

    assert [event["kind"] for event in sidecar.events()] == ["logout"]


@pytest.mark.parametrize("role", ["administrator", "editor", "shopkeeper"])
def test_a_role_with_an_administrative_capability_is_neither_given_nor_taken(
    paired_site: Site, sidecar: ScriptedSidecar, role: str
) -> None:
    paired_site.php("add_role('shopkeeper', 'Shopkeeper', array('read' => true, 'edit_users' => true));")
    alice = paired_site.user("alice")
    bob = paired_site.user("bob", role=role)

    answer = send(
        paired_site,
        sidecar.secret,
        [give(alice, role), give(bob, remove=(role,), change_id="c2"), give(alice, "author", change_id="c3")],
    )

    assert answer.json()["done"] == ["c3"]
    assert set(answer.json()["failed"]) == {"c1", "c2"}
    assert "administrative capability" in answer.json()["failed"]["c1"]
    assert roles_of(paired_site, alice) == ["subscriber", "author"]
    assert roles_of(paired_site, bob) == [role]


@pytest.mark.parametrize(
    "capability",
    [
        "edit_others_posts",
        "edit_others_pages",
        "manage_woocommerce",
        "install_languages",
        "update_languages",
        "resume_plugins",
        "resume_themes",
        "setup_network",
        "level_8",
        "level_9",
        "level_10",
    ],
)
def test_a_capability_over_others_work_or_the_site_is_administrative(
    paired_site: Site, sidecar: ScriptedSidecar, capability: str
) -> None:
    paired_site.php("add_role('powerful', 'Powerful', array('read' => true, $args[0] => true));", capability)
    alice = paired_site.user("alice")

    answer = send(paired_site, sidecar.secret, [give(alice, "powerful")])

    assert "administrative capability" in answer.json()["failed"]["c1"]
    assert roles_of(paired_site, alice) == ["subscriber"]


def test_a_role_that_the_site_does_not_have_fails_in_words(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")

    answer = send(paired_site, sidecar.secret, [give(alice, "silver"), give(999, "author", change_id="c2")])

    assert answer.json() == {
        "done": [],
        "failed": {"c1": "This site has no role silver.", "c2": "There is no such user."},
    }


def test_a_change_may_be_applied_twice(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    alice = paired_site.user("alice")
    change = give(alice, "author", remove=("subscriber",))

    first = send(paired_site, sidecar.secret, [change])
    second = send(paired_site, sidecar.secret, [change])

    assert first.json() == second.json() == {"done": ["c1"], "failed": {}}
    assert roles_of(paired_site, alice) == ["author"]


def test_a_request_that_is_replayed_changes_nothing_any_more(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    request_id = os.urandom(16).hex()
    send(paired_site, sidecar.secret, [give(alice, "author")], request_id=request_id)
    send(paired_site, sidecar.secret, [give(alice, remove=("author",), change_id="c2")])

    replayed = send(paired_site, sidecar.secret, [give(alice, "author")], request_id=request_id)

    assert replayed.json() == {"done": ["c1"], "failed": {}}
    assert roles_of(paired_site, alice) == ["subscriber"]


def test_sessions_are_destroyed_but_never_an_administrators(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    assert paired_site.get("/wp-admin/profile.php", user="alice").status_code == 200

    answer = send(
        paired_site,
        sidecar.secret,
        [{"id": "c1", "kind": "sessions", "user": alice}, {"id": "c2", "kind": "sessions", "user": 1}],
    )

    assert answer.json()["done"] == ["c1"]
    assert "c2" in answer.json()["failed"]
    assert paired_site.get("/wp-admin/profile.php", user="alice").status_code == 302
    assert paired_site.get("/wp-admin/", user="admin").status_code == 200


def test_an_index_is_stored(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    answer = send(
        paired_site,
        sidecar.secret,
        [
            {"id": "c1", "kind": "index", "index": an_index(7, types=["lesson"])},
            {"id": "c2", "kind": "index", "index": {"generation": 8}},
        ],
    )

    assert answer.json()["done"] == ["c1"]
    assert "c2" in answer.json()["failed"]
    assert paired_site.php("echo Gatepost\\generation();") == "7"


def test_an_index_that_was_overtaken_on_its_way_opens_nothing_again(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    post = paired_site.new_post("Closed since")
    send(paired_site, sidecar.secret, [{"id": "c0", "kind": "index", "index": an_index(9, posts=[post])}])

    answer = send(
        paired_site, sidecar.secret, [{"id": "c1", "kind": "index", "index": an_index(8, types=["lesson"])}]
    )

    assert answer.json()["done"] == ["c1"]
    assert paired_site.php("echo wp_json_encode(Gatepost\\marked_posts());") == f"[{post}]"
    assert paired_site.php("echo Gatepost\\generation();") == "9"


def test_a_user_changed_by_sql_is_seen_after_forget(
    paired_site: Site, sidecar: ScriptedSidecar, mariadb: MariaDB
) -> None:
    paired_site.object_cache()
    alice = paired_site.user("alice")
    name = f"echo get_userdata({alice})->display_name;"
    assert in_web_server(paired_site, name) == "alice"
    mariadb.execute(
        f"UPDATE `{database_name(paired_site.database_url)}`.wp_users SET display_name = 'Alicia' WHERE ID = {alice}"
    )
    assert in_web_server(paired_site, name) == "alice"

    answer = send(paired_site, sidecar.secret, [{"id": "c1", "kind": "forget", "users": [alice]}])

    assert answer.json()["done"] == ["c1"]
    assert in_web_server(paired_site, name) == "Alicia"


def test_another_plugin_that_throws_fails_one_change_and_not_the_others(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice, bob = paired_site.user("alice"), paired_site.user("bob")
    paired_site.mu_plugin(
        "throws",
        f"add_action('add_user_role', function ($id) {{ if ({alice} === $id) {{ throw new Error('x'); }} }});",
    )

    answer = send(paired_site, sidecar.secret, [give(alice, "author"), give(bob, "author", change_id="c2")])

    assert answer.json()["done"] == ["c2"]
    assert answer.json()["failed"] == {"c1": "WordPress or another plugin failed: Error"}
    assert paired_site.log() == ""


@VERSIONS
def test_a_request_without_a_right_signature_is_refused_unsigned(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    changes = [give(alice, "author")]

    unsigned = paired_site.post(PRETTY, json={"changes": changes})
    wrong = send(paired_site, "0" * 64, changes)
    other_body = send(
        paired_site,
        sidecar.secret,
        changes,
        signed=sign_request(sidecar.secret, paired_site.url, "POST", "/gatepost/v1/changes", b"{}"),
    )
    by_admin = paired_site.post(PRETTY, user="admin", json={"changes": changes})

    assert [
        (answer.status_code, answer.json()["error"]) for answer in (unsigned, wrong, other_body, by_admin)
    ] == [
        (401, "unsigned"),
        (401, "bad_signature"),
        (401, "bad_signature"),
        (401, "unsigned"),
    ]
    assert all("X-Gatepost-Signature" not in answer.headers for answer in (unsigned, wrong, other_body))
    assert roles_of(paired_site, alice) == ["subscriber"]
    assert paired_site.log() == ""


@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_old_or_early_signature_is_refused(
    paired_site: Site, sidecar: ScriptedSidecar, seconds: int
) -> None:
    alice = paired_site.user("alice")

    answer = send(paired_site, sidecar.secret, [give(alice, "author")], at=int(time.time()) + seconds)

    assert (answer.status_code, answer.json()["error"]) == (401, "stale")
    assert roles_of(paired_site, alice) == ["subscriber"]


def test_a_request_for_another_site_is_refused_signed(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    answer = send(paired_site, sidecar.secret, [], claimed_site="https://other.example")

    assert (answer.status_code, answer.json()["error"]) == (403, "other_site")
    assert is_signed(answer, sidecar.secret)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"changes": 5}', b'"x"'])
def test_a_body_without_changes_is_refused_signed(
    paired_site: Site, sidecar: ScriptedSidecar, body: bytes
) -> None:
    answer = send(paired_site, sidecar.secret, None, body=body)

    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    assert "changes" in answer.json()["message"]
    assert is_signed(answer, sidecar.secret)


@pytest.mark.parametrize("change", [5, {}, {"id": 7}, {"id": "c9", "kind": "x"}, {"id": "c9", "kind": ["x"]}])
def test_a_change_of_no_known_kind_is_never_done(
    paired_site: Site, sidecar: ScriptedSidecar, change: Any
) -> None:
    answer = send(paired_site, sidecar.secret, [change])

    assert answer.status_code == 200
    assert answer.json()["done"] == []
    assert paired_site.log() == ""


def test_a_site_that_is_not_paired_refuses_everything(site: Site) -> None:
    install_bridge(site)
    site.activate("gatepost")

    answer = send(site, "", [])

    assert (answer.status_code, answer.json()["error"]) == (503, "no_secret")
    assert "X-Gatepost-Signature" not in answer.headers
    assert site.log() == ""


def test_changes_that_ride_on_an_answer_are_applied_after_the_page_and_reported(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    answer = a_page(
        changes=[
            give(alice, "author"),
            {"id": "c2", "kind": "roles", "user": alice, "add": ["administrator"]},
        ]
    )

    in_web_server(paired_site, f"Gatepost\\handle_answer(json_decode('{json.dumps(answer)}', true));")

    (report,) = sidecar.wait_for("/bridge/v1/page")
    assert report.body["done"] == ["c1"]
    assert (report.body["part"], report.body["view"], report.body["viewer"]) == (2, {"kind": "other"}, None)
    assert roles_of(paired_site, alice) == ["subscriber", "author"]
    assert paired_site.log() == ""
