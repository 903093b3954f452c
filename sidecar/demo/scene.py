"""What one page of the preview knows of the site and of whoever looks at it."""

from __future__ import annotations

from flask import g, request
from sqlalchemy.orm import Session

from sidecar.access.rules import Decision, Viewer, decide
from sidecar.catalog.store import get_generation
from sidecar.demo.onlookers import VISITOR, Onlooker, list_onlookers
from sidecar.demo.stand_in import Placed, ask
from sidecar.demo.store import list_site_posts, list_term_names
from sidecar.demo.words import Words
from sidecar.members.rules import sign_in_code
from sidecar.pages.memory import Knowledge
from sidecar.pages.messages import PageAnswer, View
from sidecar.service import service
from sidecar.wordpress.permalinks import get_permalink


class Scene:
    """Read once a request. `onlooker`: as whom one looks now."""

    def __init__(self, reader: Session) -> None:
        self.reader, self.service = reader, service()
        self.now = self.service.clock.now()
        memory, tables = self.service.rendering.memory, self.service.tables
        self.knowledge: Knowledge = memory.knowledge(reader, get_generation(reader))
        self.onlookers = list_onlookers(reader, tables)
        self.onlooker = _chosen(self.onlookers)
        self.posts = [Placed(post, self._path(post.id)) for post in list_site_posts(reader, tables)]
        self.words = Words(
            levels=self.knowledge.levels,
            bundles=self.knowledge.bundles,
            posts={placed.post.id: placed.post.title for placed in self.posts},
            terms=list_term_names(reader, tables),
            zone=self.knowledge.site.zone,
            language=g.language,
        )

    def decide(self, onlooker: Onlooker, placed: Placed) -> Decision:
        """The decision that the answer follows from, for its reasons."""
        held = onlooker.member.entitlements if onlooker.member else ()
        viewer = Viewer(held, self.knowledge.kept_while_overdue, sees_all=onlooker.edits_everything)
        rules = self.knowledge.book.deciding(placed.facts)
        return decide(viewer, rules, self.now, self.words.zone)

    def ask(self, posts: list[Placed], view: View) -> PageAnswer:
        """One page view by the onlooker, answered by the code that answers the bridge."""
        view.language = self.onlooker.locale or self.words.language
        rendering, book = self.service.rendering, self.knowledge.book
        return ask(rendering, self.reader, book, self.onlooker, posts, view, self.now)

    def sign_in_code(self, onlooker: Onlooker) -> int:
        """0, or why this member may not sign in."""
        if onlooker.member is None or onlooker.is_administrator:
            return 0
        may = self.service.config.access.canceled_may_sign_in
        return sign_in_code(onlooker.member.level, self.now, canceled_may=may)

    def path_of(self, post_id: int) -> str:
        """Of a published post of the site."""
        return next(placed.path for placed in self.posts if placed.post.id == post_id)

    def _path(self, post_id: int) -> str:
        home = self.knowledge.site.home
        url = get_permalink(self.reader, self.service.tables, self.knowledge.site, post_id)
        return "/" + url.removeprefix(home).lstrip("/").partition("?")[0]


def _chosen(onlookers: list[Onlooker]) -> Onlooker:
    """The viewer in the address, else the one chosen last, else the visitor."""
    wanted = request.args.get("viewer") or request.cookies.get("viewer") or ""
    return next((onlooker for onlooker in onlookers if str(onlooker.user_id) == wanted), VISITOR)
