"""One page view, from the bridge's question to the answer. The demo's preview calls the same function."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
from sqlalchemy.orm import Session

import shortcodes
from sidecar.access.rules import NO_ACCESS, Decision, Outcome, Post, Viewer
from sidecar.activity.addresses import Network, real_ip
from sidecar.activity.forwarded import kept_of_view
from sidecar.activity.rules import Event, EventType, event_id
from sidecar.i18n import speaking
from sidecar.members.rules import sign_in_code
from sidecar.members.store import Member, find_viewer
from sidecar.pages.facts import PageFacts
from sidecar.pages.memory import Knowledge, Memory
from sidecar.pages.messages import (
    CacheAnswer,
    ObjectAnswer,
    PageAnswer,
    PageRequest,
    PostAnswer,
    PostClaim,
    SessionAnswer,
    Splices,
    TextAnswer,
    TextClaim,
)
from sidecar.pages.notices import NO_MEMBER, VISITOR, notice_of, page_of_denied, too_long_notice
from sidecar.wordpress.posts import get_content
from sidecar.wordpress.tables import Tables

_MORE_BLOCK = re.compile(r"<!--\s*wp:more\b[^>]*-->\s*\Z")


class BadBody(ValueError):
    """A text in `bodies` is not what its key says."""


@dataclass(frozen=True)
class Rendering:
    """What rendering needs that does not change from page to page."""

    tables: Tables
    memory: Memory
    record: Callable[[Event], bool]
    canceled_may_sign_in: bool = False
    trusted_proxies: tuple[Network, ...] = ()


@dataclass(frozen=True)
class Arrival:
    """A signed request's own id and time, which name what it causes: repeated, it is recorded once."""

    request_id: str
    sent_at: datetime
    now: datetime


def answer_page(rendering: Rendering, reader: Session, request: PageRequest, arrival: Arrival) -> PageAnswer:
    """Decide and render everything that a page asked for.

    `reader`: a session for reading. Raises `BadBody`. Never raises for what authors wrote.
    """
    generation, member = find_viewer(reader, request.viewer.user if request.viewer else 0)
    knowledge = rendering.memory.knowledge(reader, generation)
    page = _Page(rendering, reader, request, knowledge, member, arrival)
    with speaking(page.facts.language):
        return page.answer()


class _Page:
    """The work on one request."""

    def __init__(
        self,
        rendering: Rendering,
        reader: Session,
        request: PageRequest,
        knowledge: Knowledge,
        member: Member | None,
        arrival: Arrival,
    ) -> None:
        administrator = request.viewer is not None and request.viewer.administrator
        held = member.entitlements if member else ()
        viewer = Viewer(held, knowledge.kept_while_overdue, sees_all=administrator)
        self.rendering, self.reader, self.request, self.knowledge = rendering, reader, request, knowledge
        self.member, self.arrival, self.now, self.administrator = member, arrival, arrival.now, administrator
        self.path = urlsplit(request.view.url).path
        names = request.viewer.names if request.viewer else None
        locale = request.view.language
        self.facts = PageFacts(
            reader, rendering.tables, knowledge, member, viewer, arrival.now, locale, names
        )

    def answer(self) -> PageAnswer:
        decisions: dict[int, Decision] = {}
        posts = {str(claim.id): self._post(claim, decisions) for claim in self.request.posts}
        texts = {claim.hash: self._text(claim) for claim in self._texts()}
        main = decisions.get(self.request.view.object or 0)
        return PageAnswer(
            generation=self.knowledge.book.generation,
            posts=posts,
            texts=texts,
            object=self._object(main, posts),
            page=self._cache(),
            viewer=self._session(),
            changes=[],
            recorded=self._record(main),
        )

    # --- posts and texts ---------------------------------------------------------------------------------------

    def _post(self, claim: PostClaim, decisions: dict[int, Decision]) -> PostAnswer:
        decision = decisions[claim.id] = self._decision(claim)
        rule = decision.rule
        closed = not decision.is_open
        lead = closed and rule is not None and rule.excerpt_is_public
        splices: Splices | None = []
        if claim.hash and (lead or not closed):
            splices = self._splices(claim.hash, claim.id, claim.id, until_more=closed)
        if splices is None:
            return PostAnswer(need=True, notice=self._notice(decision), code=decision.code)
        if not closed:
            return PostAnswer(show="open", splices=splices)
        return PostAnswer(
            splices=splices, lead=lead, excerpt=lead, notice=self._notice(decision), code=decision.code
        )

    def _decision(self, claim: PostClaim) -> Decision:
        """What the rules say; and where both sides know the same rules but disagree whether one fits, closed.

        URL rules also look at the address in the browser, for all that its main query found.
        """
        post = Post(claim.id, claim.type, frozenset(claim.terms), claim.path)
        request_path = self.path if self.request.part == 1 else ""
        book = self.knowledge.book
        is_disputed = claim.governed and self.request.generation == book.generation
        if is_disputed and not book.deciding(post, request_path) and not book.is_core_page(post):
            open_to_him = self.administrator or claim.editor
            return Decision(Outcome.OPEN) if open_to_him else Decision(Outcome.CLOSED, code=NO_ACCESS)
        return self.facts.decide(post, request_path, editor=claim.editor)

    def _texts(self) -> list[TextClaim]:
        if self.request.part == 2:
            asked = [(claim.hash, claim.post) for claim in self.request.texts]
            self.rendering.memory.companions.learn(self.path, asked)
            return self.request.texts
        known = {claim.hash for claim in self.request.texts}
        more = self.rendering.memory.companions.of(self.path)
        return self.request.texts + [
            TextClaim(hash=digest, post=post) for digest, post in more if digest not in known
        ]

    def _text(self, claim: TextClaim) -> TextAnswer:
        splices = self._splices(claim.hash, None, claim.post, until_more=False)
        return TextAnswer(need=True) if splices is None else TextAnswer(splices=splices)

    def _splices(
        self, digest: str, source_id: int | None, post_id: int | None, *, until_more: bool
    ) -> Splices | None:
        """What to replace in the text with this hash; None when the text is not known. `until_more`: in its lead only."""
        try:
            template = self._template(digest, source_id)
        except shortcodes.TextTooLong:
            return [(0, 2**31, too_long_notice())]
        if template is None:
            return None
        if until_more:
            return self._lead_splices(template, post_id)
        return template.splices(self.facts.standing_in(post_id))

    def _lead_splices(self, template: shortcodes.Template, post_id: int | None) -> Splices:
        """Those of the lead. One that reaches beyond it (a hidden branch round the more-tag) ends with it."""
        end = lead_end(template.source)
        if end is None:
            return []
        splices = template.splices(self.facts.standing_in(post_id))
        return [(start, min(stop, end), text) for start, stop, text in splices if start < end]

    def _template(self, digest: str, source_id: int | None) -> shortcodes.Template | None:
        templates = self.rendering.memory.templates
        found = templates.find(digest)
        if found is not None:
            return found
        raw = self._body(digest)
        if raw is not None:
            return self._add(
                raw, digest, wrong=BadBody("a text in bodies does not have the hash that names it")
            )
        content = get_content(self.reader, self.rendering.tables, source_id) if source_id else None
        if content is None:
            return None
        return self._add(content.encode("utf-8", "surrogateescape"), digest, wrong=None)

    def _add(self, raw: bytes, digest: str, *, wrong: BadBody | None) -> shortcodes.Template | None:
        try:
            return self.rendering.memory.templates.add(raw, digest)
        except shortcodes.TextTooLong:
            raise
        except ValueError:
            if wrong is not None:
                raise wrong from None
            return None  # the database holds another text than the page does: ask for the page's

    def _body(self, digest: str) -> bytes | None:
        encoded = self.request.bodies.get(digest)
        if encoded is None:
            return None
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadBody("a text in bodies is not base64") from error

    # --- the page ----------------------------------------------------------------------------------------------

    def _notice(self, decision: Decision) -> str:
        if decision.is_open:
            return ""
        level = self.member.level if self.member else None
        status = VISITOR if self.request.viewer is None else NO_MEMBER
        if level is not None:
            status = level.status_at(self.now)
        return notice_of(
            decision,
            status=status,
            core_url=self.facts.core_page_url,
            language=self.facts.language,
            zone=self.facts.zone,
        )

    def _object(self, main: Decision | None, posts: dict[str, PostAnswer]) -> ObjectAnswer:
        if main is None or main.is_open:
            return ObjectAnswer()
        return page_of_denied(
            main,
            signed_in=self.request.viewer is not None,
            core_url=self.facts.core_page_url,
            here=self._here(),
            has_lead=posts[str(self.request.view.object)].lead,
        )

    def _here(self) -> str:
        """The whole address of the page; the bridge sends it without scheme and host."""
        parts = urlsplit(self.knowledge.site.home)
        return f"{parts.scheme}://{parts.netloc}/{self.request.view.url.lstrip('/')}"

    def _cache(self) -> CacheAnswer:
        if self.request.viewer is not None:
            return CacheAnswer()
        until = min(self.facts.changes_at, default=None)
        return CacheAnswer(cache="public", until=None if until is None else int(until.timestamp()))

    def _session(self) -> SessionAnswer:
        if self.member is None or self.administrator:
            return SessionAnswer()
        code = sign_in_code(self.member.level, self.now, canceled_may=self.rendering.canceled_may_sign_in)
        if code == 0:
            return SessionAnswer()
        error = self.facts.core_page_url("error")
        url = f"{error}{'&' if '?' in error else '?'}code={code}" if error else f"{self.knowledge.site.home}/"
        return SessionAnswer(session="end", code=code, url=url)

    def _record(self, main: Decision | None) -> bool:
        view = self.request.view
        if not view.count or self.member is None or self.request.part != 1:
            return True
        ip = real_ip(view.ip, view.forwarded, self.rendering.trusted_proxies)
        denied = main is not None and main.outcome is not Outcome.OPEN
        return self.rendering.record(
            Event(
                id=event_id(self.arrival.request_id, self.arrival.sent_at),
                type=EventType.PAGE,
                name="denied" if denied else "viewed",
                at=self.now,
                member_id=self.member.id,
                user_id=self.member.user_id,
                subject=f"post:{view.object}" if view.object else "",
                ip=ip,
                body=kept_of_view(msgspec.structs.asdict(view)),
            )
        )


def lead_end(source: str) -> int | None:
    """Where the lead of a text ends, in bytes; None where the author separated none. The bridge cuts at the same place.

    >>> lead_end("Hi \u00e9<!-- wp:more --><!--more--><!-- /wp:more -->rest"), lead_end("no lead")
    (5, None)
    """
    more = source.find("<!--more")
    if more < 0 or source.find("-->", more) < 0:
        return None
    block = _MORE_BLOCK.search(source, max(0, more - 1000), more)
    return len(source[: block.start() if block else more].encode("utf-8", "surrogateescape"))
