"""The rule index: what the bridge knows to be protected while nobody can be asked."""

import json
from typing import Any

import pytest

from tests.bed.mariadb import MariaDB, database_name
from tests.bed.site import Site
from tests.bridge.conftest import in_web_server, refetch_index
from tests.bridge.scripted_sidecar import ScriptedSidecar, a_page, an_index

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)


def index_of(site: Site) -> dict[str, Any] | None:
    found: dict[str, Any] | None = json.loads(site.php("echo wp_json_encode(Gatepost\\index());"))
    return found


def marked_posts(site: Site) -> list[int]:
    found: list[int] = json.loads(site.php("echo wp_json_encode(Gatepost\\marked_posts());"))
    return found


def answer_a_page(site: Site, answer: dict[str, Any]) -> None:
    """Have the bridge handle an answer, as a page view does; what it does afterwards is done when this returns."""
    in_web_server(site, f"Gatepost\\handle_answer(json_decode('{json.dumps(answer)}', true));")


@VERSIONS
def test_the_index_is_kept_as_the_sidecar_sends_it(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    post = paired_site.new_post("Hidden")
    sidecar.answer(
        "/bridge/v1/index",
        an_index(
            18, types=["lesson"], terms=[8], urls=["/members/*"], posts=[post], core_pages={"login": 40}
        ),
    )

    refetch_index(paired_site)

    index = index_of(paired_site)
    assert index is not None
    assert (index["version"], index["generation"]) == (1, 18)
    assert (index["types"], index["terms"], index["urls"]) == (["lesson"], [8], ["/members/*"])
    assert index["core_pages"] == {"login": 40}
    assert marked_posts(paired_site) == [post]
    assert paired_site.php(f"echo get_post_meta({post}, '_gatepost_governed', true);") == "1"
    assert "gatepost_index" in paired_site.php("echo implode(' ', array_keys(wp_load_alloptions()));")
    assert paired_site.log() == ""


def test_an_answer_of_another_generation_fetches_the_index_after_the_page(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    sidecar.answer("/bridge/v1/index", an_index(2, types=["lesson"]))

    answer_a_page(paired_site, a_page(generation=2))

    assert len(sidecar.requests_to("/bridge/v1/index")) == 1
    assert in_web_server(paired_site, "echo Gatepost\\generation();") == "2"


def test_an_answer_of_the_same_generation_fetches_nothing(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    answer_a_page(paired_site, a_page(generation=1))

    assert sidecar.requests_to("/bridge/v1/index") == []


def test_many_pages_at_once_fetch_it_once(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    for _ in range(3):
        in_web_server(paired_site, "Gatepost\\refetch_index();")

    assert len(sidecar.requests_to("/bridge/v1/index")) == 1


def test_who_asks_for_the_index_waits_for_who_is_storing_one(
    paired_site: Site, sidecar: ScriptedSidecar, mariadb: MariaDB
) -> None:
    sidecar.answer("/bridge/v1/index", an_index(9, types=["lesson"]))
    name = paired_site.php("global $wpdb; echo 'gatepost_index_' . md5( DB_NAME . $wpdb->options );")
    assert mariadb.execute("SELECT GET_LOCK(%s, 0)", [name]) == [(1,)]
    refetch_index(paired_site)
    assert sidecar.requests_to("/bridge/v1/index") == []
    mariadb.execute("SELECT RELEASE_LOCK(%s)", [name])
    refetch_index(paired_site)

    assert paired_site.php("echo Gatepost\\generation();") == "9"


def test_without_an_index_the_bridge_asks_for_one_by_itself(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.php("delete_option('gatepost_index');")

    assert in_web_server(paired_site, "echo Gatepost\\generation();") == "0"

    assert len(sidecar.requests_to("/bridge/v1/index")) == 1
    assert in_web_server(paired_site, "echo Gatepost\\generation();") == "1"


@pytest.mark.parametrize(
    "tamper",
    [
        "$index['types'] = array();",
        "$index['terms'][] = 3;",
        "unset($index['urls']);",
        "$index['generation'] = '1';",
        "$index['checksum'] = '';",
        "unset($index['checksum']);",
        "$index['version'] = 2;",
        "$index = 'a string';",
        "$index = array();",
    ],
)
def test_an_index_changed_by_somebody_else_is_none(
    paired_site: Site, sidecar: ScriptedSidecar, tamper: str
) -> None:
    sidecar.answer("/bridge/v1/index", an_index(3, types=["lesson"]))
    refetch_index(paired_site)
    assert index_of(paired_site) is not None
    sidecar.down()

    paired_site.php(
        f"$index = get_option('gatepost_index'); {tamper} update_option('gatepost_index', $index);"
    )

    assert index_of(paired_site) is None
    assert paired_site.log() == ""


@pytest.mark.parametrize(
    "part",
    [
        {"generation": "18"},
        {"types": "lesson"},
        {"terms": [[8]]},
        {"urls": None},
        {"posts": {"a": {}}},
        {"core_pages": 7},
    ],
)
def test_an_index_without_its_shape_leaves_the_old_one(
    paired_site: Site, sidecar: ScriptedSidecar, part: dict[str, Any]
) -> None:
    sidecar.answer("/bridge/v1/index", {**an_index(18), **part})

    refetch_index(paired_site)

    index = index_of(paired_site)
    assert index is not None
    assert index["generation"] == 1
    assert paired_site.log() == ""


def test_posts_are_marked_and_cleared_in_batches_and_closing_comes_first(
    paired_site: Site, sidecar: ScriptedSidecar, mariadb: MariaDB
) -> None:
    database = database_name(paired_site.database_url)
    mariadb.execute(
        f"INSERT INTO `{database}`.wp_postmeta (post_id, meta_key, meta_value) "
        f"SELECT 100000 + seq, '_gatepost_governed', '1' FROM `{database}`.seq_1_to_300"
    )
    wanted = list(range(200001, 200601))
    sidecar.answer("/bridge/v1/index", an_index(5, types=["lesson"], posts=wanted))

    refetch_index(paired_site)

    assert len(set(marked_posts(paired_site)) & set(wanted)) == 500
    assert len(marked_posts(paired_site)) == 800
    index = index_of(paired_site)
    assert index is not None
    assert index["types"] == ["lesson"]
    assert index["generation"] == -1  # so that the next answer asks for the rest

    refetch_index(paired_site)

    index = index_of(paired_site)
    assert index is not None
    assert index["generation"] == 5
    assert marked_posts(paired_site) == wanted


def test_a_mark_is_taken_off_through_wordpress_so_that_its_cache_follows(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.object_cache()
    post = paired_site.new_post("Was hidden")
    sidecar.answer("/bridge/v1/index", an_index(2, posts=[post]))
    refetch_index(paired_site)
    assert in_web_server(paired_site, f"var_dump(Gatepost\\is_marked_post({post}));").strip() == "bool(true)"

    sidecar.answer("/bridge/v1/index", an_index(3))
    refetch_index(paired_site)

    assert in_web_server(paired_site, f"var_dump(Gatepost\\is_marked_post({post}));").strip() == "bool(false)"
