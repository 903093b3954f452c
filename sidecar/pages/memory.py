"""What a process remembers between page views: rules, names of levels, the site's settings, compiled texts.

Rules and names are read again when the generation in the database has moved, which every page view looks at; the site's
settings (zone, language, links) after `SETTINGS_SECONDS`. Compiled texts are named by the hash of their content, so they cannot
be out of date.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session

import shortcodes
from sidecar.access.rules import RuleBook
from sidecar.access.store import list_level_pages, read_rule_book
from sidecar.catalog.rules import Bundle, Grant, Level
from sidecar.catalog.store import list_bundles, list_levels
from sidecar.wordpress.options import Site, get_site
from sidecar.wordpress.permalinks import get_permalink
from sidecar.wordpress.tables import Tables

SETTINGS_SECONDS = 10.0
TEMPLATE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Knowledge:
    """Everything that is the same for all viewers of one generation."""

    book: RuleBook
    levels: Mapping[int, Level]
    bundles: Mapping[int, Bundle]
    site: Site
    core_page_urls: Mapping[str, str]
    level_pages: Mapping[tuple[int, str], int]
    level_page_urls: Mapping[tuple[int, str], str]
    """(level, kind in lower case) -> its own core page."""
    read_at: float

    @cached_property
    def core_page_urls_by_name(self) -> Mapping[str, str]:
        """By kind in lower case."""
        return {kind.lower(): url for kind, url in self.core_page_urls.items()}

    @cached_property
    def kept_while_overdue(self) -> frozenset[tuple[Grant, int]]:
        """What gives access although a payment is overdue."""
        levels = {(Grant.LEVEL, level.id) for level in self.levels.values() if level.keeps_access_overdue}
        return frozenset(
            levels | {(Grant.BUNDLE, b.id) for b in self.bundles.values() if b.keeps_access_overdue}
        )


class Memory:
    """One a process; safe between threads: a value is replaced whole, never changed."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._knowledge: Knowledge | None = None
        self.templates = TemplateCache(TEMPLATE_BYTES)
        self.companions = Companions()

    def knowledge(self, session: Session, generation: int) -> Knowledge:
        """What holds at `generation` (the newest in the database, just read)."""
        known = self._knowledge
        fresh = known is not None and known.book.generation == generation
        if known is None or not fresh or time.monotonic() - known.read_at > SETTINGS_SECONDS:
            self._knowledge = known = self._read(session)
        return known

    def _read(self, session: Session) -> Knowledge:
        site = get_site(session, self._tables)
        book, level_pages = read_rule_book(session), list_level_pages(session)
        return Knowledge(
            book=book,
            levels={level.id: level for level in list_levels(session)},
            bundles={bundle.id: bundle for bundle in list_bundles(session)},
            site=site,
            core_page_urls={
                kind: get_permalink(session, self._tables, site, post)
                for kind, post in book.core_pages.items()
            },
            level_pages=level_pages,
            level_page_urls={
                (level, kind.lower()): get_permalink(session, self._tables, site, post)
                for (level, kind), post in level_pages.items()
            },
            read_at=time.monotonic(),
        )


class TemplateCache:
    """Compiled texts by the SHA-256 of their bytes; the least recently used go first."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held = 0
        self._templates: OrderedDict[str, tuple[shortcodes.Template, int]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, digest: str) -> shortcodes.Template | None:
        """The compiled text, if it is remembered."""
        with self._lock:
            found = self._templates.get(digest)
            if found is None:
                return None
            self._templates.move_to_end(digest)
            return found[0]

    def add(self, raw: bytes, digest: str) -> shortcodes.Template:
        """Compile and remember; raises shortcodes.TextTooLong, or ValueError when the digest is not that of `raw`."""
        if hashlib.sha256(raw).hexdigest() != digest:
            raise ValueError("the text does not have this hash")
        template = shortcodes.compile(raw.decode("utf-8", "surrogateescape"))
        with self._lock:
            if digest not in self._templates:
                self._templates[digest] = (template, len(raw))
                self._held += len(raw)
            while self._held > self._limit and len(self._templates) > 1:
                self._held -= self._templates.popitem(last=False)[1][1]
        return template


Straggler = tuple[str, int | None, int | None]
"""(hash, the post it stands in, its author where it is a post of its own)"""


class Companions:
    """Which texts (widgets, patterns) a page went on to ask for, so that its next view gets them with the first answer.

    Only texts, named by their hash: nothing here can be out of date, at worst it is not asked for.
    """

    PAGES, TEXTS = 2000, 50

    def __init__(self) -> None:
        self._pages: OrderedDict[str, tuple[Straggler, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def learn(self, page: str, texts: list[Straggler]) -> None:
        """Remember what the stragglers' call of `page` asked for."""
        if not texts:
            return
        with self._lock:
            self._pages[page] = tuple(texts[: self.TEXTS])
            self._pages.move_to_end(page)
            if len(self._pages) > self.PAGES:
                self._pages.popitem(last=False)

    def of(self, page: str) -> tuple[Straggler, ...]:
        """Those of the texts that are likely to be asked for."""
        return self._pages.get(page, ())
