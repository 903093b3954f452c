"""A real browser loads hundreds of renderings with hostile values, touches everything in them, and executes nothing."""

from __future__ import annotations

import html
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

import shortcodes
from tests.bed.browser import Pages
from tests.shortcodes.builders import Member, a_view
from tests.shortcodes.test_places import NO_PLACES, WRITTEN

HIT = "parent.hit()"
PAYLOADS = [
    f"\"'><img src=x onerror={HIT}><script>{HIT}</script>",
    f"</title></textarea></style></script><svg onload={HIT}>",
    f"javascript:{HIT}",
    f" \tJaVa\nScRiPt\x00:{HIT}//http://x",
    f"data:text/html,<script>{HIT}</script>",
    f"x onmouseover={HIT} onfocus={HIT} autofocus tabindex=1 y=",
    f"'-{HIT}-'",
    f"\\'+{HIT}//",
    f"${{{HIT}}}",
    f"`;{HIT};`",
    f"\\u0027;{HIT};//\\x27\\",
    f"*/{HIT}/*",
    f"</ScRiPt ><script>{HIT}</script>",
    f"<!--<script>{HIT}",
    f"-->]]>?><script>{HIT}</script>",
    f"\n\n{HIT}\r\u2028{HIT}\u2029",
    f"&#39;;{HIT};//&quot;",
    f"//evil.example/'\"><iframe srcdoc='<script>parent.{HIT}</script>'>",
]
PLACES = [*WRITTEN, *(place for place, _reason in NO_PLACES)]
TAG = "[MM_Member_Data name='{}']"
FIELDS = ("firstName", "billingCity", "customField_5")
WANTED = 500

TOUCH = """
() => {
    const found = [];
    for (const frame of document.querySelectorAll("iframe")) {
        const inside = frame.contentDocument;
        for (const element of inside.querySelectorAll("*")) {
            for (const name of ["mouseover", "mouseenter", "focus", "click", "error", "load", "toggle", "input"]) {
                element.dispatchEvent(new Event(name, {bubbles: false, cancelable: true}));
            }
            for (const name of ["href", "src", "action", "formaction", "xlink:href", "data-href", "poster"]) {
                const address = element.getAttribute(name);
                if (address && address.includes("hit") && /^[\\s\\0-\\x20]*(javascript|data|vbscript):/i.test(address)) found.push(address);
            }
        }
    }
    return found;
}
"""


def a_rendering(place: str, field: str, value: str) -> str:
    viewer = Member(first_name=value, addresses={("billing", "city"): value}, custom_fields={5: value})
    return shortcodes.compile(place % TAG.format(field)).render(a_view(viewer)).text


def renderings() -> Iterator[tuple[str, str]]:
    """(what it is, the rendering): every place with every payload, the fields taking turns."""
    for number, (place, value) in enumerate(product(PLACES, PAYLOADS)):
        yield f"{place!r} with {value!r}", a_rendering(place, FIELDS[number % len(FIELDS)], value)


def a_page(frames: list[str]) -> str:
    inside = "".join(
        f'<iframe loading="eager" srcdoc="{html.escape(frame.encode(errors="replace").decode())}"></iframe>'
        for frame in frames
    )
    return f"<!DOCTYPE html><script>window.hits = 0; window.hit = () => {{ window.hits += 1; }};</script>{inside}"


def in_batches(size: int) -> list[list[tuple[str, str]]]:
    everything = list(renderings())
    return [everything[at : at + size] for at in range(0, len(everything), size)]


def opened(new_page: Pages, frames: list[str]) -> Any:
    page = new_page()
    page.route("**/*", lambda route: route.abort())
    page.set_content(a_page(frames), wait_until="load")
    return page


def test_there_are_as_many_renderings_as_a_page_has_to_hold() -> None:
    assert len(in_batches(WANTED)[0]) == WANTED
    assert len(list(renderings())) > 3 * WANTED


@pytest.mark.parametrize("batch", range(3))
def test_a_page_of_500_renderings_executes_nothing(new_page: Pages, batch: int) -> None:
    page = opened(new_page, [text for _what, text in in_batches(WANTED)[batch]])
    assert page.evaluate("document.querySelectorAll('iframe').length") == WANTED
    assert page.evaluate(TOUCH) == []
    page.wait_for_timeout(100)
    assert page.evaluate("window.hits") == 0


def test_the_trap_works(new_page: Pages) -> None:
    """Each payload, printed as it is, would have been noticed somewhere."""
    frames = [
        "<p>%s</p>",
        "<p title='%s'>x</p>",
        "<script>var a = '%s';</script>",
        "<script>var a = `%s`;</script>",
        "<a href='%s'>x</a>",
    ]
    for payload in (PAYLOADS[0], PAYLOADS[1], PAYLOADS[6], PAYLOADS[8], PAYLOADS[12]):
        page = opened(new_page, [frame % payload for frame in frames])
        page.wait_for_function("window.hits > 0", timeout=5000)
    page = opened(new_page, [f"<a href='{PAYLOADS[2]}'>x</a>"])
    assert page.evaluate(TOUCH) == [PAYLOADS[2]]


def test_what_is_printed_into_a_script_is_read_there_as_it_was_written(new_page: Pages) -> None:
    frames = [f"<script>parent.said = (parent.said || []).concat(['{TAG.format('firstName')}']);</script>"]
    rendered = [
        shortcodes.compile(frames[0]).render(a_view(Member(first_name=value))).text for value in PAYLOADS
    ]
    page = opened(new_page, rendered)
    assert sorted(page.evaluate("window.said")) == sorted(PAYLOADS)
    assert page.evaluate("window.hits") == 0
