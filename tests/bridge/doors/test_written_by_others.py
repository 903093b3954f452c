"""Tags in what others wrote (comments, names, search words) are text: they never run for whoever reads them."""

from collections.abc import Iterator

import pytest

from tests.bridge.doors.world import MEMBERS_END, MEMBERS_TAG, World

BRACKETS = ["[", "&#91;", "&#091;", "&#x5b;", "&lbrack;", "&lsqb;"]
INJECTED = "EVIL-[MM_Member_Data name='firstName'] " + "".join(
    f" EVIL-{bracket}MM_Member_Data name='firstName']" for bracket in BRACKETS[1:]
)
LINKED = "<a href=\"https://evil.example/?e=[MM_Member_Data name='firstName']\">EVIL-LINK</a>"
BRANCH = f"{MEMBERS_TAG}XYZZY-SEEN-BY-MEMBERS{MEMBERS_END}"
UNCLOSED = f"OPEN-ENDED {MEMBERS_TAG}"

COMMENTS_BLOCK = (
    '<!-- wp:comments --><div class="wp-block-comments"><!-- wp:comment-template -->'
    "<!-- wp:comment-author-name /--><!-- wp:comment-content /-->"
    "<!-- /wp:comment-template --></div><!-- /wp:comments -->"
)
LATEST_BLOCK = '<!-- wp:latest-comments {"commentsToShow":9} /-->'
SEARCH_BLOCK = '<!-- wp:search {"label":"S"} /--><!-- wp:query-title {"type":"search"} /-->'

# A plugin whose users' words come by a block of its own, and one that runs shortcodes in comments.
OTHERS = """
add_action('init', function () {
    register_block_type('test/wall', ['render_callback' => fn() => get_option('wall')]);
});
add_filter('comment_text', 'do_shortcode', 11);
"""


@pytest.fixture
def guestbook(world: World) -> Iterator[str]:
    """The path of a page with comments that an enemy wrote; its title is Guestbook."""
    world.site.mu_plugin("others", OTHERS)
    world.site.option("wall", f"WALL {INJECTED} {LINKED} {BRANCH}")
    page = world.site.new_post(
        "Guestbook", f"GUESTS {COMMENTS_BLOCK} {LATEST_BLOCK} {SEARCH_BLOCK} <!-- wp:test/wall /--> LAST-LINE"
    )
    world.site.php(
        "global $wpdb; foreach (array_slice($args, 1) as $text) {"
        "$id = wp_insert_comment(['comment_post_ID' => $args[0], 'comment_content' => 'x', 'comment_approved' => 1]);"
        "$wpdb->update($wpdb->comments, ['comment_content' => 'SAID ' . $text, 'comment_author' => 'Eve ' . $text,"
        " 'comment_author_url' => \"https://evil.example/?x=[MM_Member_Data name='firstName']\"], ['comment_ID' => $id]); clean_comment_cache($id); }",
        page,
        INJECTED,
        LINKED,
        BRANCH,
        UNCLOSED,
    )
    yield f"/?p={page}"
    world.site.php("wp_delete_post($args[0], true);", page)
    (world.site.content / "mu-plugins/others.php").unlink()


PLACES = {
    "in a block theme": "{page}",
    "in a classic theme": "{page}&classic",
    "in a list": "/?s=Guestbook",
    "in a classic list": "/?s=Guestbook&classic",
    "in a feed": "/feed/",
    "in a feed of comments": "/comments/feed/",
    "searched for": "{page}&s=EVIL-[MM_Member_Data name='firstName']",
    "searched for in a block theme": "/?s=EVIL-[MM_Member_Data name='firstName']",
    "searched for, encoded": "/?s=EVIL-%26%2391;MM_Member_Data name='firstName'&classic",
}


@pytest.mark.parametrize("place", PLACES)
def test_tags_in_others_words_do_not_run_for_who_reads_them(world: World, guestbook: str, place: str) -> None:
    for who, name in {None: "friend", "alice": "Anna"}.items():
        text = world.get(PLACES[place].format(page=guestbook), user=who).text

        assert f"EVIL-{name}" not in text
        assert f"?e={name}" not in text
        assert f"?x={name}" not in text


def test_a_page_ends_where_its_author_ended_it(world: World, guestbook: str) -> None:
    for path in (guestbook, f"{guestbook}&classic"):
        for who in (None, "alice"):
            text = world.get(path, user=who).text
            assert "SAID EVIL-" in text
            assert "LAST-LINE" in text
            assert "</html>" in text


def test_the_page_itself_reads_as_ever_for_visitor_and_member(world: World, guestbook: str) -> None:
    world.site.php(
        "$post = get_post($args[0]); wp_update_post(wp_slash(['ID' => $post->ID, 'post_content' => $args[1] . $post->post_content]));",
        guestbook.removeprefix("/?p="),
        "Dear [MM_Member_Data name='firstName'], ",
    )

    assert "Dear friend, " in world.get(guestbook).text
    assert "Dear Anna, " in world.get(guestbook, user="alice").text


def a_template_part(world: World, slug: str, text: str) -> str:
    return world.site.php(
        "wp_set_current_user(1); $id = wp_insert_post(wp_slash(['post_type' => 'wp_template_part', 'post_name' => $args[0],"
        " 'post_title' => $args[0], 'post_status' => 'publish', 'post_content' => $args[1]]));"
        "wp_set_object_terms($id, get_stylesheet(), 'wp_theme'); wp_set_object_terms($id, $args[0], 'wp_template_part_area'); echo $id;",
        slug,
        text,
    )


@pytest.mark.parametrize("slug", ["header", "footer"])
def test_a_template_parts_own_tags_run_and_those_of_its_blocks_do_not(
    world: World, guestbook: str, slug: str
) -> None:
    part = a_template_part(
        world,
        slug,
        f"PART-OF [MM_Member_Data name='firstName'] {SEARCH_BLOCK} {LATEST_BLOCK} <!-- wp:test/wall /-->",
    )
    search = "/?s=EVIL-[MM_Member_Data name='firstName']"
    try:
        for who, name in {None: "friend", "alice": "Anna"}.items():
            for path in ("/after/", guestbook, search):
                text = world.get(path, user=who).text
                assert f"PART-OF {name}" in text
                assert f"EVIL-{name}" not in text
                assert f"?e={name}" not in text
                assert f"?x={name}" not in text
    finally:
        world.site.php("wp_delete_post($args[0], true);", part)


def test_another_plugins_rest_field_does_not_run_tags(world: World) -> None:
    world.site.mu_plugin(
        "field",
        "add_action('rest_api_init', fn() => register_rest_field('post', 'said', ['get_callback' => fn() => \"EVIL-[MM_Member_Data name='firstName']\"]));",
    )
    try:
        for who in (None, "alice"):
            said = world.rest(f"/wp/v2/posts/{world.ids['tagged']}", user=who).json()["said"]
            assert said == "EVIL-&#091;MM_Member_Data name='firstName']"
    finally:
        (world.site.content / "mu-plugins/field.php").unlink()


def test_nothing_that_visitors_wrote_is_sent_to_be_rendered(world: World, guestbook: str) -> None:
    for who in (None, "alice"):
        world.get(guestbook, user=who)
        world.get("/?s=EVIL-[MM_Member_Data name='firstName']", user=who)

    assert not any("EVIL" in text for text in world.texts.values())
