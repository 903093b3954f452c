"""One page view, from the bridge's question to the answer. The demo's preview calls the same function."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
from sqlalchemy.orm import Session

import shortcodes
from shortcodes.facts import FormFacts, FormKind
from sidecar.access.rules import NO_ACCESS, Decision, Outcome, Post, Viewer
from sidecar.activity.addresses import Network, real_ip
from sidecar.activity.forwarded import click_of, kept_of_view
from sidecar.activity.rules import Event, EventType, event_id
from sidecar.config import Policies
from sidecar.i18n import speaking
from sidecar.members.rules import sign_in_code
from sidecar.members.store import Member, find_viewer
from sidecar.pages.facts import PageFacts, read_names
from sidecar.pages.forms.showing import FormPage
from sidecar.pages.landing import Landing
from sidecar.pages.memory import Knowledge, Memory
from sidecar.pages.messages import (
    CacheAnswer,
    CallClaim,
    Names,
    ObjectAnswer,
    PageAnswer,
    PageRequest,
    PostAnswer,
    PostClaim,
    SessionAnswer,
    Splices,
    TextAnswer,
    TextClaim,
    ViewerClaim,
)
from sidecar.pages.notices import NO_MEMBER, VISITOR, notice_of, page_of_denied, too_long_notice
from sidecar.pages.previewing import FormToLookAt, viewer_of, wanted_preview, without_act
from sidecar.wordpress.posts import get_content
from sidecar.wordpress.tables import Tables

_MORE_BLOCK = re.compile(r"<!--\s*wp:more\b[^>]*-->\s*\Z")


class BadBody(ValueError):
    """A text in `bodies` is not what its key says."""


@dataclass(frozen=True)
class Rendering:
    """What rendering needs that does not change from page to page. `script_url`: the gateway's, '' where there is none."""

    tables: Tables
    memory: Memory
    record: Callable[[Event], bool]
    canceled_may_sign_in: bool = False
    trusted_proxies: tuple[Network, ...] = ()
    script_url: str = ""
    members_may_pause: bool = False
    policies: Policies = field(default_factory=Policies)
    decisions_open_pages: bool = True


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
    preview = wanted_preview(request.viewer)
    if preview is not None and request.viewer is not None:
        claim, member = viewer_of(reader, preview, request.viewer, knowledge, arrival.now)
        request = _as_asked_by(claim, request)
    page = _Page(rendering, reader, request, knowledge, member, arrival, is_preview=preview is not None)
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
        *,
        is_preview: bool,
    ) -> None:
        self.is_preview = is_preview
        administrator = request.viewer is not None and request.viewer.administrator
        held = member.entitlements if member else ()
        viewer = Viewer(held, knowledge.kept_while_overdue, sees_all=administrator)
        self.rendering, self.reader, self.request, self.knowledge = rendering, reader, request, knowledge
        self.member, self.arrival, self.now, self.administrator = member, arrival, arrival.now, administrator
        self.path = urlsplit(request.view.url).path
        self.holds_form = False
        self.facts = PageFacts(
            reader, rendering.tables, knowledge, member, viewer, arrival.now, request.view.language, self._names,
            self, _landing(request), rendering.members_may_pause,
        )  # fmt: skip

    def answer(self) -> PageAnswer:
        decisions: dict[int, Decision] = {}
        posts = {str(claim.id): self._post(claim, decisions) for claim in self.request.posts}
        texts = {claim.hash: self._text(claim) for claim in self._texts()}
        calls = [self._call(claim) for claim in self.request.calls]
        main = decisions.get(self.request.view.object or 0)
        return PageAnswer(
            generation=self.knowledge.book.generation,
            posts=posts,
            texts=texts,
            calls=calls,
            object=self._object(main, posts),
            page=self._cache(),
            viewer=self._session(),
            changes=[],
            recorded=self._record(main),
        )

    # --- posts and texts ---------------------------------------------------------------------------------------

    def _post(self, claim: PostClaim, decisions: dict[int, Decision]) -> PostAnswer:
        decision = self._decision(claim)
        self.facts.note_decision(claim.id, decision)
        rule = decision.rule
        guards_itself = self._guards_itself(claim, decision)
        decisions[claim.id] = Decision(Outcome.OPEN) if guards_itself else decision
        closed = not decision.is_open and not guards_itself
        lead = closed and rule is not None and rule.excerpt_is_public
        splices: Splices | None = []
        if guards_itself is None:
            splices = None
        elif claim.hash and (lead or not closed):
            splices = self._splices(claim.hash, claim.id, claim.id, until_more=closed)
        if splices is None:
            return PostAnswer(need=True, notice=self._notice(decision), code=decision.code)
        if not closed:
            return PostAnswer(show="open", splices=splices)
        return PostAnswer(
            splices=splices, lead=lead, excerpt=lead, notice=self._notice(decision), code=decision.code
        )

    def _guards_itself(self, claim: PostClaim, decision: Decision) -> bool | None:
        """Whether a closed post's own text says what those see who may not read it; None when the text is not known."""
        may = self.rendering.decisions_open_pages and decision.rule is not None
        if decision.is_open or not claim.hash or not may:
            return False
        try:
            template = self._template(claim.hash, claim.id)
        except shortcodes.TextTooLong:
            return False
        return None if template is None else template.opens(claim.id)

    def _decision(self, claim: PostClaim) -> Decision:
        """What the rules say; and where both sides know the same rules but disagree whether one fits, closed.

        URL rules on the address in the browser close what its main query found, too.
        """
        post = Post(claim.id, claim.type, frozenset(claim.terms), claim.path)
        request_path = self.path if self.request.part == 1 else ""
        book = self.knowledge.book
        is_disputed = claim.governed and self.request.generation == book.generation
        fits = book.deciding(post) or book.closing(post, request_path)
        if is_disputed and not fits and not book.is_core_page(post):
            open_to_him = self.administrator or claim.editor
            return Decision(Outcome.OPEN) if open_to_him else Decision(Outcome.CLOSED, code=NO_ACCESS)
        return self.facts.decide(post, request_path, editor=claim.editor)

    def _texts(self) -> list[TextClaim]:
        if self.request.part == 2:
            asked = [(claim.hash, claim.post, claim.author) for claim in self.request.texts]
            self.rendering.memory.companions.learn(self.path, asked)
            return self.request.texts
        known = {claim.hash for claim in self.request.texts}
        more = self.rendering.memory.companions.of(self.path)
        return self.request.texts + [
            TextClaim(hash=digest, post=post, author=author)
            for digest, post, author in more
            if digest not in known
        ]

    def _text(self, claim: TextClaim) -> TextAnswer:
        splices = self._splices(claim.hash, None, claim.post, until_more=False, author_id=claim.author)
        return TextAnswer(need=True) if splices is None else TextAnswer(splices=splices)

    def _call(self, claim: CallClaim) -> str | bool | None:
        """A theme is the owner's, whoever wrote the post that it prints."""
        facts = self.facts.standing_in(claim.post, is_owners=True)
        return shortcodes.ask(claim.tag, claim.attributes, facts)

    def _splices(
        self,
        digest: str,
        source_id: int | None,
        post_id: int | None,
        *,
        until_more: bool,
        author_id: int | None = None,
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
        return template.splices(self.facts.standing_in(post_id, author_id))

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

    # --- what only some pages want -----------------------------------------------------------------------------

    @property
    def _user_id(self) -> int | None:
        """None for a visitor."""
        return (self.request.viewer.user or None) if self.request.viewer is not None else None

    def _names(self) -> Names:
        """What the viewer is called: as the bridge has said, or else by the site's tables."""
        said = self.request.viewer.names if self.request.viewer is not None else None
        return said or read_names(self.reader, self.rendering.tables, self._user_id or 0)

    def show(self, kind: FormKind, product: str) -> str:
        """A whole form, for a tag."""
        form = self._forms().show(kind, product)
        return without_act(form) if self.is_preview else form

    def enter(self, kind: FormKind, product: str) -> FormFacts:
        """A form round what its author has written."""
        form = self._forms().enter(kind, product)
        return FormToLookAt(form) if self.is_preview else form

    def _forms(self) -> FormPage:
        self.holds_form = True
        return FormPage(
            reader=self.reader,
            tables=self.rendering.tables,
            knowledge=self.knowledge,
            member=self.member,
            user_id=self._user_id,
            names=self._names,
            core_url=self.facts.core_page_url,
            here=self._here(),
            post_id=self.facts.post_id,
            script_url=self.rendering.script_url,
            may_pause=self.rendering.members_may_pause,
            policies=self.rendering.policies,
            now=self.now,
            language=self.facts.language,
            trusts_author=self.facts.trusts_author,
        )

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
        uses_request = self.request.viewer is not None or self.facts.uses_request
        if uses_request or self.holds_form or self.is_preview:
            return CacheAnswer()
        until = min(self.facts.changes_at, default=None)
        return CacheAnswer(cache="public", until=None if until is None else int(until.timestamp()))

    def _session(self) -> SessionAnswer:
        if self.member is None or self.administrator or self.is_preview:
            return SessionAnswer()
        code = sign_in_code(self.member.level, self.now, canceled_may=self.rendering.canceled_may_sign_in)
        if code == 0:
            return SessionAnswer()
        error = self.facts.core_page_url("error")
        url = f"{error}{'&' if '?' in error else '?'}code={code}" if error else f"{self.knowledge.site.home}/"
        return SessionAnswer(session="end", code=code, url=url)

    def _record(self, main: Decision | None) -> bool:
        """False when the log could not take it: then the bridge keeps it."""
        return all(self.rendering.record(event) for event in self._events(main))

    def _events(self, main: Decision | None) -> list[Event]:
        """A member's reading, and the click of anybody who came by an affiliate's link."""
        view = self.request.view
        if not view.count or self.request.part != 1 or (self.member is None and not view.affid):
            return []
        denied = main is not None and main.outcome is not Outcome.OPEN
        reading = Event(
            id=event_id(self.arrival.request_id, self.arrival.sent_at),
            type=EventType.PAGE,
            name="denied" if denied else "viewed",
            at=self.now,
            member_id=self.member.id if self.member else None,
            user_id=self.member.user_id if self.member else None,
            subject=f"post:{view.object}" if view.object else "",
            ip=real_ip(view.ip, view.forwarded, self.rendering.trusted_proxies),
            body=kept_of_view(msgspec.structs.asdict(view)),
        )
        if not view.affid:
            return [reading]
        click = click_of(reading, event_id(f"{self.arrival.request_id}:click", self.arrival.sent_at))
        return [click] if self.member is None else [reading, click]


def _as_asked_by(claim: ViewerClaim | None, request: PageRequest) -> PageRequest:
    """The same page, asked for by somebody else, who edits nothing; it is no reading."""
    posts = [msgspec.structs.replace(post, editor=False) for post in request.posts]
    view = msgspec.structs.replace(request.view, count=False)
    return msgspec.structs.replace(request, viewer=claim, posts=posts, view=view)


def _landing(request: PageRequest) -> Landing:
    view = request.view
    return Landing(view.url, view.arrival, view.affid, view.sid)


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
