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
    below = int(
        site.php(
            "echo wp_insert_term('Below gold', 'category', array('parent' => $args[0]))['term_id'];", term
        )
    )
    site.mu_plugin(
        "lessons",
        "add_action('init', function () { register_post_type('lesson', array('public' => true, 'show_in_rest' => true)); });",
    )
    posts = {
        "marked": site.new_post("Marked", SECRET, post_excerpt=f"{SECRET} in short"),
        "typed": site.new_post("Typed", SECRET, type="lesson"),
        "termed": site.new_post("Termed", SECRET, post_category=[term]),
        "located": site.new_post("Members area", SECRET, type="page"),
        "below": site.new_post("Below", SECRET, post_category=[below]),
        "abroad": site.new_post("Abroad", SECRET, type="page", post_name="\u0439\u043e\u0433\u0430"),
        "open": site.new_post("Public", "Everybody reads this"),
    }
    site.php(
        "foreach (array_slice($args, 0, 3) as $id) { wp_insert_comment(array('comment_post_ID' => $id,"
        f"'comment_content' => '{SECRET} said', 'comment_approved' => 1)); }}",
        *posts.values(),
    )
    sidecar.answer(
        "/bridge/v1/index",
        an_index(
            2,
            types=["lesson"],
            terms=[term],
            urls=["/MEMBERS-*", "/%D0%B9%D0%BE%D0%B3%D0%B0*"],
            posts=[posts["marked"]],
        ),
    )
    refetch_index(site)
    shutil.copy(BRIDGE / "mu-plugin/gatepost-guard.php", site.content / "mu-plugins/gatepost-guard.php")
    site.deactivate("gatepost")
    shutil.rmtree(site.content / "plugins/gatepost")
    return posts


def rest(name: str) -> str:
    return "lesson" if name == "typed" else "pages" if name in {"located", "abroad"} else "posts"


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


# Other ways to a closed post's text: a block and a theme's query that pass by filters, a bound attribute.
WAYS = """
add_action('wp_footer', function () {
    if (!isset($_GET['ways'])) { return; }
    echo do_blocks('<!-- wp:latest-posts {"postsToShow":50,"displayPostContent":true,"displayPostContentRadio":"full_post"} /-->');
    foreach (get_posts(array('numberposts' => 50, 'post_type' => 'any')) as $post) { echo $post->post_title, ' by query', apply_filters('the_content', $post->post_content); }
    foreach (get_posts(array('s' => 'ightingale', 'numberposts' => 50, 'post_type' => 'any')) as $post) { echo 'FOUND-', $post->post_title; }
    echo do_blocks('<!-- wp:query {"query":{"perPage":50,"postType":"post","inherit":false}} --><div class="wp-block-query"><!-- wp:post-template --><!-- wp:paragraph {"metadata":{"bindings":{"content":{"source":"core/post-meta","args":{"key":"bound"}}}}} --><p>x</p><!-- /wp:paragraph --><!-- /wp:post-template --></div><!-- /wp:query -->');
});
add_action('init', function () { register_post_meta('post', 'bound', array('show_in_rest' => true, 'single' => true, 'type' => 'string')); });
"""


@VERSIONS
def test_what_goes_past_wordpresss_filters_stays_closed(site: Site, guarded: dict[str, int]) -> None:
    site.mu_plugin("ways", WAYS)
    file = site.php(
        "update_post_meta($args[0], 'enclosure', \"https://cdn.example.test/Nightingale-words.mp3\\n1\\naudio/mpeg\\n\");"
        "update_post_meta($args[0], 'bound', 'Nightingale-words bound');"
        "update_post_meta($args[1], 'enclosure', \"https://cdn.example.test/free.mp3\\n1\\naudio/mpeg\\n\");"
        "echo wp_insert_attachment(array('post_title' => 'Handout', 'post_mime_type' => 'application/pdf', 'post_status' => 'inherit'), '2026/Nightingale-words.pdf', (int) $args[0]);",
        guarded["marked"],
        guarded["open"],
    )
    doors = [
        "/public/?ways",
        "/feed/",
        "/feed/atom/",
        f"/wp-json/wp/v2/media?parent={guarded['marked']}",
        f"/wp-json/wp/v2/media/{file}",
        f"/?attachment_id={file}",
    ]

    answers = {door: site.get(door, allow_redirects=True) for door in doors}

    assert [door for door, answer in answers.items() if "ightingale-words" in answer.text + answer.url] == []
    assert "Marked by query" in answers["/public/?ways"].text
    assert "FOUND-" not in answers["/public/?ways"].text
    assert "free.mp3" in answers["/feed/"].text
    assert "free.mp3" in answers["/feed/atom/"].text
    found = [
        site.get(f"/wp-json/wp/v2/posts?search={word}").headers["X-WP-Total"]
        for word in ("Nightingale-words", "Nightingale-nothing")
    ]
    assert found[0] == found[1] == "0"


@VERSIONS
def test_a_search_in_comments_tells_nobody_but_editors_what_those_of_a_closed_post_say(
    site: Site, guarded: dict[str, int]
) -> None:
    site.object_cache()
    door = f"/wp-json/wp/v2/comments?post={guarded['marked']}&search="
    found = [site.get(door + word).headers["X-WP-Total"] for word in ("Nightingale", "nothing")]
    assert found == ["0", "0"]
    assert (
        site.php(
            "wp_set_current_user(1); echo (new WP_Comment_Query())->query(array('search' => 'Nightingale', 'count' => true));"
            "wp_set_current_user(0); echo ' ', (new WP_Comment_Query())->query(array('search' => 'Nightingale', 'count' => true));"
        )
        == "3 0"
    )
    assert site.log() == ""


@VERSIONS
def test_tags_in_public_posts_vanish_with_what_they_enclose(site: Site, guarded: dict[str, int]) -> None:
    tagged = site.new_post(
        "Tagged",
        "Hello [MM_Member_Data name='firstName']! [MM_Member_Decision isMember='true']BRANCH [MM_Access_Decision access='true' id='1']"
        "BRANCH[/MM_Access_Decision] BRANCH[/MM_Member_Decision] [MM_Order_Subdecision isFree='true']BRANCH[/MM_Order_Subdecision]"
        "[MM_Custom_Decision a='b']BRANCH[/MM_Custom_Decision]Goodbye. [MM_Member_Decision isMember='true']BRANCH for ever",
        post_excerpt="In short [MM_Member_Decision isMember='true']BRANCH[/MM_Member_Decision] so.",
    )
    for door in (
        f"/?p={tagged}",
        "/",
        "/feed/",
        f"/wp-json/wp/v2/posts/{tagged}",
        f"/?p={tagged}&embed=true",
    ):
        text = site.get(door, allow_redirects=True).text
        assert "BRANCH" not in text, door
        assert "[MM_" not in text
        assert "[/MM_" not in text
    assert "Hello !" in site.get("/tagged/").text
    assert "Goodbye." in site.get("/tagged/").text
    source = site.php("echo get_post($args[0])->post_content;", tagged)
    assert source.count("BRANCH") == 6


def test_a_persistent_cache_keeps_posts_as_they_are(site: Site, guarded: dict[str, int]) -> None:
    site.object_cache()
    site.php("wp_cache_flush();")
    for door in ("/", "/feed/", "/marked/", "/?cat=2"):
        site.get(door)

    for post in guarded.values():
        assert (
            "ightingale-words" in site.php("echo get_post($args[0])->post_content;", post)
            or post == guarded["open"]
        )


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
