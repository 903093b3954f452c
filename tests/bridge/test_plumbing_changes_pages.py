"""Pages that the sidecar has WordPress make: once each, and the owner's from then on."""

import json
from typing import Any

import pytest

from tests.bed.site import Site
from tests.bridge.scripted_sidecar import ScriptedSidecar
from tests.bridge.test_plumbing_changes import send


def a_page(key: str = "checkout", change_id: str = "c1", **more: Any) -> dict[str, Any]:
    return {
        "id": change_id, "kind": "page", "key": key, "type": "page", "title": "Checkout",
        "content": "<!-- wp:shortcode -->[MM_Form type='checkout']<!-- /wp:shortcode -->", **more,
    }  # fmt: skip


def post(site: Site, post_id: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site.php(f"echo wp_json_encode(get_post({post_id}));"))
    return found


@pytest.mark.parametrize("site", ["6.1", "newest"], indirect=True)
def test_a_page_is_published_as_it_was_written_and_its_id_is_answered(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    answer = send(paired_site, sidecar.secret, [a_page(title="Panier d'Alice \\ “été”")])

    made = post(paired_site, answer.json()["made"]["c1"])
    assert (made["post_status"], made["post_type"], made["post_title"]) == (
        "publish", "page", "Panier d'Alice \\ “été”",
    )  # fmt: skip
    assert made["post_content"] == a_page()["content"]
    assert made["post_author"] == "1"
    assert made["comment_status"] == "closed"
    assert paired_site.log() == ""


def test_a_second_time_the_same_page_is_answered_and_what_its_owner_wrote_stays(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    first = send(paired_site, sidecar.secret, [a_page()]).json()["made"]["c1"]
    paired_site.php(
        f"wp_update_post(array('ID' => {first}, 'post_title' => 'Mine', 'post_status' => 'draft'));"
    )

    second = send(paired_site, sidecar.secret, [a_page(change_id="c2")]).json()

    assert second == {"done": ["c2"], "failed": {}, "made": {"c2": first}}
    assert post(paired_site, first)["post_title"] == "Mine"


def test_a_page_in_the_trash_is_made_anew(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    first = send(paired_site, sidecar.secret, [a_page()]).json()["made"]["c1"]
    paired_site.php(f"wp_trash_post({first});")
    assert send(paired_site, sidecar.secret, [a_page(change_id="c2")]).json()["made"]["c2"] != first


def test_scripts_are_no_part_of_a_page(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    made = send(paired_site, sidecar.secret, [a_page(content="<p>a</p><script>alert(1)</script>")]).json()[
        "made"
    ]
    assert "<script" not in post(paired_site, made["c1"])["post_content"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "plugin"},
        {"type": "attachment"},
        {"key": ""},
        {"key": "../x"},
        {"title": " "},
        {"title": ["x"]},
    ],
)
def test_anything_else_is_not_made(
    paired_site: Site, sidecar: ScriptedSidecar, wrong: dict[str, Any]
) -> None:
    before = paired_site.php("echo wp_count_posts('page')->publish;")
    answer = send(paired_site, sidecar.secret, [{**a_page(), **wrong}]).json()
    assert answer == {"done": [], "failed": {"c1": "This is no page that Gatepost makes."}}
    assert paired_site.php("echo wp_count_posts('page')->publish;") == before
