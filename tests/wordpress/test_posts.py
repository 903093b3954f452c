from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, update

from sidecar.wordpress.posts import Post, find_post, get_content, list_post_ids, list_posts, list_term_ids
from sidecar.wordpress.tables import Tables
from tests.wordpress.builders import a_post, a_term

PUBLISHED = datetime(2025, 3, 30, 1, 30, tzinfo=UTC)


@pytest.fixture
def tables():
    return Tables("wp_2_", "wp_")


def test_a_post_is_read_whole(session, tables):
    a_post(session, tables)
    post_id = a_post(
        session,
        tables,
        post_author=7,
        post_date_gmt=PUBLISHED,
        post_title="Été ✓",
        post_name="ete",
        post_type="page",
        post_status="private",
        post_content="<p>[MM_Member_Data name='firstName']</p>",
        post_password="open sesame",
    )
    post = Post(
        post_id,
        "page",
        "private",
        "Été ✓",
        "ete",
        7,
        PUBLISHED,
        "<p>[MM_Member_Data name='firstName']</p>",
        True,
    )
    assert find_post(session, tables, post_id) == post
    assert "sesame" not in repr(post)


def test_a_draft_has_no_date_and_a_post_without_a_password_needs_none(session, tables):
    post = find_post(session, tables, a_post(session, tables, post_status="draft"))
    assert (post.published_at, post.has_password) == (None, False)


def test_posts_come_by_id_and_those_that_do_not_exist_are_missing(session, tables):
    ids = [a_post(session, tables) for _ in range(3)]
    assert [post.id for post in list_posts(session, tables, [ids[2], 999, ids[0]])] == [ids[0], ids[2]]
    assert list_posts(session, tables, []) == []
    assert find_post(session, tables, 999) is None


def test_the_content_of_a_post_is_read_byte_for_byte(session, tables):
    content = "  <!-- wp:paragraph -->\r\n[if] 😀 \\' \" % :x \0" + "x" * 100_000
    post_id = a_post(session, tables, post_content=content)
    assert get_content(session, tables, post_id) == content


def test_there_is_no_content_where_there_is_no_post_and_empty_content_where_there_is_none(session, tables):
    assert get_content(session, tables, 999) is None
    assert get_content(session, tables, a_post(session, tables)) == ""


def test_ids_of_types_and_statuses_come_in_pages(session, tables):
    posts = [a_post(session, tables) for _ in range(3)]
    page = a_post(session, tables, post_type="page")
    draft = a_post(session, tables, post_status="draft")
    a_post(session, tables, post_type="revision", post_status="inherit")
    assert list_post_ids(session, tables, ["post"], limit=2) == posts[:2]
    assert list_post_ids(session, tables, ["post"], after=posts[1], limit=2) == posts[2:]
    assert list_post_ids(session, tables, ["post", "page"]) == [*posts, page]
    assert list_post_ids(session, tables, ["post"], ["draft"]) == [draft]


def test_terms_of_many_posts_are_terms_and_not_their_rows_in_a_taxonomy(session, tables):
    tagged, plain, both = (a_post(session, tables) for _ in range(3))
    tag = a_term(session, tables, "post_tag", tagged, both)
    category = a_term(session, tables, "category", both)
    assert list_term_ids(session, tables, [tagged, plain, both, 999]) == {
        tagged: frozenset({tag}),
        plain: frozenset(),
        both: frozenset({tag, category}),
        999: frozenset(),
    }


def test_a_post_in_a_child_category_is_in_those_above_it_too(session, tables):
    post = a_post(session, tables)
    top, middle, child = (a_term(session, tables, "category") for _ in range(3))
    a_term(session, tables, "category", a_post(session, tables))
    taxonomy = tables.term_taxonomy
    for term, parent in (
        (middle, top),
        (child, middle),
        (top, child),
    ):  # and a circle, which a broken import can leave
        session.execute(update(taxonomy).where(taxonomy.c.term_id == term).values(parent=parent))
    link = session.scalar(select(taxonomy.c.term_taxonomy_id).where(taxonomy.c.term_id == child))
    session.execute(insert(tables.term_relationships).values(object_id=post, term_taxonomy_id=link))
    assert list_term_ids(session, tables, [post]) == {post: frozenset({top, middle, child})}
