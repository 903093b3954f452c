"""Reading the preview's pages, for the tests."""

import html
import re
from dataclasses import dataclass

from sidecar.db import reading
from sidecar.demo.onlookers import Onlooker, list_onlookers
from tests.demo.conftest import Demo


@dataclass
class Preview:
    """A page of the preview and, taken out of its frame, the page of the site; one with a form stands in no frame."""

    page: str

    @property
    def site(self) -> str:
        found = re.search(r'srcdoc="(.*?)"', self.page, re.DOTALL)
        if found:
            return html.unescape(found[1])
        unframed = re.search(r'<article class="site">.*?</article>', self.page, re.DOTALL)
        assert unframed, "the page has no page of the site"
        return unframed[0]

    @property
    def article(self) -> str:
        found = re.search(r"<article.*</article>", self.site, re.DOTALL)
        assert found
        return found[0]

    @property
    def text(self) -> str:
        """What a person reads of it."""
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", self.article)).split())

    @property
    def without_source(self) -> str:
        """The whole page but for the author's source, which the tool shows to whoever runs it."""
        return re.sub(r"<details>.*?</details>", "", self.page, flags=re.DOTALL)


def look(demo: Demo, post_id: int, viewer: int = 0, **arguments: str) -> Preview:
    query = "".join(f"&{name}={value}" for name, value in arguments.items())
    return Preview(demo.get(f"/posts/{post_id}?viewer={viewer}{query}"))


def onlookers_of(demo: Demo) -> list[Onlooker]:
    with demo.app.app_context(), reading() as reader:
        return list_onlookers(reader, demo.service.tables)


def user_of(demo: Demo, name: str) -> int:
    """The user whose name begins so."""
    return next(onlooker.user_id for onlooker in onlookers_of(demo) if onlooker.name.startswith(name))
