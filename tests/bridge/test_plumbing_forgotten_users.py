"""A user whom a checkout made and nobody paid for is deleted on the sidecar's word, and nobody else ever is."""

import json

import pytest

from tests.bed.site import Site
from tests.bridge.form_sender import FormSender
from tests.bridge.scripted_sidecar import ScriptedSidecar, sign_request
from tests.bridge.test_plumbing_form_users import ANNA, Checkout, user_of

CHANGES = "/wp-json/gatepost/v1/changes"


@pytest.fixture
def anna(paired_site: Site, sidecar: ScriptedSidecar) -> int:
    """Anna's id: a form has made her, and she never signed in."""
    Checkout(sidecar)
    FormSender(paired_site).send({"email": ANNA["email"], "password": "long enough"})
    user_id: int = user_of(paired_site, ANNA["email"])["id"]
    return user_id


def forget(site: Site, sidecar: ScriptedSidecar, user_id: int) -> None:
    """What the sidecar sends; it is done in any case, so that it is not sent for ever."""
    body = json.dumps({"changes": [{"id": "c1", "kind": "forget_user", "user": user_id}]}).encode()
    headers = sign_request(sidecar.secret, site.url, "POST", "/gatepost/v1/changes", body)
    answer = site.post(CHANGES, data=body, headers={**headers, "Content-Type": "application/json"})
    assert answer.json()["done"] == ["c1"], answer.text


def is_there(site: Site, user_id: int) -> bool:
    return site.php(f"echo get_userdata({user_id}) ? 'yes' : 'no';") == "yes"


@pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)
def test_who_never_signed_in_and_owns_nothing_is_deleted(
    paired_site: Site, sidecar: ScriptedSidecar, anna: int
) -> None:
    for _ in range(2):
        forget(paired_site, sidecar, anna)

    assert not is_there(paired_site, anna)
    assert sidecar.events("user_deleted")[0]["user"] == anna
    assert paired_site.log("/plugins/gatepost/") == ""


@pytest.mark.parametrize(
    "since",
    [
        "wp_insert_post(array('post_title' => 'x', 'post_status' => 'draft', 'post_author' => USER));",
        "wp_insert_comment(array('comment_content' => 'x', 'comment_post_ID' => 1, 'user_id' => USER));",
        "get_userdata(USER)->add_role('author');",
        "get_userdata(USER)->set_role('');",
        "get_userdata(USER)->add_cap('list_users');",
        "wp_set_password('her own', USER);",
        "wp_set_auth_cookie(USER); WP_Session_Tokens::get_instance(USER)->destroy_all();",
        "WP_Session_Tokens::get_instance(USER)->create(time() + 60);",
    ],
)
def test_who_has_become_somebody_stays(
    paired_site: Site, sidecar: ScriptedSidecar, anna: int, since: str
) -> None:
    paired_site.php(since.replace("USER", str(anna)))

    forget(paired_site, sidecar, anna)

    assert is_there(paired_site, anna)


def test_whom_no_form_has_made_stays(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    bob = paired_site.user("bob")

    for user_id in (bob, 1, 0):
        forget(paired_site, sidecar, user_id)

    assert is_there(paired_site, bob)
    assert is_there(paired_site, 1)
