"""The preview in a real browser, at the width of a phone and of a desktop."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bed.browser import Pages
from tests.demo.process import DemoProcess, running_demo
from tests.demo.screenshots import LINKED, SCREENS, WIDTHS, open_screen

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def running(made_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    with running_demo(shutil.copytree(made_folder, tmp_path_factory.mktemp("demo") / "copy")) as demo:
        yield demo


def complaints_of(page: "Page") -> list[str]:
    """What the browser complains about from now on, but for the sandbox, which is meant to stop the posts' scripts."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    return found


@pytest.mark.parametrize("width", WIDTHS.values(), ids=list(WIDTHS))
@pytest.mark.parametrize("name", [*SCREENS, *LINKED])
def test_every_screen_fits_its_width(
    running: DemoProcess, new_page: Pages, name: str, width: tuple[int, int]
) -> None:
    page = new_page(width=width[0], height=width[1])
    open_screen(page, running.address, name)
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
    page.goto(running.address + "/posts/40?viewer=5")
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
    page.locator("#viewer").select_option("5")
    page.wait_for_url("**viewer=5")
    assert page.locator(".verdict").inner_text() == "Open"
    assert complaints == []


def test_the_log_is_live(running: DemoProcess, new_page: Pages) -> None:
    log, reader = new_page(), new_page()
    log.goto(running.address + "/log")
    reader.goto(running.address + "/posts/61?viewer=5")
    log.locator("tbody tr:first-child", has_text="Plan: Shaker chair").wait_for()
    assert "Alice Martin" in log.locator("tbody tr").first.inner_text()


def test_the_clock_moves_forward_and_says_how_far(copied_folder: Path, new_page: Pages) -> None:
    with running_demo(copied_folder) as demo:
        page = new_page()
        page.goto(demo.address + "/posts/41?viewer=6")
        assert page.locator(".verdict").inner_text().startswith("Opens on")
        page.get_by_role("button", name="+7 days").click()
        assert page.locator(".verdict").inner_text() == "Open"
        assert "7 days ahead" in page.locator(".clock").inner_text()


STORY = {
    "en": {
        "go": "Go to", "open": "Open", "closed": "Closed", "read": "Read her mail", "failed": "did not go through",
        "update": "Update my card", "pay": "now with a new card", "paid": "Thank you, your payment has arrived.",
        "back": "She is back: see the course", "tried": "declined (insufficient_funds)",
    },
    "fr": {
        "go": "Aller au", "open": "Ouvert", "closed": "Fermé", "read": "Lire son courriel", "failed": "did not go through",
        "update": "Update my card", "pay": "maintenant avec une nouvelle carte", "paid": "Merci, votre paiement est bien arrivé.",
        "back": "La revoilà : voir le cours", "tried": "refusé (insufficient_funds)",
    },
}  # fmt: skip
"""What stands where, in the language of the tool. Ada's own mails are in the site's language."""


@pytest.mark.parametrize("language", STORY)
def test_a_member_falls_overdue_is_told_pays_with_a_new_card_and_is_back(
    copied_folder: Path, new_page: Pages, language: str
) -> None:
    said = STORY[language]
    with running_demo(copied_folder) as demo:
        page = new_page(locale=language)
        complaints = complaints_of(page)
        page.goto(demo.address + "/posts/40?viewer=4")
        assert page.locator(".verdict").inner_text() == said["open"]

        page.goto(demo.address)
        page.get_by_role("button", name=said["go"]).click()
        page.goto(demo.address + "/posts/40?viewer=4")
        assert page.locator(".verdict").inner_text() == said["closed"]

        page.goto(demo.address)
        page.get_by_role("link", name=said["read"]).click()
        assert said["failed"] in page.locator("h1").inner_text()
        page.frame_locator("iframe").get_by_role("link", name=said["update"]).click()
        page.wait_for_url("**/posts/14*")  # with its script

        page.get_by_role("button", name=said["pay"]).click()
        type_card(page, "4242424242424242")
        page.locator("button[data-gatepost-step=pay]").click()
        page.get_by_text(said["paid"]).wait_for()

        page.goto(demo.address)
        page.get_by_role("link", name=said["back"]).click()
        assert page.locator(".verdict").inner_text() == said["open"]
        page.goto(demo.address + "/payments")
        assert (
            page.locator("tr", has_text="Ada Lindholm").locator(".status").get_attribute("class")
            == "status active"
        )
        assert complaints == []


def type_card(page: "Page", number: str) -> None:
    """Into the fields of the processor's script."""
    for name, value in {"number": number, "expiry": "12 / 40", "cvc": "123"}.items():
        page.locator(f"[data-gatepost-card] input[name={name}]").fill(value)


def test_a_card_whose_bank_asks_is_approved_by_its_holder(copied_folder: Path, new_page: Pages) -> None:
    with running_demo(copied_folder) as demo:
        page = new_page(width=390)
        page.goto(demo.address + "/posts/14?viewer=13")
        page.locator("button[data-gatepost-step=pay]").click()
        type_card(page, "4000002760003184")
        page.locator("button[data-gatepost-step=pay]").click()
        page.get_by_role("button", name="Approve").click()
        page.get_by_text("Thank you, your payment has arrived.").wait_for()


def test_a_visitor_buys_and_finds_the_course_open(copied_folder: Path, new_page: Pages) -> None:
    with running_demo(copied_folder) as demo:
        page = new_page(width=390)
        page.goto(demo.address + "/posts/15?viewer=0")
        page.frame_locator("iframe").get_by_role("link", name="24 dollars a month").click()
        for name, value in {"email": "mia@example.test", "first_name": "Mia", "last_name": "Berg"}.items():
            page.locator(f"input[name={name}]").fill(value)
        page.locator("input[name=password]").fill("correct horse")
        page.locator("button[data-gatepost-step=begin]").click()
        type_card(page, "4000000000009995")
        page.locator("button[data-gatepost-step=begin]").click()
        page.locator("[role=alert]", has_text="insufficient funds").first.wait_for()
        type_card(page, "4242424242424242")
        page.locator("button[data-gatepost-step=begin]").click()
        page.frame_locator("iframe").get_by_text("The stove is lit").wait_for()
        assert "Mia Berg" in page.locator("#viewer option:checked").inner_text()
        page.frame_locator("iframe").get_by_role("link", name="First cuts").click()
        page.locator(".verdict", has_text="Open").wait_for()
