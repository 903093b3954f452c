"""Search: a text that somebody may not read cannot be found by its words, counted, or ranked by them."""

import re

import pytest
import requests

import shortcodes
from tests.bridge.doors.world import HIDDEN, World, everything

STRANGERS = pytest.mark.parametrize("who", [None, "bob"], ids=["charlie", "bob"])

# Each finds the guarded post for Alice by a word of its text.
BY_CONTENT = {
    "page": "/?s=XYZZY-BODY&classic",
    "two words": "/?s=XYZZY-BODY+Guarded&classic",
    "as a sentence": "/?s=XYZZY-BODY+is+what&sentence=1&classic",
    "of one type": "/?s=XYZZY-BODY&post_type=post&classic",
    "in one category": "/?s=XYZZY-BODY&category_name=guarded-things&classic",
    "rest list": "/wp-json/wp/v2/posts?search=XYZZY-BODY",
    "rest search": "/wp-json/wp/v2/search?search=XYZZY-BODY",
    "suppressed": "/after/?classic&find=XYZZY-BODY",
}
FINDER = """
add_action('wp_footer', function () { if (isset($_GET['find'])) {
    foreach (get_posts(['s' => $_GET['find'], 'numberposts' => 50]) as $post) { echo 'FOUND:', $post->post_title; } } });
"""


@pytest.fixture(autouse=True)
def finder(world: World) -> None:
    world.site.mu_plugin("finder", FINDER)


def found(world: World, path: str, who: str | None = None) -> requests.Response:
    if path.startswith("/wp-json"):
        return world.rest(path.removeprefix("/wp-json"), user=who)
    return world.get(path, user=who)


def finds_it(answer: requests.Response) -> bool:
    """Whether the guarded post is listed, under the echo of what was asked."""
    if "json" in answer.headers["Content-Type"]:
        return answer.json() != []
    listed = "FOUND:Guarded" if "find=" in answer.url else "THEME-CONTENT.*Guarded"
    return re.search(listed, answer.text, re.DOTALL) is not None


@STRANGERS
@pytest.mark.parametrize("place", BY_CONTENT)
def test_who_may_not_read_a_text_cannot_find_it(world: World, place: str, who: str | None) -> None:
    assert not finds_it(found(world, BY_CONTENT[place], who))


@pytest.mark.parametrize("place", BY_CONTENT)
def test_who_may_read_a_text_finds_it(world: World, place: str) -> None:
    assert finds_it(found(world, BY_CONTENT[place], "alice"))


@STRANGERS
@pytest.mark.parametrize("path", ["/?s=Guarded&classic", "/wp-json/wp/v2/posts?search=Guarded"])
def test_everybody_finds_it_by_its_title(world: World, path: str, who: str | None) -> None:
    answer = found(world, path, who)

    assert finds_it(answer)
    assert HIDDEN not in everything(answer)


@STRANGERS
@pytest.mark.parametrize("word", ["XYZZY-EXCERPT", "XYZZY-EXC"])
def test_a_closed_excerpt_finds_nothing_and_an_allowed_one_finds_its_post(
    world: World, who: str | None, word: str
) -> None:
    path = f"/wp-json/wp/v2/posts?search={word}"
    assert found(world, path, who).json() == []

    world.sidecar.answer(
        "/bridge/v1/search",
        {"content": True, "types": {}, "terms": {}, "posts": {str(world.ids["guarded"]): "excerpt"}},
    )
    assert [post["id"] for post in found(world, path, who).json()] == [world.ids["guarded"]]
    assert found(world, "/wp-json/wp/v2/posts?search=XYZZY-BODY", who).json() == []


@STRANGERS
def test_a_minus_cannot_ask_for_a_word_either(world: World, who: str | None) -> None:
    for path in (
        "/wp-json/wp/v2/posts?search=Guarded+-XYZZY-BODY",
        "/wp-json/wp/v2/posts?search=Guarded+-nosuchword",
    ):
        assert [post["id"] for post in found(world, path, who).json()] == [world.ids["guarded"]]


@STRANGERS
def test_totals_tell_nothing(world: World, who: str | None) -> None:
    right, wrong = (
        found(world, f"/wp-json/wp/v2/posts?search={word}", who).headers
        for word in ("XYZZY-BODY", "XYZZY-NOPE")
    )

    assert right["X-WP-Total"] == wrong["X-WP-Total"] == "0"
    assert right["X-WP-TotalPages"] == wrong["X-WP-TotalPages"]


def test_the_content_column_alone_finds_nothing_closed(world: World) -> None:
    path = "/wp-json/wp/v2/posts?search=XYZZY-BODY&search_columns[]=post_content"
    assert [post["id"] for post in found(world, path, "alice").json()] == [world.ids["guarded"]]
    assert found(world, path).json() == []


def test_the_order_tells_nothing(world: World) -> None:
    """Two posts of one excerpt; the one with the sentence in its text must not move up."""
    ids = [
        world.site.new_post("Other", text, post_excerpt="alpha and twin", post_date=date)
        for text, date in (("XYZZY twin alpha", "2023-01-01 00:00:00"), ("nothing", "2023-01-02 00:00:00"))
    ]
    world.sidecar.answer(
        "/bridge/v1/search",
        {"content": True, "types": {}, "terms": {}, "posts": {str(post): "excerpt" for post in ids}},
    )
    try:
        path = "/wp-json/wp/v2/posts?search=twin+alpha&orderby=relevance"
        assert [post["id"] for post in found(world, path).json()] == ids[::-1]
    finally:
        for post in ids:
            world.site.php("wp_delete_post($args[0], true);", post)


def test_the_most_specific_rule_decides(world: World) -> None:
    path, category = "/wp-json/wp/v2/posts?search=XYZZY-BODY", str(world.ids["category"])
    tag, post = str(world.ids["tag"]), str(world.ids["guarded"])
    for expected, answer in (
        (True, {"types": {"post": "closed"}, "terms": {}, "posts": {post: "open"}}),
        (False, {"types": {"post": "open"}, "terms": {category: "open"}, "posts": {post: "closed"}}),
        (True, {"types": {"post": "closed"}, "terms": {category: "open", tag: "closed"}, "posts": {}}),
        (False, {"types": {"post": "open"}, "terms": {category: "closed"}, "posts": {}}),
        (False, {"types": {"post": "closed"}, "terms": {}, "posts": {}}),
        (True, {"types": {"page": "closed"}, "terms": {}, "posts": {}}),
    ):
        world.sidecar.answer("/bridge/v1/search", {"content": True, **answer})
        assert (found(world, path).json() != []) is expected, answer


def test_without_content_only_titles_are_searched_of_open_posts_too(world: World) -> None:
    world.sidecar.answer("/bridge/v1/search", {"content": False, "types": {}, "terms": {}, "posts": {}})

    assert found(world, "/wp-json/wp/v2/posts?search=Open+text").json() == []
    assert len(found(world, "/wp-json/wp/v2/posts?search=After").json()) == 1


def test_open_posts_are_searched_as_ever(world: World) -> None:
    titles = [
        post["title"]["rendered"] for post in found(world, "/wp-json/wp/v2/posts?search=Open+text").json()
    ]

    assert sorted(titles) == ["After", "Before"]


def test_a_hidden_branch_cannot_be_found(world: World) -> None:
    assert found(world, "/wp-json/wp/v2/posts?search=For+members").json() == []
    assert len(found(world, "/wp-json/wp/v2/posts?search=Tagged").json()) == 1


@pytest.mark.parametrize(
    "tag", ["MM_Form", *(name for name, tag in shortcodes.REGISTRY.items() if tag.decides)]
)
def test_what_any_decision_encloses_cannot_be_found(world: World, tag: str) -> None:
    post = world.site.new_post("Subtle", f"Plain words [{tag} x='1']QWXYZ[/{tag}]")
    try:
        assert found(world, "/wp-json/wp/v2/posts?search=QWXYZ").json() == []
        assert len(found(world, "/wp-json/wp/v2/posts?search=Subtle").json()) == 1
    finally:
        world.site.php("wp_delete_post($args[0], true);", post)


def test_while_the_sidecar_is_away_guarded_posts_are_found_by_title_alone(world: World) -> None:
    world.away()

    assert found(world, "/wp-json/wp/v2/posts?search=XYZZY-BODY", "alice").json() == []
    assert [post["id"] for post in found(world, "/wp-json/wp/v2/posts?search=Guarded").json()] == [
        world.ids["guarded"]
    ]
    assert len(found(world, "/wp-json/wp/v2/posts?search=Open+text").json()) == 2


@pytest.mark.parametrize("rule", ["types", "terms", "urls"])
def test_while_the_sidecar_is_away_every_kind_of_rule_holds(world: World, rule: str) -> None:
    world.index(**{rule: {"types": ["post"], "terms": [world.ids["category"]], "urls": ["/guarded*"]}[rule]})
    world.away()
    try:
        assert found(world, "/wp-json/wp/v2/posts?search=XYZZY-BODY", "alice").json() == []
        assert "XYZZY-BODY" not in everything(found(world, "/?s=Guarded&classic"))
    finally:
        world.mend()
        world.guard_posts()


def test_an_administrator_finds_everything(world: World) -> None:
    assert finds_it(found(world, "/wp-json/wp/v2/posts?search=XYZZY-BODY", "admin"))
    assert "Guarded" in world.get("/wp-admin/edit.php?s=XYZZY-BODY", user="editor").text
    assert "post-guarded" not in world.get("/wp-admin/edit.php?s=XYZZY-BODY", user="contributor").text


def test_comments_of_closed_posts_cannot_be_searched(world: World) -> None:
    for who, count in ((None, "0"), ("bob", "0"), ("alice", "1")):
        answer = found(world, "/wp-json/wp/v2/comments?search=XYZZY-COMMENT", who)
        assert answer.headers["X-WP-Total"] == count
    assert found(world, "/wp-json/wp/v2/comments?search=OPEN-COMMENT").headers["X-WP-Total"] == "1"


@pytest.mark.usefixtures("persistent_cache")
def test_what_one_viewer_found_in_comments_is_kept_for_his_like_alone(world: World) -> None:
    path = "/wp-json/wp/v2/comments?search=XYZZY-COMMENT&per_page=1&page=9"
    for who, count in (("alice", "1"), ("bob", "0"), (None, "0"), ("alice", "1")):
        assert (who, found(world, path, who).headers["X-WP-Total"]) == (who, count)
