"""A page of 500 tags on a real site, read by a member whose every detail is an attack, in a real browser: nothing runs."""

from __future__ import annotations

import re

import pytest

from sidecar.catalog.making import make_field
from sidecar.members.details import answer_field, change_contact
from tests.shortcodes.test_in_browser import PAYLOADS
from tests.whole.club import Club, now

PLACES = [
    "<p>%s</p>", "<p>a &lt; b %s</p>", "<textarea>%s</textarea>", "<ul><li>%s</li></ul>", "<noscript>%s</noscript>",
    "<svg><title>%s</title></svg>", '<p title="%s">x</p>', "<p title='%s'>x</p>", "<input type=text value = '%s'>",
    '<p data-name="Hi %s!">x</p>', "<p title=%s>x</p>", "<p title=%s class=y>x</p>", "<p title=a%s>x</p>", '<a href="%s">x</a>',
    "<a href='%s'>x</a>", "<a href=%s>x</a>", "<img alt='' src=' %s '>", '<a href="/hi/%s">x</a>',
    '<a href="?name=%s&amp;x=1">x</a>', "<a href='mailto:%s'>x</a>", "<script>var a = '%s';</script>",
    '<script>var a = "%s";</script>', "<script>var a = `%s`;</script>",
    '<script type="application/json">{"a": "http://x/%s"}</script>', "<script>var a = %s;</script>",
    "<a onclick='f(\"%s\")'>x</a>", "<b style='color:%s'>x</b>", "<style>i{color:%s}</style>", "<p %s>x</p>",
    "<a href='javascript:f(\"%s\")'>x</a>",
]  # fmt: skip
"""Whole elements, after which the page goes on as before."""

TOUCH = """
() => {
    const found = [];
    for (const element of document.querySelectorAll(".entry-content *")) {
        for (const name of ["mouseover", "mouseenter", "focus", "click", "error", "load", "toggle", "input"]) {
            element.dispatchEvent(new Event(name, {bubbles: false, cancelable: true}));
        }
        for (const name of ["href", "src", "action", "data-href"]) {
            const address = element.getAttribute(name);
            if (address && address.includes("hit") && /^[\\s\\0-\\x20]*(javascript|data|vbscript):/i.test(address)) found.push(address);
        }
    }
    return found;
}
"""


@pytest.fixture(scope="module")
def tags(club: Club) -> list[str]:
    """One tag for each payload, all about Mallory, whose details they are."""
    club.level("Gold")
    mallory = club.member("mallory", 1)
    names = {"first_name": PAYLOADS[0], "last_name": PAYLOADS[1]}
    for key, value in names.items():
        club.site.php(
            "update_user_meta($args[0], $args[1], wp_slash($args[2]));",
            mallory,
            key,
            value.replace("\x00", ""),
        )
    change_contact(mallory, {"billing_city": PAYLOADS[2]}, now=now(), by="test")
    fields = {make_field(f"Field {place}", now=now()): value for place, value in enumerate(PAYLOADS[3:])}
    for field, value in fields.items():
        answer_field(mallory, field, value.replace("\x00", ""), now=now(), by="test")
    return [
        f"[MM_Member_Data name={name}]"
        for name in ("firstName", "lastName", "billingCity", *(f"customField_{field}" for field in fields))
    ]


@pytest.mark.parametrize("blocks", [True, False])
def test_a_page_of_500_tags_executes_nothing_of_its_reader_s(
    club: Club, tags: list[str], new_page, blocks: bool
) -> None:
    pieces = [place % tag for place in PLACES for tag in tags]
    assert len(pieces) >= 500
    separator = "\n<hr>\n" if blocks else "\n\n<hr>\n\n"
    text = separator.join(pieces)
    if blocks:
        text = f"<!-- wp:html -->\n{text}\n<!-- /wp:html -->"
    name = f"hostile-{int(blocks)}"
    club.site.php(
        "kses_remove_filters(); wp_insert_post(wp_slash(array('post_title' => $args[0], 'post_content' => $args[1],"
        " 'post_status' => 'publish', 'post_author' => 1)));",
        name,
        text,
    )
    page = new_page(club.site, "mallory")
    page.add_init_script("window.hits = 0; window.hit = () => { window.hits += 1; };")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.route(re.compile(r"evil\.example|https://x\.example"), lambda route: route.abort())
    page.goto(f"/{name}/")
    assert page.locator(".entry-content hr").count() >= len(pieces) * 0.9
    assert "MM_Member_Data" not in page.content()
    assert page.evaluate(TOUCH) == []
    page.wait_for_timeout(100)
    assert (page.evaluate("window.hits"), dialogs) == (0, [])
    assert club.site.log("/plugins/gatepost/") == ""
