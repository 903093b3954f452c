"""The bridge's stand-in: what the PHP plugin does on a real site with the sidecar's answers, on the demo's posts.

It asks what the plugin asks (docs/protocol.md), of the very function that answers the plugin, and treats the answer alike:
splices into the source, before it is split at `<!--more-->` and `<!--nextpage-->`; of a closed post nothing but what was allowed.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from sidecar.access.rules import Post, RuleBook
from sidecar.demo.onlookers import Onlooker
from sidecar.demo.store import SitePost
from sidecar.pages.messages import PageAnswer, PageRequest, PostAnswer, PostClaim, Splices, TextClaim, View
from sidecar.pages.viewing import Arrival, Rendering, answer_page

_MORE = re.compile(r"<!--more(.*?)?-->")
_NEXT_PAGE = re.compile(r"\n?<!--nextpage-->\n?")


@dataclass(frozen=True)
class Placed:
    """A post and the path of its permalink."""

    post: SitePost
    path: str

    @property
    def facts(self) -> Post:
        """What a decision needs of it."""
        return Post(self.post.id, self.post.type, self.post.term_ids, self.path)


@dataclass(frozen=True)
class Shown:
    """What one viewer may see of one post: `View` of the plugin. `text` is source with its tags replaced."""

    is_closed: bool
    text: str
    excerpt: str
    notice: str = ""

    @property
    def pages(self) -> list[str]:
        """The text, split where the author wanted it; a closed post has one page."""
        return _NEXT_PAGE.split(_MORE.sub("", self.text))


def ask(
    rendering: Rendering,
    reader: Session,
    book: RuleBook,
    onlooker: Onlooker,
    posts: Sequence[Placed],
    view: View,
    now: datetime,
) -> PageAnswer:
    """One page view. A second call carries the texts that the sidecar has not got, as the plugin's would."""
    asked = [placed for placed in posts if _must_be_asked(placed, book, view)]
    request = PageRequest(
        view=view,
        viewer=onlooker.claim,
        posts=[_claim(placed, onlooker) for placed in asked],
        texts=[TextClaim(hash=hash_of(text), post=post) for post, text in _excerpts(posts)],
        generation=book.generation,
    )
    arrival = Arrival(secrets.token_hex(16), now, now)
    answer = answer_page(rendering, reader, request, arrival)
    bodies = _wanted_bodies(answer, posts)
    if not bodies:
        return answer
    again = msgspec.structs.replace(
        request, bodies=bodies, view=msgspec.structs.replace(request.view, count=False)
    )
    repeated = answer_page(rendering, reader, again, arrival)
    repeated.recorded = answer.recorded
    return repeated


def shown(post: SitePost, answer: PageAnswer) -> Shown:
    """What the viewer may see of `post`."""
    excerpt = _excerpt(post, answer)
    said = answer.posts.get(str(post.id))
    if said is None:
        return Shown(is_closed=False, text=post.content, excerpt=excerpt)
    if said.show == "open":
        return Shown(is_closed=False, text=spliced(post.content, said.splices), excerpt=excerpt)
    return Shown(
        is_closed=True,
        text=_lead(post.content, said),
        excerpt=excerpt if said.excerpt else "",
        notice=said.notice,
    )


def spliced(source: str, splices: Splices) -> str:
    """The source with its tags replaced; places are bytes.

    >>> spliced("é[tag] fin", [(2, 7, "bon")])
    'ébon fin'
    """
    raw, done, pieces = source.encode(), 0, []
    for start, end, replacement in splices:
        pieces += [raw[done:start], replacement.encode()]
        done = end
    return b"".join([*pieces, raw[done:]]).decode("utf-8", "replace")


def lead_of(text: str) -> str:
    """What stands before `<!--more-->`, for a list of posts; the whole text where there is none."""
    return _MORE.split(text, maxsplit=1)[0]


def hash_of(text: str) -> str:
    """How the protocol names a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _lead(content: str, said: PostAnswer) -> str:
    more = _MORE.search(content)
    if not said.lead or more is None:
        return ""
    source = content[: more.start()]
    inside = [splice for splice in said.splices if splice[1] <= len(source.encode())]
    return spliced(source, inside).rstrip()


def _excerpt(post: SitePost, answer: PageAnswer) -> str:
    if not _has_tags(post.excerpt):
        return post.excerpt
    said = answer.texts.get(hash_of(post.excerpt))
    return "" if said is None or said.need else spliced(post.excerpt, said.splices)


def _has_tags(text: str) -> bool:
    return "[MM_" in text


def _must_be_asked(placed: Placed, book: RuleBook, view: View) -> bool:
    here = view.url if placed.post.id == view.object else ""
    rules = book.deciding(placed.facts) or book.closing(placed.facts, here.partition("?")[0])
    return _has_tags(placed.post.content) or bool(rules)


def _claim(placed: Placed, onlooker: Onlooker) -> PostClaim:
    post = placed.post
    return PostClaim(
        id=post.id,
        type=post.type,
        terms=sorted(post.term_ids),
        path=placed.path,
        hash=hash_of(post.content) if _has_tags(post.content) else "",
        editor=onlooker.edits_everything,
    )


def _excerpts(posts: Iterable[Placed]) -> Iterable[tuple[int, str]]:
    return ((placed.post.id, placed.post.excerpt) for placed in posts if _has_tags(placed.post.excerpt))


def _wanted_bodies(answer: PageAnswer, posts: Iterable[Placed]) -> Mapping[str, str]:
    """The texts that the answer says it needs, by hash, in base64."""
    sources = [
        text for placed in posts for text in (placed.post.content, placed.post.excerpt) if _has_tags(text)
    ]
    by_hash = {hash_of(text): text for text in sources}
    wanted = {digest for digest, said in answer.texts.items() if said.need}
    contents = {str(placed.post.id): hash_of(placed.post.content) for placed in posts}
    wanted |= {contents[post_id] for post_id, said in answer.posts.items() if said.need}
    return {
        digest: base64.b64encode(by_hash[digest].encode()).decode() for digest in wanted if digest in by_hash
    }
