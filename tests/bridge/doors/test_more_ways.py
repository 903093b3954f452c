"""Ways round the doors: other plugins' shortcodes, enclosures, bound attributes, files, child categories, totals."""

from collections.abc import Iterator

import pytest

from tests.bridge.doors.test_texts import a_post_with, sql_count
from tests.bridge.doors.world import HIDDEN, NAME_TAG, NOTICE, World, everything
from tests.bridge.scripted_sidecar import a_page, a_post

# Each prints another post's text on a page where a post is current.
SHORTCODES = """
add_action('init', function () {
    add_shortcode('other', fn($a) => apply_filters('the_content', get_post((int) $a['id'])->post_content));
    add_shortcode('other_raw', fn($a) => apply_filters('the_content', get_post_field('post_content', (int) $a['id'], 'raw')));
});
"""


@pytest.fixture
def shortcodes(world: World) -> Iterator[None]:
    world.site.mu_plugin("others_content", SHORTCODES)
    yield
    (world.site.content / "mu-plugins/others_content.php").unlink()


@pytest.mark.usefixtures("shortcodes")
@pytest.mark.parametrize("shortcode", ["other", "other_raw"])
@pytest.mark.parametrize("target", ["guarded", "guarded_page"])
def test_another_posts_text_filtered_as_content_is_closed(
    world: World, shortcode: str, target: str
) -> None:
    path = a_post_with(world, f"Before. [{shortcode} id={world.ids[target]}] After.")
    seen = {"guarded": "XYZZY-BODY", "guarded_page": "XYZZY-WHOLEPAGE"}[target]
    try:
        for where in (path, path + "&classic", "/?classic", "/feed/"):
            for stranger in (None, "bob"):
                assert HIDDEN not in everything(world.get(where, user=stranger))
        assert NOTICE in world.get(path).text
        assert "After." in world.get(path).text
        assert seen in world.get(path, user="alice").text
    finally:
        world.site.php("wp_delete_post($args[0], true);", world.ids["extra"])


@pytest.mark.parametrize(
    "text",
    [
        "Plain words.",
        "A lead.<!--more-->The rest.",
        "<!-- wp:paragraph --><p>A lead.</p><!-- /wp:paragraph -->\n\n<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->\n\nThe rest.",
        "Page one.\n<!--nextpage-->\nPage two.",
    ],
    ids=["plain", "more", "more block", "pages"],
)
def test_looking_for_others_texts_costs_an_ordinary_page_no_sql(world: World, text: str) -> None:
    path = a_post_with(world, text, post_category=[world.ids["category"]]) + "&classic"
    world.site.php("wp_set_post_categories($args[0], [1]);", world.ids["extra"])
    try:
        for where in (path, f"/?cat=1&p={world.ids['extra']}&classic", f"/?author=1&s=Extra&post_type=post&classic&day={0}"):
            for one in (where, where + "&without"):
                world.get(one)
        assert sql_count(world, path) == sql_count(world, path + "&without")
    finally:
        world.site.php("wp_delete_post($args[0], true);", world.ids["extra"])


def test_a_claim_says_whether_the_index_governs_the_post_itself(world: World) -> None:
    world.get("/?classic")
    world.get(f"/?attachment_id={world.ids['attachment']}&classic")

    claims = {post["id"]: post["governed"] for call in world.page_calls() for post in call["posts"]}
    assert claims == {
        world.ids["guarded"]: True,
        world.ids["tagged"]: False,
    } | {post: claim for post, claim in claims.items() if post == world.ids["attachment"]}
    assert claims.get(world.ids["attachment"], False) is False


def test_a_claim_is_governed_by_the_address_of_the_page_it_stands_on(world: World) -> None:
    world.index(urls=["/Category/%47uarded-things*"])
    try:
        world.get("/category/guarded-things/?classic")
        world.get("/category/%67uarded-things/?classic")

        claims = [(post["id"], post["governed"]) for call in world.page_calls() for post in call["posts"]]
        assert claims == [(world.ids["guarded"], True)] * 2
    finally:
        world.guard_posts()


@pytest.mark.parametrize("pattern", ["/caf%C3%A9*", "/café*", "/CAFÉ*", "/cafe\u0301*"])
def test_an_address_with_accents_is_the_same_however_it_is_written(world: World, pattern: str) -> None:
    if pattern == "/cafe\u0301*" and world.site.php("echo (int) class_exists('Normalizer');") == "0":
        pattern = "/café*"  # This PHP composes no letters.
    page = world.site.new_post("Café crème", f"XYZZY {NAME_TAG}", type="page", post_name="café")
    world.index(urls=[pattern])
    world.closed.add(page)
    try:
        for path in ("/caf%C3%A9/", f"/?page_id={page}", f"/wp-json/wp/v2/pages/{page}"):
            assert HIDDEN not in everything(world.get(path))
        assert "XYZZY" in world.get("/caf%C3%A9/", user="alice").text
        assert {post["governed"] for call in world.page_calls() for post in call["posts"]} == {True}
    finally:
        world.site.php("wp_delete_post($args[0], true);", page)
        world.guard_posts()
