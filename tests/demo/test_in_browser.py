"""The preview in a real browser, at the width of a phone and of a desktop."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bed.browser import Pages
from tests.demo.process import DemoProcess, running_demo
from tests.demo.screenshots import SCREENS, WIDTHS

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


def complaints_of(page: "Page") -> list[str]:
    """What the browser complains about from now on, but for the sandbox, which is meant to stop the posts' scripts."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    return found


@pytest.mark.parametrize("width", WIDTHS.values(), ids=list(WIDTHS))
@pytest.mark.parametrize("path", SCREENS.values(), ids=list(SCREENS))
def test_every_screen_fits_its_width(
    running: DemoProcess, new_page: Pages, path: str, width: tuple[int, int]
) -> None:
    page = new_page(width=width[0], height=width[1])
    page.goto(running.address + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width[0]


def test_a_post_has_its_looks_within_the_sandbox_and_its_scripts_do_not_run(
    running: DemoProcess, new_page: Pages
) -> None:
    page = new_page()
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(running.address + "/posts/17?viewer=21")
    board = page.frame_locator("iframe").locator(".board")
    assert board.inner_text() == "<script>alert(1)</script> Riley"
    assert "Georgia" in board.evaluate("element => getComputedStyle(element).fontFamily")
    assert dialogs == []
    assert page.frames[1].evaluate("typeof window.bench") == "undefined"


def test_a_link_in_a_post_leads_on_as_the_same_viewer(running: DemoProcess, new_page: Pages) -> None:
    page = new_page()
    page.goto(running.address + "/posts/40?viewer=4")
    page.frame_locator("iframe").get_by_role("link", name="Flat and square").click()
    page.wait_for_url("**/posts/41")
    assert "Alice Martin" in page.locator("#viewer option:checked").inner_text()


def test_choosing_a_viewer_shows_the_page_anew_without_complaints(
    running: DemoProcess, new_page: Pages
) -> None:
    page = new_page()
    complaints = complaints_of(page)
    page.goto(running.address + "/posts/43?viewer=0")
    assert page.locator(".verdict").inner_text() == "Closed"
    page.locator("#viewer").select_option("4")
    page.wait_for_url("**viewer=4")
    assert page.locator(".verdict").inner_text() == "Open"
    assert complaints == []


def test_the_log_is_live(running: DemoProcess, new_page: Pages) -> None:
    log, reader = new_page(), new_page()
    log.goto(running.address + "/log")
    reader.goto(running.address + "/posts/61?viewer=4")
    log.locator("tbody tr:first-child", has_text="Plan: Shaker chair").wait_for()
    assert "Alice Martin" in log.locator("tbody tr").first.inner_text()


def test_the_clock_moves_and_comes_back(tmp_path: Path, new_page: Pages) -> None:
    with running_demo(tmp_path) as demo:
        page = new_page()
        page.goto(demo.address + "/posts/41?viewer=5")
        assert page.locator(".verdict").inner_text().startswith("Opens on")
        page.get_by_role("button", name="+7 days").click()
        assert page.locator(".verdict").inner_text() == "Open"
        assert "7 days ahead" in page.locator(".clock").inner_text()
        page.get_by_role("button", name="Back to now").click()
        assert page.locator(".verdict").inner_text().startswith("Opens on")
