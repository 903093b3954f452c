"""Chromium from Debian's package, driven by Playwright."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.bed.processes import program
from tests.bed.site import Site

if TYPE_CHECKING:  # Playwright is slow to import, and few tests want it
    from playwright.sync_api import Browser, BrowserContext, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def chromium() -> Iterator["Browser"]:
    """A headless browser; it ends with the block."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Pages:
    """Makes pages, each in a context (cookies, storage) of its own."""

    def __init__(self, browser: "Browser"):
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def __call__(
        self,
        site: Site | None = None,
        user: str | None = None,
        *,
        width: int = 1280,
        height: int = 800,
        **options: Any,
    ) -> "Page":
        """A page; on `site` paths may be relative and `user` (a login name) is signed in. Phone: width=390."""
        if site:
            options.setdefault("base_url", site.url)
        context = self._browser.new_context(viewport={"width": width, "height": height}, **options)
        self._contexts.append(context)
        if site and user:
            context.add_cookies(
                [
                    {"name": name, "value": value, "url": site.url}
                    for name, value in site.cookies(user).items()
                ]
            )
        return context.new_page()

    def close(self) -> None:
        """End all; what they showed last is printed, which pytest keeps for tests that fail."""
        for context in self._contexts:
            for page in context.pages:
                print(f"--- {page.url}\n{shown_text(page)}")
            context.close()


def shown_text(page: "Page") -> str:
    """What a person would read there now, as far as it can be had."""
    from playwright.sync_api import Error

    try:
        return page.locator("body").inner_text(timeout=2000)[:3000]
    except Error as error:
        return str(error)
