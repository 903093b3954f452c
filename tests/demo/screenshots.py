"""`python -m tests.demo.screenshots`: the pictures in docs/images/. With a folder: every screen, for looking at, into that folder.

Makes a demo of its own in a temporary folder and stops it again.
"""

import sys
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bed.browser import chromium
from tests.demo.process import running_demo

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTHS = {"phone": (390, 844), "desktop": (1280, 860)}
SCREENS = {
    "overview": "/",
    "post-open": "/posts/40?viewer=4&page=1",
    "post-future": "/posts/42?viewer=5",
    "post-closed": "/posts/44",
    "name-board": "/posts/17?viewer=21",
    "blog": "/blog?viewer=8",
    "members": "/members",
    "log": "/log",
}


IN_THE_DOCS = ("overview", "post-future", "name-board")


def main(images: Path, names: Collection[str]) -> None:
    """Write `demo-<screen>-<width>.png` for these screens, at the width of a phone and of a desktop."""
    images.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, running_demo(Path(folder)) as demo, chromium() as browser:
        for width, (across, down) in WIDTHS.items():
            context = browser.new_context(viewport={"width": across, "height": down}, locale="en")
            page = context.new_page()
            for name in names:
                page.goto(demo.address + SCREENS[name])
                page.screenshot(path=images / f"demo-{name}-{width}.png")
            context.close()


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]), SCREENS)
    else:
        main(IMAGES, IN_THE_DOCS)
