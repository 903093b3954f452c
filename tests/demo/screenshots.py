"""`python -m tests.demo.screenshots`: the pictures in docs/images/. With a folder: every screen, for looking at, into that folder.

Makes a demo of its own in a temporary folder and stops it again.
"""

import sys
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.bed.browser import chromium
from tests.dashboard.screens import IN_THE_DEMO
from tests.demo.process import running_demo

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTHS = {"phone": (390, 844), "desktop": (1280, 860)}
SCREENS = {
    "overview": "/",
    "post-open": "/posts/40?viewer=5&page=1",
    "post-future": "/posts/42?viewer=6",
    "post-closed": "/posts/44",
    "name-board": "/posts/17?viewer=21",
    "blog": "/blog?viewer=9",
    "account": "/posts/14?viewer=5",
    "account-overdue": "/posts/14?viewer=13",
    "account-visitor": "/posts/14?viewer=0",
    "join": "/posts/15?viewer=0",
    "inbox": "/inbox",
    "mail": "/inbox/newest?to=13",
    "payments": "/payments",
    "members": "/members",
    "log": "/log",
}


LINKED = {
    "checkout": ("/posts/15?viewer=0", "24 dollars a month"),
    "payment": ("/payments", "Apprentice, monthly"),
}
"""Screens whose address is known to a link alone: where it stands, and what it says."""
OF_THE_DASHBOARD_IN_THE_DOCS = ("overview", "member", "overdue", "order")
IN_THE_DOCS = ("overview", "post-future", "name-board", "account-overdue", "mail", "payments")


def open_screen(page: "Page", address: str, name: str) -> None:
    """One of the screens, in a demo that answers at `address`."""
    if name in SCREENS:
        page.goto(address + SCREENS[name])
        return
    path, words = LINKED[name]
    page.goto(address + path)
    frame = page.locator("iframe").count()
    link = (page.frame_locator("iframe") if frame else page).get_by_text(words, exact=True).first
    link.click()
    page.wait_for_load_state()


def open_dashboard(page: "Page", address: str, name: str) -> None:
    """One of the dashboard's screens, once the owner is signed on; `order` and `refund` are reached by a click."""
    page.goto(f"{address}/dashboard{IN_THE_DEMO.get(name, '/overdue')}")
    if name in {"order", "refund"}:
        page.get_by_role("link", name="Show order").first.click()
    if name == "refund":
        page.get_by_role("link", name="Refund").click()
    page.wait_for_load_state("networkidle")


def main(images: Path, names: Collection[str], of_dashboard: Collection[str]) -> None:
    """Write `demo-<screen>-<width>.png` and `dashboard-<screen>-<width>.png` for these screens, at the width of a phone and of
    a desktop."""
    images.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, running_demo(Path(folder)) as demo, chromium() as browser:
        for width, (across, down) in WIDTHS.items():
            context = browser.new_context(viewport={"width": across, "height": down}, locale="en")
            page = context.new_page()
            for name in names:
                open_screen(page, demo.address, name)
                page.screenshot(path=images / f"demo-{name}-{width}.png")
            page.goto(f"{demo.address}/wp-admin/admin.php?page=gatepost")
            for name in of_dashboard:
                open_dashboard(page, demo.address, name)
                page.screenshot(path=images / f"dashboard-{name.replace(' ', '-')}-{width}.png")
            context.close()


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]), [*SCREENS, *LINKED], [*IN_THE_DEMO, "order", "refund"])
    else:
        main(IMAGES, IN_THE_DOCS, OF_THE_DASHBOARD_IN_THE_DOCS)
