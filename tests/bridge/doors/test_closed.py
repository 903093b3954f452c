"""A guarded post behind every door: Charlie and Bob never see a word of it, Alice sees it where it belongs."""

import xmlrpc.client

import pytest
import requests

from tests.bridge.doors.world import HIDDEN, NOTICE, World, everything
from tests.bridge.scripted_sidecar import Failure

# name: (path, what Alice sees there). {guarded}, {attachment}, … are ids.
PAGES = {
    "page": ("/guarded/", "XYZZY-BODY"),
    "page in a classic theme": ("/guarded/?classic", "XYZZY-BODY"),
    "plain address": ("/?p={guarded}", "XYZZY-BODY"),
    "preview": ("/?p={guarded}&preview=true", "XYZZY-BODY"),
    "preview in a classic theme": ("/?p={guarded}&preview=true&classic", "XYZZY-BODY"),
    "embed": ("/guarded/embed/", "XYZZY-EXCERPT"),
    "page 2": ("/guarded/2/", "XYZZY-PAGE2"),
    "page 2 in a classic theme": ("/guarded/2/?classic", "XYZZY-PAGE2"),
    "synced pattern": ("/guarded/?classic=1", "XYZZY-PATTERN"),
    "builder's text": ("/guarded/?classic=2", "XYZZY-BUILDER"),
    "front page": ("/", None),
    "front page in a classic theme": ("/?classic", "XYZZY-BODY"),
    "archive by month": ("/2024/03/?classic", "XYZZY-BODY"),
    "archive by day, plain": ("/?m=20240302&classic", "XYZZY-BODY"),
    "category": ("/category/guarded-things/?classic", "XYZZY-BODY"),
    "category in a block theme": ("/category/guarded-things/", None),
    "tag": ("/tag/guardedtag/?classic", "XYZZY-BODY"),
    "author": ("/author/author/?classic", "XYZZY-BODY"),
    "search by title": ("/?s=Guarded&classic", "XYZZY-BODY"),
    "search in a block theme": ("/?s=Guarded", None),
    "page of another type": ("/guarded-page/", "XYZZY-WHOLEPAGE"),
    "neighbour with links to it": ("/before/?classic", None),
    "attachment": ("/?attachment_id={attachment}", "XYZZY-DESCRIPTION"),
    "attachment in a classic theme": ("/?attachment_id={attachment}&classic", "XYZZY-CAPTION"),
    "latest posts with content": ("/after/?classic&latest=full_post", "XYZZY-BODY"),
    "latest posts with excerpts": ("/after/?classic&latest=excerpt", "XYZZY-EXCERPT"),
    "wp_get_recent_posts": ("/after/?classic&print=recent", "XYZZY-BODY"),
    "get_posts": ("/after/?classic&print=get_posts", "XYZZY-BODY"),
    "get_post": ("/after/?classic&print=get_post", "XYZZY-BODY"),
    "get_the_content of another post": ("/after/?classic&print=whole", "XYZZY-WHOLEPAGE"),
    "get_the_excerpt": ("/after/?classic&print=excerpt", "XYZZY-EXCERPT"),
    "get_pages": ("/after/?classic&print=pages", "XYZZY-WHOLEPAGE"),
    "query loop": ("/after/?classic&print=query_loop", "XYZZY-EXCERPT"),
    "widgets": ("/after/?classic&print=widgets", None),
    "comments elsewhere": ("/after/?classic&print=comments", "XYZZY-COMMENT"),
    "one comment": ("/after/?classic&print=one_comment", "XYZZY-COMMENT"),
    "attachment's caption": ("/after/?classic&print=attachment", "XYZZY-CAPTION"),
    "comments on the page": ("/guarded/?classic=3", "XYZZY-COMMENT"),
    "trackback address": ("/guarded/trackback/", None),
    "oEmbed": ("/wp-json/oembed/1.0/embed?url={url}/guarded/", None),
    "sitemap of posts": ("/wp-sitemap-posts-post-1.xml", None),
    "load more by AJAX": ("/wp-admin/admin-ajax.php?action=more", "XYZZY-BODY"),
}

FEEDS = [
    "/feed/",
    "/feed/rss/",
    "/feed/rss2/",
    "/feed/atom/",
    "/feed/rdf/",
    "/comments/feed/",
    "/comments/feed/atom/",
    "/guarded/feed/",
    "/guarded/feed/atom/",
    "/guarded/feed/?withoutcomments=1",
    "/category/guarded-things/feed/",
    "/author/author/feed/",
    "/?s=Guarded&feed=rss2",
    "/?feed=rss2&p={guarded}&withoutcomments=1",
]

REST = {
    "list": ("/wp/v2/posts", "XYZZY-BODY"),
    "list in embed context": ("/wp/v2/posts?context=embed", "XYZZY-EXCERPT"),
    "one": ("/wp/v2/posts/{guarded}", "XYZZY-BODY"),
    "one in embed context": ("/wp/v2/posts/{guarded}?context=embed", "XYZZY-EXCERPT"),
    "meta": ("/wp/v2/posts/{guarded}?_fields=meta", "XYZZY-META"),
    "another plugin's field": ("/wp/v2/posts/{guarded}?_fields=copied_text", "XYZZY-BODY"),
    "with embeds": ("/wp/v2/posts/{guarded}?_embed", "XYZZY-COMMENT"),
    "comment with its post": ("/wp/v2/comments/{comment}?_embed", "XYZZY-COMMENT"),
    "comments": ("/wp/v2/comments", "XYZZY-COMMENT"),
    "comments of the post": ("/wp/v2/comments?post={guarded}", "XYZZY-COMMENT"),
    "search": ("/wp/v2/search?search=Guarded&_embed", "XYZZY-EXCERPT"),
    "media": ("/wp/v2/media", "XYZZY-CAPTION"),
    "one medium": ("/wp/v2/media/{attachment}?_embed", "XYZZY-DESCRIPTION"),
    "pages": ("/wp/v2/pages", "XYZZY-WHOLEPAGE"),
    "nested": ("/test/nested?id={guarded}&how=view", "XYZZY-BODY"),
    "revisions": ("/wp/v2/posts/{guarded}/revisions", None),
    "for editing": ("/wp/v2/posts/{guarded}?context=edit", None),
    "list for editing": ("/wp/v2/posts?context=edit", None),
    "nested for editing": ("/test/nested?id={guarded}&how=edit", None),
}

STRANGERS = [None, "bob"]


def path_of(world: World, path: str) -> str:
    return path.format(**world.ids, url=world.site.url)


@pytest.mark.parametrize("door", PAGES)
def test_no_page_shows_a_word_to_who_has_no_right(world: World, door: str) -> None:
    for stranger in STRANGERS:
        answer = world.get(path_of(world, PAGES[door][0]), user=stranger)

        assert answer.status_code < 500, answer.text
        assert HIDDEN not in everything(answer)


@pytest.mark.parametrize("door", [name for name, (_path, seen) in PAGES.items() if seen])
def test_who_has_the_right_sees_it_at_every_door(world: World, door: str) -> None:
    path, seen = PAGES[door]

    assert seen in world.get(path_of(world, path), user="alice").text


@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_has_the_visitors_view_whoever_asks(world: World, feed: str) -> None:
    for who in (None, "alice", "admin"):
        answer = world.get(path_of(world, feed), user=who)

        assert answer.status_code == 200
        assert HIDDEN not in everything(answer)


def test_a_feed_of_excerpts_closes_too(world: World) -> None:
    world.site.option("rss_use_excerpt", 1)
    try:
        for feed in FEEDS:
            assert HIDDEN not in everything(world.get(path_of(world, feed)))
        assert "Open text after." in world.get("/feed/").text
    finally:
        world.site.option("rss_use_excerpt", 0)


def test_a_feed_still_has_what_is_open(world: World) -> None:
    assert "Open text after." in world.get("/feed/").text
    assert "OPEN-COMMENT" in world.get("/comments/feed/").text
    assert NOTICE in world.get("/feed/").text


@pytest.mark.parametrize("door", REST)
def test_no_rest_answer_holds_a_word_for_who_has_no_right(world: World, door: str) -> None:
    for stranger in STRANGERS:
        answer = world.rest(path_of(world, REST[door][0]), user=stranger)

        assert answer.status_code < 500, answer.text
        assert HIDDEN not in everything(answer)


@pytest.mark.parametrize("door", [name for name, (_path, seen) in REST.items() if seen])
def test_who_has_the_right_sees_it_in_rest(world: World, door: str) -> None:
    path, seen = REST[door]

    assert seen in world.rest(path_of(world, path), user="alice").text


def test_rest_with_a_cookie_but_no_nonce_is_a_visitors(world: World) -> None:
    answer = world.get(f"/wp-json/wp/v2/posts/{world.ids['guarded']}", user="alice")

    assert answer.status_code == 200
    assert HIDDEN not in everything(answer)


def test_a_contributor_cannot_read_others_guarded_posts_by_asking_to_edit(world: World) -> None:
    listed = world.rest("/wp/v2/posts?context=edit&per_page=100", user="contributor")
    block = world.rest(
        "/wp/v2/block-renderer/core/latest-posts?context=edit&attributes[postsToShow]=50"
        "&attributes[displayPostContent]=true&attributes[displayPostContentRadio]=full_post",
        user="contributor",
    )

    assert listed.status_code == 200
    assert block.status_code == 200
    assert HIDDEN not in everything(listed)
    assert HIDDEN not in everything(block)


def test_a_closed_page_has_title_notice_and_the_status_of_the_answer(world: World) -> None:
    for path in ("/guarded/", "/guarded/?classic"):
        answer = world.get(path)

        assert answer.status_code == 403
        assert "Guarded" in answer.text
        assert NOTICE in answer.text
        assert "Leadword" not in answer.text
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert "THEME-HEADER" in answer.text
    assert "THEME-FOOTER" in answer.text
    assert "THEME-CONTENT" not in answer.text


def test_a_closed_page_in_a_block_theme_has_the_themes_header_and_footer(world: World) -> None:
    text = world.get("/guarded/").text

    assert "<header" in text
    assert "<footer" in text
    assert "</html>" in text


def test_lead_and_excerpt_are_shown_where_the_answer_allows_them(world: World) -> None:
    world.closed_answer = {"lead": True, "excerpt": True}
    page = world.get("/guarded/").text

    assert "Leadword" in page
    assert "XYZZY-BODY" not in page
    assert NOTICE in page
    assert "XYZZY-EXCERPT" in world.get("/?classic").text
    listed = world.rest(f"/wp/v2/posts/{world.ids['guarded']}").json()
    assert "Leadword" in listed["content"]["rendered"]
    assert "XYZZY-EXCERPT" in listed["excerpt"]["rendered"]
    assert "XYZZY-BODY" not in str(listed)


def test_a_refused_viewer_is_sent_where_the_answer_says(world: World) -> None:
    world.answers = {"act": "redirect", "url": f"{world.site.url}/open-page/", "status": 302}

    answer = world.site.get("/guarded/")

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{world.site.url}/open-page/"
    assert HIDDEN not in everything(answer)
    assert world.get("/guarded/", user="alice").status_code == 200


def test_a_redirect_never_leaves_the_site(world: World) -> None:
    world.answers = {"act": "redirect", "url": "https://elsewhere.example/", "status": 302}

    assert world.site.get("/guarded/").headers["Location"].startswith(world.site.url)


def test_the_rest_of_the_site_is_open_to_everybody(world: World) -> None:
    assert "Open text after." in world.get("/after/").text
    assert "Open page text." in world.get("/open-page/").text
    assert "Open text before." in world.rest("/wp/v2/posts").text
    assert "OPEN-COMMENT" in world.rest("/wp/v2/comments").text


def test_comments_cannot_be_added_to_a_closed_post(world: World) -> None:
    answer = world.site.post(
        "/wp-comments-post.php",
        data={
            "comment_post_ID": world.ids["guarded"],
            "comment": "hello",
            "author": "Charlie",
            "email": "c@example.test",
        },
    )

    assert answer.status_code == 403


def test_xml_rpc_gives_nothing_to_who_cannot_edit(world: World) -> None:
    for method, arguments in {
        "wp.getPost": (1, "bob", "bob-pass", world.ids["guarded"]),
        "metaWeblog.getPost": (world.ids["guarded"], "bob", "bob-pass"),
        "metaWeblog.getRecentPosts": (1, "contributor", "contributor-pass", 50),
        "wp.getPosts": (1, "contributor", "contributor-pass"),
        "wp.getComments": (1, "contributor", "contributor-pass"),
    }.items():
        assert HIDDEN not in everything(xml_rpc(world, method, *arguments)), method


def xml_rpc(world: World, method: str, *arguments: object) -> requests.Response:
    return world.site.post("/xmlrpc.php", data=xmlrpc.client.dumps(arguments, method))


def test_no_index_closes_every_post(world: World) -> None:
    world.site.php("update_option('gatepost_index', 'broken');")
    world.sidecar.faults["/bridge/v1/index"] = Failure()
    world.closed.add(world.ids["after"])
    try:
        assert "Open text after." not in world.get("/after/").text
        assert "Open text before." in world.get("/before/").text
    finally:
        world.sidecar.heal()
        world.guard_posts()


@pytest.mark.parametrize("rule", ["types", "terms", "urls"])
def test_a_rule_for_a_type_a_term_or_an_address_guards_its_posts(world: World, rule: str) -> None:
    world.index(**{rule: {"types": ["post"], "terms": [world.ids["category"]], "urls": ["/GUARD*"]}[rule]})
    try:
        assert HIDDEN not in everything(world.get("/guarded/?classic"))
        assert "XYZZY-BODY" in world.get("/guarded/", user="alice").text
        assert HIDDEN not in everything(world.rest(f"/wp/v2/posts/{world.ids['guarded']}"))
        assert HIDDEN not in everything(world.get("/category/guarded-things/?classic"))
    finally:
        world.guard_posts()


def test_a_closed_front_page_is_closed(world: World) -> None:
    world.site.option("show_on_front", "page")
    world.site.option("page_on_front", world.ids["guarded_page"])
    try:
        assert HIDDEN not in everything(world.get("/"))
        assert world.get("/").status_code == 403
        assert "XYZZY-WHOLEPAGE" in world.get("/", user="alice").text
    finally:
        world.site.option("show_on_front", "posts")


def test_a_sticky_post_is_closed(world: World) -> None:
    world.site.option("sticky_posts", [world.ids["guarded"]])
    world.site.option("posts_per_page", 1)
    try:
        answer = world.get("/?classic")
        assert "Guarded" in answer.text
        assert HIDDEN not in everything(answer)
        assert "XYZZY-BODY" in world.get("/?classic", user="alice").text
    finally:
        world.site.option("sticky_posts", [])
        world.site.option("posts_per_page", 50)


def test_a_post_that_an_answer_closes_is_closed_before_the_index_knows(world: World) -> None:
    world.closed.add(world.ids["tagged"])

    answer = world.get("/tagged/")

    assert answer.status_code == 403
    assert "Hello" not in answer.text
    assert "Hello Anna" in world.get("/tagged/", user="alice").text


def test_a_pop_up_by_ajax_shows_what_its_viewer_may_see(world: World) -> None:
    world.site.mu_plugin(
        "popup",
        "add_action('wp_ajax_popup', 'test_popup'); add_action('wp_ajax_nopriv_popup', 'test_popup');"
        "function test_popup() { echo apply_filters('the_content', get_post((int) $_GET['id'])->post_content); exit; }",
    )
    path = f"/wp-admin/admin-ajax.php?action=popup&id={world.ids['guarded']}"

    assert HIDDEN not in everything(world.get(path))
    assert HIDDEN not in everything(world.get(path, user="bob"))
    assert "XYZZY-BODY" in world.get(path, user="alice").text


def test_trackbacks_sent_by_cron_hold_what_a_visitor_may_see(world: World) -> None:
    sent = world.site.php(
        "add_filter('pre_http_request', function ($no, $given, $url) { echo json_encode([$url, $given['body']]); return ['response' => ['code' => 200], 'body' => '', 'headers' => []]; }, 10, 3);"
        "global $wpdb; $wpdb->update($wpdb->posts, ['post_excerpt' => '', 'to_ping' => 'https://elsewhere.example/tb'], ['ID' => $args[0]]); clean_post_cache($args[0]);"
        "require_once ABSPATH . 'wp-admin/includes/admin.php'; do_trackbacks((int) $args[0]);"
        "$wpdb->update($wpdb->posts, ['post_excerpt' => 'XYZZY-EXCERPT written.', 'to_ping' => '', 'pinged' => ''], ['ID' => $args[0]]); clean_post_cache($args[0]);",
        world.ids["guarded"],
    )

    assert "elsewhere.example" in sent
    assert HIDDEN not in sent


def test_page_2_of_a_closed_post_is_closed_and_not_missing(world: World) -> None:
    for path in ("/guarded/2/", "/guarded/2/?classic"):
        assert world.site.get(path).status_code == 403
    assert world.site.get("/after/2/").status_code != 403


def test_a_single_comment_of_a_closed_post_is_refused(world: World) -> None:
    path = f"/wp/v2/comments/{world.ids['comment']}"

    assert world.rest(path).status_code == 401
    assert world.rest(path, user="bob").status_code == 403
    assert world.rest(path, user="alice").status_code == 200


def test_footnotes_stay_hidden_even_where_their_block_is_shown(world: World) -> None:
    if world.site.asked_version == "6.1":
        return  # Footnotes came with 6.3.
    world.closed_answer = {"lead": True}
    post = world.site.new_post(
        "Noted",
        "<!-- wp:paragraph --><p>Leadword.</p><!-- /wp:paragraph --><!-- wp:footnotes /--><!--more-->XYZZY",
        meta_input={"footnotes": '[{"content":"XYZZY-NOTE","id":"n1"}]', "_gatepost_governed": "1"},
    )
    world.closed.add(post)
    try:
        answer = world.get(f"/?p={post}")
        assert "Leadword" in answer.text
        assert HIDDEN not in everything(answer)
        assert "XYZZY-NOTE" in world.get(f"/?p={post}", user="alice").text
    finally:
        world.site.php("wp_delete_post($args[0], true);", post)
