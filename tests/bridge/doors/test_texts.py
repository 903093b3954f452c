"""Where text is replaced: posts, widgets, patterns, templates, shortcodes of a theme; how many calls that takes."""

import json
import re
import time

import pytest

from tests.bridge.doors.world import HIDDEN, MEMBERS_END, MEMBERS_TAG, NAME_TAG, World, everything, sha256
from tests.bridge.scripted_sidecar import HalfBody, Slow, a_page

HIDDEN_BRANCH = f"{MEMBERS_TAG}XYZZY for members{MEMBERS_END}"


def sql_count(world: World, path: str, user: str | None = None) -> int:
    text = world.get(path + ("&" if "?" in path else "?") + "count_sql", user=user).text
    return int(re.search(r"<!-- sql:(\d+) -->", text)[1])


def test_each_member_reads_his_own_name_and_charlie_neither(world: World) -> None:
    assert "Hello Anna!" in world.get("/tagged/", user="alice").text
    assert "Hello Robert!" in world.get("/tagged/", user="bob").text
    stranger = world.get("/tagged/").text
    assert "Hello friend!" in stranger
    assert "For members" not in stranger
    assert "[MM_" not in stranger


def test_other_plugins_shortcodes_work_in_what_is_shown(world: World) -> None:
    assert '<b class="loud">Anna</b>' in world.get("/tagged/", user="alice").text
    assert "loud" not in world.get("/tagged/").text


@pytest.mark.parametrize("path", ["/?classic", "/2024/02/?classic", "/wp-json/wp/v2/posts", "/feed/"])
def test_tags_are_replaced_in_lists(world: World, path: str) -> None:
    text = world.get(path).text

    assert "Hello friend!" in text
    assert "[MM_" not in text


def test_a_page_with_tags_costs_one_call_once_its_text_is_known(world: World) -> None:
    world.get("/tagged/?classic", user="alice")
    world.sidecar.forget()

    world.get("/tagged/?classic", user="alice")

    (call,) = world.page_calls()
    assert call["part"] == 1
    assert call["view"]["kind"] == "singular"
    assert call["view"]["object"] == world.ids["tagged"]
    assert call["view"]["url"] == "/tagged/?classic"
    assert call["view"]["count"] is True
    assert call["viewer"]["user"] == world.ids["alice"]
    assert "bodies" not in call
    (post,) = call["posts"]
    assert (post["id"], post["path"], post["editor"]) == (world.ids["tagged"], "/tagged/", False)
    assert post["governed"] is False


def test_an_unknown_text_is_sent_once_and_the_reading_counted_once(world: World) -> None:
    world.texts.clear()

    world.get("/tagged/?classic", user="alice")

    first, second = world.page_calls()
    assert "bodies" not in first
    assert list(second["bodies"]) == [first["posts"][0]["hash"]]
    assert (first["view"]["count"], second["view"]["count"]) == (True, False)


def test_a_whole_archive_costs_one_call(world: World) -> None:
    world.get("/?classic")
    world.sidecar.forget()

    world.get("/?classic")

    (call,) = world.page_calls()
    assert {post["id"] for post in call["posts"]} == {world.ids["guarded"], world.ids["tagged"]}
    assert call["view"]["kind"] == "home"


@pytest.mark.parametrize("user", [None, "alice"])
def test_a_public_page_without_tags_costs_no_call_and_no_sql(world: World, user: str | None) -> None:
    for path in ("/after/?classic", "/wp-sitemap.xml", "/feed/?cat=99999"):
        assert world.get(path, user=user).ok or "feed" in path
    assert world.page_calls() == []
    for path in ("/after/?classic", "/open-page/?sql", "/after/?classic&print=widgets_only"):
        world.get(path, user=user)
        world.get(path + "&without", user=user)
        assert sql_count(world, path, user) == sql_count(world, path + "&without", user), path


def test_a_member_reading_a_public_page_is_recorded_afterwards(world: World) -> None:
    world.get("/after/?classic&affid=7", user="alice")
    world.get("/after/?classic")

    world.sidecar.wait_for("/bridge/v1/events")
    (event,) = world.sidecar.events("page")
    assert event["user"] == world.ids["alice"]
    assert (event["data"]["object"], event["data"]["affid"]) == (world.ids["after"], "7")
    assert world.page_calls() == []


def test_what_a_payment_left_in_an_address_is_told_to_nobody(world: World) -> None:
    secrets = "gatepost_order=o&Payment_Intent=pi_1&setup_intent%5Fclient_secret=s&redirect_status=ok"

    world.get(f"/tagged/?a=1&{secrets}&b=2", headers={"Referer": f"{world.site.url}/join/?{secrets}"})

    view = world.page_calls()[0]["view"]
    assert (view["url"], view["referrer"]) == ("/tagged/?a=1&b=2", f"{world.site.url}/join/")


def test_a_reading_that_the_sidecar_recorded_is_not_recorded_twice(world: World) -> None:
    world.get("/tagged/", user="alice")
    world.get("/after/", user="alice")

    world.sidecar.wait_for("/bridge/v1/events")
    assert [event["data"]["object"] for event in world.sidecar.events("page")] == [world.ids["after"]]


@pytest.mark.parametrize(
    "headers", [{"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}]
)
def test_a_prefetch_is_no_reading(world: World, headers: dict[str, str]) -> None:
    world.get("/tagged/", headers=headers)

    assert {call["view"]["count"] for call in world.page_calls()} == {False}


def test_head_feeds_previews_and_rest_are_no_readings(world: World) -> None:
    world.site.request("HEAD", "/tagged/")
    world.get("/feed/")
    world.site.get(f"/?p={world.ids['tagged']}&preview=true", user="editor")
    world.get("/tagged/embed/")
    world.rest("/wp/v2/posts", user="alice")

    kinds = {call["view"]["kind"]: call["view"]["count"] for call in world.page_calls()}
    assert kinds == {"singular": False, "feed": False, "embed": False, "rest": False}


def test_a_feed_asks_as_a_visitor_whoever_is_signed_in(world: World) -> None:
    world.get("/feed/", user="alice")

    assert {call["viewer"] is None for call in world.page_calls()} == {True}


# Widgets, patterns, templates, a theme's own shortcodes


@pytest.fixture
def widgets(world: World):
    """Two widgets with tags beside the classic theme."""
    texts = {
        "widget_block": ("content", f"Block {NAME_TAG} {HIDDEN_BRANCH}"),
        "widget_text": ("text", f"Text {NAME_TAG}"),
    }
    for option, (key, text) in texts.items():
        world.site.option(option, {"7": {key: text, "title": "", "filter": False}, "_multiwidget": 1})
    world.site.option(
        "sidebars_widgets",
        {"wp_inactive_widgets": [], "side": ["block-7", "text-7"], "array_version": 3},
    )
    yield
    world.site.option("sidebars_widgets", {"wp_inactive_widgets": [], "side": [], "array_version": 3})


@pytest.mark.usefixtures("widgets")
def test_widgets_are_replaced_in_the_pages_one_call(world: World) -> None:
    world.get("/tagged/?classic", user="alice")
    world.sidecar.forget()

    text = world.get("/tagged/?classic", user="alice").text

    assert "Block Anna" in text
    assert "Text Anna" in text
    assert "XYZZY for members" in text
    assert len(world.page_calls()) == 1
    stranger = world.get("/after/?classic")
    assert "Block friend" in stranger.text
    assert HIDDEN not in everything(stranger)


@pytest.mark.usefixtures("widgets")
def test_a_public_page_with_a_tagged_widget_is_private_before_its_first_byte(world: World) -> None:
    assert world.get("/after/?classic").headers["Cache-Control"] == "private, no-store"


def a_post_with(world: World, text: str, **fields: object) -> str:
    """A new post's path."""
    world.ids["extra"] = world.site.new_post("Extra", text, **fields)
    slug = world.site.php("echo get_post($args[0])->post_name;", world.ids["extra"])
    return f"/{slug}/?extra"


def test_a_synced_pattern_is_replaced_as_a_whole(world: World) -> None:
    pattern = world.site.new_post(
        "With tags",
        f"<!-- wp:paragraph --><p>Pattern {NAME_TAG}</p><!-- /wp:paragraph -->"
        f"<!-- wp:shortcode -->{MEMBERS_TAG}<!-- /wp:shortcode --><!-- wp:paragraph --><p>XYZZY</p><!-- /wp:paragraph -->"
        f"<!-- wp:shortcode -->{MEMBERS_END}<!-- /wp:shortcode -->",
        type="wp_block",
    )
    path = a_post_with(world, f'Before. <!-- wp:block {{"ref":{pattern}}} /--> After.') + "&classic"

    assert HIDDEN not in everything(world.get(path))
    text = world.get(path, user="alice").text
    assert "Pattern Anna</p>" in text
    assert "XYZZY" in text
    assert "[MM_" not in text
    world.sidecar.forget()
    world.get(path, user="alice")
    assert len(world.page_calls()) == 1


def test_a_pattern_that_holds_itself_ends(world: World) -> None:
    pattern = world.site.new_post("Round", "placeholder", type="wp_block")
    world.site.php(
        "wp_update_post(wp_slash(['ID' => $args[0], 'post_content' => $args[1]]));",
        pattern,
        f'Round {NAME_TAG} <!-- wp:block {{"ref":{pattern}}} /-->',
    )
    path = a_post_with(world, f'<!-- wp:block {{"ref":{pattern}}} /-->')

    assert world.get(path, user="alice").text.count("Round Anna") == 1


def test_a_pattern_keeps_what_its_instance_overrides(world: World) -> None:
    if world.site.asked_version == "6.1":
        return  # Overrides came with 6.6.
    pattern = world.site.new_post(
        "Override",
        f'<!-- wp:paragraph {{"metadata":{{"name":"one","bindings":{{"__default":{{"source":"core/pattern-overrides"}}}}}}}} -->'
        f"<p>default</p><!-- /wp:paragraph --> {NAME_TAG}",
        type="wp_block",
    )
    block = json.dumps({"ref": pattern, "content": {"one": {"content": "overridden"}}})
    path = a_post_with(world, f"<!-- wp:block {block} /-->")

    text = world.get(path, user="alice").text
    assert "<p>overridden</p>" in re.sub(r"<p [^>]*>", "<p>", text)
    assert "Anna" in text


def test_a_themes_own_shortcodes_are_replaced(world: World) -> None:
    text = world.get("/after/?classic&print=shortcode", user="alice").text
    stranger = world.get("/after/?classic&print=shortcode").text

    assert "Hi Anna! only Anna" in text
    assert "Hi friend! " in stranger
    assert "only" not in stranger[stranger.index("Hi friend") :]


def test_template_parts_and_templates_of_a_block_theme_are_replaced(world: World) -> None:
    made = world.site.php(
        "wp_set_current_user(1);"
        "foreach (['wp_template_part' => 'footer', 'wp_template' => 'single'] as $type => $slug) {"
        "  $id = wp_insert_post(wp_slash(['post_type' => $type, 'post_name' => $slug, 'post_title' => $slug, 'post_status' => 'publish',"
        "    'post_content' => $args[0] . \" in $type\" . ($type === 'wp_template' ? '<!-- wp:post-content /--><!-- wp:template-part {\"slug\":\"footer\",\"theme\":\"' . get_stylesheet() . '\"} /-->' : '')]));"
        "  wp_set_object_terms($id, get_stylesheet(), 'wp_theme'); echo \"$id \";"
        "  if ($type === 'wp_template_part') { wp_set_object_terms($id, 'footer', 'wp_template_part_area'); } }",
        f"{NAME_TAG}{HIDDEN_BRANCH}",
    )
    try:
        stranger = world.get("/after/")
        text = world.get("/after/", user="alice").text
        world.sidecar.forget()
        world.get("/tagged/", user="alice")

        assert "friend in wp_template_part" in stranger.text
        assert "friend in wp_template" in stranger.text
        assert HIDDEN not in everything(stranger)
        assert stranger.headers["Cache-Control"] == "private, no-store"
        assert "AnnaXYZZY for members in wp_template_part" in text
        assert len(world.page_calls()) <= 3
    finally:
        for post in made.split():
            world.site.php("wp_delete_post($args[0], true);", post)


def test_template_files_of_a_block_theme_are_replaced_as_a_whole(world: World) -> None:
    stranger, text = world.get("/after/?blocky"), world.get("/after/?blocky", user="alice").text

    assert "File for friend" in stranger.text
    assert "Part for friend" in stranger.text
    assert HIDDEN not in everything(stranger)
    assert "File for AnnaXYZZY XYZZY XYZZY" in text
    assert "Part for AnnaXYZZY" in text
    # WordPress 6.1 reads the part's file past every hook: tags in themselves are not supported there.
    assert world.site.asked_version == "6.1" or "NESTED-END" not in stranger.text
    assert "NESTED-END" in text
    assert "[MM_" not in text


def test_texts_that_come_unasked_need_no_second_call(world: World) -> None:
    pattern_text = f"Unasked {NAME_TAG}"
    pattern = world.site.new_post("Unasked", pattern_text, type="wp_block")
    path = a_post_with(world, f'{NAME_TAG}<!-- wp:block {{"ref":{pattern}}} /-->') + "&classic"
    answer = world.page

    def generous(request):
        said = answer(request)
        world.texts[sha256(pattern_text)] = pattern_text
        said["texts"][sha256(pattern_text)] = world.text_part(sha256(pattern_text), world.ids["alice"])
        return said

    world.sidecar.answer("/bridge/v1/page", generous)
    world.get(path, user="alice")
    world.sidecar.forget()

    assert "Unasked Anna" in world.get(path, user="alice").text
    assert len(world.page_calls()) == 1


@pytest.mark.parametrize(
    "splices",
    [
        [[5, 3, "x"]],
        [[0, 9999, "x"]],
        [[0, 5, "x"], [3, 8, "y"]],
        [[-1, 5, "x"]],
        ["rubbish"],
        [["0", 5, "x"]],
        None,
    ],
)
def test_splices_that_do_not_fit_are_not_used(world: World, splices: object) -> None:
    world.sidecar.answer(
        "/bridge/v1/page",
        lambda request: a_page(
            posts={str(post["id"]): {"show": "open", "splices": splices} for post in request.body["posts"]}
        ),
    )

    text = world.get("/tagged/", user="alice").text

    assert "Hello !" in text
    assert "For members" not in text
    assert "[MM_" not in text


def test_splices_count_bytes(world: World) -> None:
    path = a_post_with(world, f"Zoë – „{NAME_TAG}“ 日本 {NAME_TAG}.")

    assert "Zoë – „Anna“ 日本 Anna." in world.get(path, user="alice").text


def test_tags_in_a_written_excerpt_are_replaced(world: World) -> None:
    path = a_post_with(world, "Body.", post_excerpt=f"Dear {NAME_TAG} {HIDDEN_BRANCH}")

    assert "Dear Anna" in world.get(path + "&classic", user="alice").text
    assert HIDDEN not in everything(world.get(path + "&classic"))


def test_tags_that_a_builder_prints_before_shortcodes_run_are_replaced(world: World) -> None:
    world.site.mu_plugin(
        "early_builder",
        "add_filter('the_content', fn($html) => $html . get_post_meta(get_the_ID(), '_early_text', true), 9);",
    )
    path = a_post_with(world, "Open.", meta_input={"_early_text": f"Built for {NAME_TAG}. {HIDDEN_BRANCH}"})

    assert "Built for Anna." in world.get(path, user="alice").text
    assert HIDDEN in world.get(path, user="alice").text
    assert HIDDEN not in everything(world.get(path))


def test_tags_that_somebody_prints_after_shortcodes_ran_are_text_and_their_branches_vanish(
    world: World,
) -> None:
    path = a_post_with(world, "Open.", meta_input={"_builder_text": f"Built for {NAME_TAG}. {HIDDEN_BRANCH}"})

    for who in (None, "alice"):
        text = world.get(path, user=who).text
        assert "Built for &#091;MM_Member_Data" in text
        assert HIDDEN not in text
        assert "[MM_" not in text


def test_footnotes_are_shown_to_who_has_the_right(world: World) -> None:
    if world.site.asked_version == "6.1":
        return  # Footnotes came with 6.3.
    assert "XYZZY-NOTE" in world.get("/guarded/", user="alice").text


def test_a_password_keeps_its_force(world: World) -> None:
    path = a_post_with(
        world, f"XYZZY-LOCKED {NAME_TAG}", post_password="secret", post_excerpt="XYZZY-EXCERPT"
    )

    for who in (None, "alice"):
        for where in (path, f"/wp-json/wp/v2/posts/{world.ids['extra']}?_fields=content,excerpt"):
            assert HIDDEN not in everything(world.get(where, user=who)), where
    assert "post-password" in world.get(path).text
    world.site.php("wp_delete_post($args[0], true);", world.ids["extra"])


# Nothing of a view outlives its request


@pytest.mark.usefixtures("persistent_cache")
@pytest.mark.parametrize("path", ["/tagged/", "/?classic", "/after/?classic&print=recent", "/feed/"])
def test_a_persistent_object_cache_holds_sources_only(world: World, path: str) -> None:
    world.site.php("wp_cache_flush();")
    source = "global $wpdb; echo $wpdb->get_var('SELECT post_content FROM ' . $wpdb->posts . ' WHERE ID = ' . (int) $args[0]);"
    for user in ("alice", "bob", None, "alice"):
        text = world.get(path, user=user).text
        if path != "/feed/":
            assert {"alice": "Hello Anna!", "bob": "Hello Robert!", None: "Hello friend!"}[user] in text
        if user != "alice":
            assert "XYZZY-BODY" not in text
    for post in ("tagged", "guarded"):
        cached = world.site.php("echo get_post($args[0])->post_content;", world.ids[post])
        assert cached == world.site.php(source, world.ids[post])


@pytest.mark.usefixtures("persistent_cache")
def test_with_a_persistent_cache_a_public_page_costs_no_sql_either(world: World) -> None:
    path = "/after/?classic&print=widgets_only"
    for warm in ("", "&without", "", "&without"):
        world.get(path + warm)

    assert sql_count(world, path) == sql_count(world, path + "&without")


def test_a_view_is_never_written_back(world: World) -> None:
    world.site.mu_plugin(
        "saver",
        "add_action('wp_footer', function () { if (isset($_GET['save'])) {"
        " $post = get_post(); $post->post_title = $post->post_title; wp_update_post($post);"
        " foreach (get_posts(['numberposts' => 50]) as $one) { wp_update_post(['ID' => $one->ID, 'post_content' => wp_slash($one->post_content)]); } } });",
    )
    before = {name: source_of(world, name) for name in ("tagged", "guarded")}

    for user in ("alice", "bob", None):
        world.get("/tagged/?classic&save", user=user)

    assert {name: source_of(world, name) for name in before} == before


def source_of(world: World, name: str) -> str:
    return world.site.php("echo json_encode(get_post($args[0]));", world.ids[name]).partition(
        '"post_modified"'
    )[0]


def test_two_members_never_see_each_others_page_even_when_answers_break_off(world: World) -> None:
    for fault in (None, HalfBody(), None, Slow(2), None):
        world.fault(fault)
        for user, other in (("alice", "Robert"), ("bob", "Anna")):
            text = world.get("/tagged/", user=user).text
            assert other not in text
            assert "[MM_" not in text
    world.mend()
    assert "Hello Anna!" in world.get("/tagged/", user="alice").text


# Page caches


def test_a_page_of_facts_that_are_public_may_be_kept(world: World) -> None:
    world.cache = {"cache": "public"}

    answer = world.get("/tagged/")

    assert "no-store" not in answer.headers.get("Cache-Control", "")


def test_a_public_page_may_be_kept_until_the_next_date(world: World) -> None:
    world.cache = {"cache": "public", "until": int(time.time()) + 300}

    answer = world.get("/tagged/")

    (seconds,) = re.fullmatch(r"max-age=(\d+)", answer.headers["Cache-Control"]).groups()
    assert 280 <= int(seconds) <= 300
    assert "Cookie" in answer.headers["Vary"]


def test_a_public_page_is_never_kept_for_long(world: World) -> None:
    world.cache = {"cache": "public", "until": 4102444800}

    assert world.get("/tagged/").headers["Cache-Control"] == "max-age=600"


SAID_BY_OTHERS = """
add_action('send_headers', function () {
    if (isset($_GET['nocache'])) { nocache_headers(); }
    if (isset($_GET['told'])) { header('Cache-Control: ' . $_GET['told']); }
    if (isset($_GET['constant'])) { define('DONOTCACHEPAGE', true); }
});
"""


def test_what_others_said_of_caches_is_shortened_and_never_widened(world: World) -> None:
    world.site.mu_plugin("said_by_others", SAID_BY_OTHERS)
    world.cache = {"cache": "public", "until": int(time.time()) + 300}
    path = "/tagged/?told="

    for told in ("private", "no-store, max-age=9", "no-cache", "max-age=60", "must-revalidate, max-age=60"):
        assert world.get(path + told).headers["Cache-Control"] == told
    assert re.fullmatch(
        r"public, max-age=\d{3}, s-maxage=\d{3}",
        world.get(path + "public, max-age=3600, s-maxage=86400").headers["Cache-Control"],
    )
    assert "no-cache" in world.get("/tagged/?nocache").headers["Cache-Control"]
    assert "Cache-Control" not in world.get("/tagged/?constant").headers


def test_a_page_that_holds_what_wordpress_knows_of_its_visitor_is_not_said_to_be_keepable(
    world: World,
) -> None:
    world.cache = {"cache": "public", "until": int(time.time()) + 300}
    hashed = world.site.php("echo COOKIEHASH;")
    locked = a_post_with(world, f"Words {NAME_TAG}", post_password="secret")

    for cookie in ("comment_author_", "comment_author_email_", "wp-postpass_"):
        answer = world.get("/tagged/", cookies={cookie + hashed: "x"})
        assert "Cache-Control" not in answer.headers
    assert not re.match(r"max-age=[1-9]", world.get(locked).headers.get("Cache-Control", ""))
    world.site.php("wp_delete_post($args[0], true);", world.ids["extra"])


@pytest.mark.parametrize("cache", ["public", "private"])
def test_a_signed_in_viewers_page_is_never_kept(world: World, cache: str) -> None:
    world.cache = {"cache": cache}

    for path in ("/tagged/", "/after/", "/?classic"):
        assert "no-store" in world.get(path, user="alice").headers["Cache-Control"]
        assert "private" in world.get(path, user="alice").headers["Cache-Control"]


def test_wordpresss_own_caching_stays_where_nothing_depends_on_the_viewer(world: World) -> None:
    with_us, without_us = world.get("/after/?classic"), world.get("/after/?classic&without")

    assert with_us.headers.get("Cache-Control") == without_us.headers.get("Cache-Control")


def test_private_rest_answers_are_not_kept(world: World) -> None:
    assert world.rest("/wp/v2/posts").headers["Cache-Control"] == "private, no-store"
