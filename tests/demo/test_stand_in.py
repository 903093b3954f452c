"""What the bridge's stand-in does to texts."""

import pytest

from sidecar.demo.paragraphs import with_paragraphs
from sidecar.demo.stand_in import lead_of, shown, spliced
from sidecar.demo.store import SitePost
from sidecar.pages.messages import CacheAnswer, ObjectAnswer, PageAnswer, PostAnswer, SessionAnswer

SOURCE = "Aé [MM_a] b<!--more-->c [MM_b] d"


def an_answer(post: PostAnswer) -> PageAnswer:
    return PageAnswer(
        generation=1, posts={"5": post}, texts={}, object=ObjectAnswer(), page=CacheAnswer(),
        viewer=SessionAnswer(), changes=[], calls=[], recorded=True,
    )  # fmt: skip


A_POST = SitePost(5, "post", "Title", SOURCE, "The excerpt", frozenset())


def test_splices_count_bytes() -> None:
    assert spliced(SOURCE, [(4, 10, "é"), (25, 31, "")]) == "Aé é b<!--more-->c  d"


def test_an_open_post_is_shown_whole_without_the_fold() -> None:
    seen = shown(A_POST, an_answer(PostAnswer(show="open", splices=[(4, 10, "x"), (25, 31, "y")])))
    assert seen.pages == ["Aé x bc y d"]


@pytest.mark.parametrize("lead", [True, False])
def test_of_a_closed_post_nothing_behind_the_fold_is_left(lead: bool) -> None:
    seen = shown(
        A_POST, an_answer(PostAnswer(splices=[(4, 10, "x"), (25, 31, "y")], lead=lead, notice="<p>no</p>"))
    )
    assert (seen.is_closed, seen.text, seen.excerpt) == (True, "Aé x b" if lead else "", "")


def test_the_lead_ends_at_the_fold() -> None:
    assert lead_of(SOURCE) == "Aé [MM_a] b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("One\ntwo\n\nthree", "<p>One<br>\ntwo</p>\n\n<p>three</p>"),
        ("<h2>Head</h2>\n\ntext", "<h2>Head</h2>\n\n<p>text</p>"),
        ("<script>\na\n\nb\n</script>", "<script>\na\n\nb\n</script>"),
        ("<em>in line</em>", "<p><em>in line</em></p>"),
    ],
)
def test_blank_lines_make_paragraphs(text: str, expected: str) -> None:
    assert with_paragraphs(text) == expected
