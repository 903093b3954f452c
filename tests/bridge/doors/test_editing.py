"""Whoever edits a post gets its source, byte for byte, and saving it changes nothing."""

import xmlrpc.client
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bridge.doors.world import HIDDEN, MEMBERS_END, MEMBERS_TAG, NAME_TAG, World, everything

SOURCES = {
    "blocks": f"<!-- wp:paragraph -->\n<p>Dear {NAME_TAG}, “quoted” &amp; 'plain' – {MEMBERS_TAG}XYZZY{MEMBERS_END}</p>\n<!-- /wp:paragraph -->",
    "classic": f"Dear {NAME_TAG}\n\n{MEMBERS_TAG}XYZZY <em>nested {MEMBERS_TAG}XYZZY{MEMBERS_END}</em>{MEMBERS_END}\n\n<!--more-->\n\nÜber\\slash",
    "guarded": "XYZZY plain text without a tag.\n\n<!--nextpage-->\n\nSecond page.",
}


@pytest.fixture(params=SOURCES)
def post(world: World, request: pytest.FixtureRequest) -> Iterator[int]:
    """A guarded post whose source must come through."""
    made = world.site.new_post("Source", SOURCES[request.param], post_excerpt=f"For {NAME_TAG}")
    world.site.php("update_post_meta($args[0], '_gatepost_governed', '1');", made)
    world.closed.add(made)
    yield made
    world.site.php("wp_delete_post($args[0], true);", made)


def stored(world: World, post: int) -> str:
    return world.site.php(
        "global $wpdb; echo json_encode($wpdb->get_row('SELECT post_content, post_excerpt FROM ' . $wpdb->posts . ' WHERE ID = ' . (int) $args[0]));",
        post,
    )


@pytest.mark.parametrize("who", ["admin", "editor"])
def test_the_block_editors_route_gives_and_takes_the_source(world: World, post: int, who: str) -> None:
    before = stored(world, post)
    for route in (f"/wp/v2/posts/{post}?context=edit", f"/wp/v2/posts/{post}?context=edit&_embed"):
        read = world.rest(route, user=who).json()

        saved = world.rest(
            f"/wp/v2/posts/{post}",
            user=who,
            method="POST",
            json={"content": read["content"]["raw"], "excerpt": read["excerpt"]["raw"]},
        )

        assert saved.status_code == 200
        assert saved.json()["content"]["raw"] == read["content"]["raw"]
        assert stored(world, post) == before


def test_a_list_for_editing_holds_sources(world: World, post: int) -> None:
    listed = world.rest(f"/wp/v2/posts?context=edit&include={post}", user="editor").json()

    assert listed[0]["content"]["raw"] in SOURCES.values()
    assert "[MM_" not in listed[0]["content"]["rendered"]


def test_nested_requests_for_editing_get_the_source(world: World, post: int) -> None:
    nested = world.rest(f"/test/nested?id={post}&how=edit", user="editor").json()

    assert nested["content"]["raw"] in SOURCES.values()


def test_for_others_the_same_list_holds_views(world: World, post: int) -> None:
    answer = world.rest(f"/wp/v2/posts?context=edit&include={post}", user="contributor")

    assert answer.status_code == 200
    assert HIDDEN not in everything(answer)


def test_revisions_and_autosaves_hold_sources(world: World, post: int) -> None:
    changed = world.rest(
        f"/wp/v2/posts/{post}/autosaves",
        user="editor",
        method="POST",
        json={"content": f"Draft {NAME_TAG}", "title": "x"},
    )

    assert changed.json()["content"]["raw"] == f"Draft {NAME_TAG}"
    listed = world.rest(f"/wp/v2/posts/{post}/autosaves?context=edit", user="editor").json()
    assert listed[0]["content"]["raw"] == f"Draft {NAME_TAG}"


def test_quick_edit_changes_the_title_alone(world: World, post: int) -> None:
    before = stored(world, post)
    nonce = world.site.php(
        "wp_set_current_user(1); $_COOKIE[LOGGED_IN_COOKIE] = $args[0]; echo wp_create_nonce('inlineeditnonce');",
        next(value for name, value in world.site.cookies("admin").items() if "logged_in" in name),
    )
    answer = world.site.post(
        "/wp-admin/admin-ajax.php",
        user="admin",
        data={
            "action": "inline-save",
            "_inline_edit": nonce,
            "post_ID": post,
            "post_type": "post",
            "screen": "edit-post",
            "post_view": "excerpt",
            "post_title": "Quick",
            "_status": "publish",
        },
    )

    assert answer.status_code == 200
    assert world.site.php("echo get_post($args[0])->post_title;", post) == "Quick"
    assert stored(world, post) == before


def test_the_classic_screens_show_the_source(world: World, post: int) -> None:
    world.site.mu_plugin("classic_editor", "add_filter('use_block_editor_for_post', '__return_false');")
    try:
        text = world.get(f"/wp-admin/post.php?post={post}&action=edit", user="editor").text
    finally:
        (world.site.content / "mu-plugins/classic_editor.php").unlink()

    assert "XYZZY" in text
    assert world.page_calls() == []


def test_xml_rpc_gives_and_takes_the_source(world: World, post: int) -> None:
    before = stored(world, post)
    read = rpc(world, "metaWeblog.getPost", post, "editor", "editor-pass")
    assert "XYZZY" in read["description"] + read.get("mt_text_more", "")

    rpc(
        world,
        "metaWeblog.editPost",
        post,
        "editor",
        "editor-pass",
        {"title": "By RPC", "mt_excerpt": read["mt_excerpt"]},
    )
    whole = rpc(world, "wp.getPost", 1, "editor", "editor-pass", post)
    rpc(world, "wp.editPost", 1, "editor", "editor-pass", post, {"post_content": whole["post_content"]})

    assert world.site.php("echo get_post($args[0])->post_title;", post) == "By RPC"
    assert stored(world, post) == before


def rpc(world: World, method: str, *arguments: object) -> Any:
    body = xmlrpc.client.dumps(arguments, method)
    answer = world.site.post("/xmlrpc.php", data=body.encode(), headers={"Content-Type": "text/xml"})
    (value,), _name = xmlrpc.client.loads(answer.content)
    return value


def test_an_export_holds_sources(world: World, post: int) -> None:
    exported = world.get("/wp-admin/export.php?download=true&content=all", user="admin").text

    assert world.site.php("echo get_post($args[0])->post_content;", post) in exported


def test_an_editors_reading_of_the_page_is_rendered(world: World, post: int) -> None:
    text = world.get(f"/?p={post}", user="editor").text

    assert "XYZZY" in text
    assert "[MM_" not in text


def test_ajax_gives_editors_sources_and_readers_views(world: World, post: int) -> None:
    assert (
        world.site.php("echo get_post($args[0])->post_content;", post)
        in world.get("/wp-admin/admin-ajax.php?action=more", user="editor").text
    )
    assert HIDDEN not in everything(world.get("/wp-admin/admin-ajax.php?action=more", user="bob"))
