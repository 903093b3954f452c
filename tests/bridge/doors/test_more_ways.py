"""Ways round the doors: other plugins' shortcodes, enclosures, bound attributes, files, child categories, totals."""

import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

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
def test_another_posts_text_filtered_as_content_is_closed(world: World, shortcode: str, target: str) -> None:
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
    path = a_post_with(world, text, post_date="2020-05-05 10:00:00") + "&classic"
    lists = "/?m=202005&classic"
    try:
        for where in (path, lists, f"/?p={world.ids['extra']}&page=2&classic"):
            for one in (where, where + "&without"):
                world.get(one)
            assert sql_count(world, where) == sql_count(world, where + "&without"), where
    finally:
        world.site.php("wp_delete_post($args[0], true);", world.ids["extra"])


def test_a_claim_says_whether_the_index_governs_the_post_itself(world: World) -> None:
    world.get("/?classic")
    world.get(f"/?attachment_id={world.ids['attachment']}&classic")

    claims = {post["id"]: post["governed"] for call in world.page_calls() for post in call["posts"]}
    assert claims == {
        world.ids["guarded"]: True,
        world.ids["tagged"]: False,
        world.ids["attachment"]: False,  # What it hangs on is a claim of its own.
    }


def test_a_claim_is_governed_by_the_address_of_the_page_it_stands_on(world: World) -> None:
    world.index(urls=["/Category/%47uarded-things*"])
    try:
        world.get("/category/guarded-things/?classic")
        world.get("/category/%67uarded-things/?classic")

        claims = [(post["id"], post["governed"]) for call in world.page_calls() for post in call["posts"]]
        assert claims == [(world.ids["guarded"], True)] * 2
    finally:
        world.guard_posts()


YOGA = "\u0439\u043e\u0433\u0430"  # Four Cyrillic letters, the first of which can also be written as two.


@pytest.mark.parametrize("how", ["plain", "encoded", "capital", "decomposed"])
def test_an_address_in_another_alphabet_is_the_same_however_it_is_written(world: World, how: str) -> None:
    composes = world.site.php("echo (int) class_exists('Normalizer');") == "1"
    pattern = {
        "plain": YOGA,
        "encoded": quote(YOGA),
        "capital": YOGA.upper(),
        "decomposed": unicodedata.normalize("NFD", YOGA) if composes else YOGA,
    }[how]
    page = world.site.new_post("Yoga", f"XYZZY {NAME_TAG}", type="page", post_name=YOGA)
    world.index(urls=[f"/{pattern}*"])
    world.closed.add(page)
    try:
        for path in (f"/{quote(YOGA)}/", f"/?page_id={page}", f"/wp-json/wp/v2/pages/{page}"):
            assert HIDDEN not in everything(world.get(path))
        assert "XYZZY" in world.get(f"/{quote(YOGA)}/", user="alice").text
        claims = [
            post["governed"] for call in world.page_calls() for post in call["posts"] if post["id"] == page
        ]
        assert set(claims) == {True}
    finally:
        world.site.php("wp_delete_post($args[0], true);", page)
        world.guard_posts()


# What a closed post's feed entry, blocks and files tell


@pytest.fixture
def episode(world: World) -> Iterator[int]:
    """A closed post with an enclosure and registered meta, and an open one alike."""
    world.site.mu_plugin(
        "bound",
        "add_action('init', fn() => register_post_meta('post', 'bound', ['show_in_rest' => true, 'single' => true, 'type' => 'string']));"
        "if (isset($_GET['old'])) { $GLOBALS['wp_version'] = '6.6'; add_action('init', fn() => remove_filter('block_bindings_source_value', 'Gatepost\\\\hide_bound_value', PHP_INT_MAX)); }",
    )
    meta = {"enclosure": "https://cdn.example.test/{}.mp3\n12345\naudio/mpeg\n", "bound": "{} in meta"}
    posts = {
        word: world.site.new_post(
            word, f"{word} body", meta_input={key: value.format(word) for key, value in meta.items()}
        )
        for word in ("XYZZY-EPISODE", "FREE-EPISODE")
    }
    world.site.php(
        "wp_update_post(['ID' => $args[0], 'post_title' => 'Episode', 'post_name' => 'episode']);",
        posts["XYZZY-EPISODE"],
    )
    world.index(posts=[world.ids["guarded"], world.ids["guarded_page"], posts["XYZZY-EPISODE"]])
    world.closed.add(posts["XYZZY-EPISODE"])
    yield posts["XYZZY-EPISODE"]
    for post in posts.values():
        world.site.php("wp_delete_post($args[0], true);", post)
    (world.site.content / "mu-plugins/bound.php").unlink()
    world.guard_posts()


@pytest.mark.usefixtures("episode")
@pytest.mark.parametrize("feed", ["/feed/", "/feed/atom/", "/episode/feed/?withoutcomments=1"])
def test_a_feed_does_not_link_to_a_closed_posts_files(world: World, feed: str) -> None:
    for who in (None, "alice"):
        answer = world.get(feed, user=who)
        assert HIDDEN not in everything(answer)
        assert "episode" in feed or "FREE-EPISODE.mp3" in answer.text


LOOP = """<!-- wp:query {"query":{"perPage":50,"postType":"post","inherit":false}} --><div class="wp-block-query"><!-- wp:post-template -->
<!-- wp:group --><div class="wp-block-group"><!-- wp:paragraph {"metadata":{"bindings":{"content":{"source":"core/post-meta","args":{"key":"bound"}}}}} --><p>DEFAULT</p><!-- /wp:paragraph --></div><!-- /wp:group -->
<!-- /wp:post-template --></div><!-- /wp:query -->"""


@pytest.mark.parametrize("old", ["", "&old"], ids=["filtered value", "dropped binding"])
def test_a_bound_attribute_does_not_tell_a_closed_posts_meta(world: World, episode: int, old: str) -> None:
    if world.site.asked_version == "6.1":
        return  # Bindings came with 6.5.
    path = a_post_with(world, LOOP) + old
    try:
        for stranger in (None, "bob"):
            answer = world.get(path, user=stranger)
            assert "FREE-EPISODE in meta" in answer.text
            assert HIDDEN not in everything(answer)
        assert "XYZZY-EPISODE in meta" in world.get(path, user="alice").text
    finally:
        world.site.php("wp_delete_post($args[0], true);", world.ids["extra"])


@pytest.fixture
def handout(world: World) -> Iterator[int]:
    """A file that hangs on the guarded post, on a site where attachments have no pages."""
    handout = world.site.php(
        "echo wp_insert_attachment(['post_title' => 'Handout', 'post_mime_type' => 'application/pdf', 'post_status' => 'inherit'], '2026/01/XYZZY-8f3a.pdf', (int) $args[0]);",
        world.ids["guarded"],
    )
    world.site.option("wp_attachment_pages_enabled", 0)
    yield int(handout)
    world.site.option("wp_attachment_pages_enabled", 1)
    world.site.php("wp_delete_attachment($args[0], true);", handout)


def test_a_closed_attachment_does_not_tell_where_its_file_is(world: World, handout: int) -> None:
    places = [
        f"/wp/v2/media?parent={world.ids['guarded']}",
        f"/wp/v2/media/{handout}",
        "/wp/v2/media?search=handout",
    ]
    for stranger in (None, "bob"):
        for place in places:
            answer = world.rest(place, user=stranger)
            assert answer.status_code == 200
            assert HIDDEN not in everything(answer)
        item = world.rest(places[1], user=stranger).json()
        assert not {"source_url", "media_details", "guid", "link", "description", "caption"} & set(item)
        page = world.get(f"/?attachment_id={handout}", user=stranger)
        assert (page.status_code, page.history) == (403, [])
        assert HIDDEN not in everything(page)
    assert "XYZZY-8f3a.pdf" in world.rest(places[1], user="alice").json()["source_url"]
    to = world.site.get(f"/?attachment_id={handout}", user="alice").headers["Location"]
    assert "XYZZY-8f3a.pdf" in to or world.site.asked_version == "6.1"  # Where attachments always have pages.


@pytest.fixture
def below(world: World) -> Iterator[dict[str, int]]:
    """A rule on a category; a post that is only in its child's child."""
    made = world.site.php(
        "$child = wp_insert_term('Child', 'category', ['parent' => $args[0]])['term_id'];"
        "$grandchild = wp_insert_term('Grandchild', 'category', ['parent' => $child])['term_id']; echo \"$child $grandchild\";",
        world.ids["category"],
    )
    child, grandchild = map(int, made.split())
    post = world.site.new_post("Below", "XYZZY-BELOW", post_category=[grandchild], post_name="below")
    world.index(terms=[world.ids["category"]])
    world.closed.add(post)
    yield {"post": post, "child": child, "grandchild": grandchild}
    world.site.php(
        "wp_delete_post($args[0], true); wp_delete_term((int) $args[1], 'category'); wp_delete_term((int) $args[2], 'category');",
        post,
        grandchild,
        child,
    )
    world.guard_posts()


def test_a_rule_on_a_category_reaches_the_posts_of_its_children(world: World, below: dict[str, int]) -> None:
    for path in ("/below/", "/?classic", "/feed/", f"/wp-json/wp/v2/posts/{below['post']}"):
        assert HIDDEN not in everything(world.get(path))
    assert "XYZZY-BELOW" in world.get("/below/", user="alice").text

    (terms,) = {
        tuple(sorted(post["terms"]))
        for call in world.page_calls()
        for post in call["posts"]
        if post["id"] == below["post"]
    }
    assert set(terms) >= {world.ids["category"], below["child"], below["grandchild"]}


@pytest.mark.parametrize("away", [False, True], ids=["asked", "away"])
def test_a_search_knows_that_a_rule_reaches_below_its_category(
    world: World, below: dict[str, int], away: bool
) -> None:
    closed = {str(world.ids["category"]): "closed"}
    world.sidecar.answer("/bridge/v1/search", {"content": True, "types": {}, "terms": closed, "posts": {}})
    if away:
        world.away()

    assert world.rest("/wp/v2/posts?search=XYZZY-BELOW").json() == []
    assert [post["id"] for post in world.rest("/wp/v2/posts?search=Below").json()] == [below["post"]]


@pytest.mark.usefixtures("shortcodes")
def test_text_of_a_post_below_a_category_is_found_again(world: World, below: dict[str, int]) -> None:
    path = a_post_with(world, f"[other id={below['post']}]")
    try:
        assert HIDDEN not in everything(world.get(path))
    finally:
        world.site.php("wp_delete_post($args[0], true);", world.ids["extra"])


@pytest.mark.usefixtures("below")
def test_terms_above_cost_an_ordinary_page_no_sql(world: World) -> None:
    path = "/after/?classic&print=widgets_only"
    counts = []
    for rule in ("tag", "category"):
        world.index(terms=[world.ids[rule]])
        world.get(path)
        counts.append(sql_count(world, path))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_totals_of_comments_tell_nothing_of_closed_posts(world: World, method: str) -> None:
    closed, both = world.ids["guarded"], f"{world.ids['guarded']},{world.ids['after']}"
    for stranger in (None, "bob"):
        for query, total in {f"post={closed}": "0", f"post={closed}&per_page=1": "0"}.items():
            answer = world.rest(f"/wp/v2/comments?{query}", user=stranger, method=method)
            assert (answer.headers["X-WP-Total"], answer.headers["X-WP-TotalPages"]) == (total, "0")
    assert (
        world.rest(f"/wp/v2/comments?post={closed}", user="alice", method=method).headers["X-WP-Total"] == "1"
    )
    assert world.rest(f"/wp/v2/comments?post={both}").headers["X-WP-Total"] == "1"


LEAD_SPLICES = {
    "inside": ([[0, 5, "Given"]], "Given stays"),
    "across the end": ([[6, 60, "shown"]], "Words shown"),
    "behind": ([[40, 60, "XYZZY"]], "Words stays"),
}


@pytest.mark.parametrize("place", LEAD_SPLICES)
def test_what_is_replaced_across_the_leads_end_is_clipped_to_it(world: World, place: str) -> None:
    splices, shown = LEAD_SPLICES[place]
    path = a_post_with(
        world, "Words stays<!--more-->XYZZY of the body, and more XYZZY for those who pay for it."
    )
    world.index(posts=[world.ids["extra"]])
    world.sidecar.answer(
        "/bridge/v1/page",
        lambda request: a_page(
            posts={
                str(post["id"]): a_post(show="closed", lead=True, splices=splices, notice=NOTICE)
                for post in request.body["posts"]
            }
        ),
    )
    try:
        answer = world.get(path)
        assert shown in answer.text
        assert HIDDEN not in everything(answer)
    finally:
        world.site.php("wp_delete_post($args[0], true);", world.ids["extra"])
        world.guard_posts()
