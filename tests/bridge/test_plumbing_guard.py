"""The optional must-use guard: what was protected stays closed while the plugin is deactivated or gone."""

import shutil

import pytest

from tests.bed.plugin_zip import BRIDGE
from tests.bed.site import Site
from tests.bridge.conftest import refetch_index
from tests.bridge.scripted_sidecar import ScriptedSidecar, an_index

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)

SECRET = "Nightingale-words"


@pytest.fixture
def guarded(paired_site: Site, sidecar: ScriptedSidecar) -> dict[str, int]:
    """A site whose plugin has been deactivated and removed; its posts by name."""
    site = paired_site
    term = int(site.php("echo wp_insert_term('Gold', 'category')['term_id'];"))
    site.mu_plugin(
        "lessons",
        "add_action('init', function () { register_post_type('lesson', array('public' => true, 'show_in_rest' => true)); });",
    )
    posts = {
        "marked": site.new_post("Marked", SECRET, post_excerpt=f"{SECRET} in short"),
        "typed": site.new_post("Typed", SECRET, type="lesson"),
        "termed": site.new_post("Termed", SECRET, post_category=[term]),
        "located": site.new_post("Members area", SECRET, type="page"),
        "open": site.new_post("Public", "Everybody reads this"),
    }
    site.php(
        "foreach (array_slice($args, 0, 3) as $id) { wp_insert_comment(array('comment_post_ID' => $id,"
        f"'comment_content' => '{SECRET} said', 'comment_approved' => 1)); }}",
        *posts.values(),
    )
    sidecar.answer(
        "/bridge/v1/index",
        an_index(2, types=["lesson"], terms=[term], urls=["/MEMBERS-*"], posts=[posts["marked"]]),
    )
    refetch_index(site)
    shutil.copy(BRIDGE / "mu-plugin/gatepost-guard.php", site.content / "mu-plugins/gatepost-guard.php")
    site.deactivate("gatepost")
    shutil.rmtree(site.content / "plugins/gatepost")
    return posts


def rest(name: str) -> str:
    return "lesson" if name == "typed" else "pages" if name == "located" else "posts"


@VERSIONS
def test_what_was_protected_stays_closed_at_every_door(site: Site, guarded: dict[str, int]) -> None:
    doors = [
        "/",
        "/feed/",
        "/comments/feed/",
        "/?cat=2",
        "/?post_type=lesson",
        "/?feed=rss2&post_type=lesson",
        "/?s=Nightingale",
        "/wp-json/wp/v2/comments",
        "/wp-json/wp/v2/search?search=Marked",
    ]
    for name, post in guarded.items():
        if name != "open":
            doors += [
                f"/?p={post}",
                f"/?page_id={post}",
                f"/?p={post}&embed=true",
                f"/?p={post}&feed=rss2",
                f"/wp-json/wp/v2/{rest(name)}/{post}?_embed",
                f"/wp-json/wp/v2/{rest(name)}",
            ]

    leaks = [door for door in doors if "ightingale-words" in site.get(door, allow_redirects=True).text]

    assert leaks == []
    assert site.log() == ""


def test_a_closed_page_says_so_and_may_be_tried_again(site: Site, guarded: dict[str, int]) -> None:
    answer = site.get("/marked/")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "300"
    assert "for members" in answer.text
    assert site.get("/public/").status_code == 200


def test_editors_and_the_public_see_what_is_theirs(site: Site, guarded: dict[str, int]) -> None:
    assert SECRET in site.get("/marked/", user="admin").text
    assert "Everybody reads this" in site.get("/public/").text
    assert "Everybody reads this" in site.get(f"/wp-json/wp/v2/posts/{guarded['open']}").text


def test_a_damaged_index_closes_everything(site: Site, guarded: dict[str, int]) -> None:
    site.php("$i = get_option('gatepost_index'); $i['types'] = array(); update_option('gatepost_index', $i);")

    assert site.get("/public/").status_code == 503
    assert "Everybody reads this" not in site.get(f"/wp-json/wp/v2/posts/{guarded['open']}").text


def test_beside_the_running_plugin_the_guard_does_nothing(paired_site: Site) -> None:
    shutil.copy(
        BRIDGE / "mu-plugin/gatepost-guard.php", paired_site.content / "mu-plugins/gatepost-guard.php"
    )

    assert (
        paired_site.php("var_dump(has_filter('the_posts', 'Gatepost_Guard\\close_posts'));").strip()
        == "bool(false)"
    )


def test_without_an_index_the_guard_does_nothing(site: Site) -> None:
    shutil.copy(BRIDGE / "mu-plugin/gatepost-guard.php", site.content / "mu-plugins/gatepost-guard.php")

    assert site.get("/hello-world/").status_code == 200
    assert site.log() == ""
