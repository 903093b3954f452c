"""What the bridge asks and what it is answered, as docs/protocol.md says. Unknown fields are ignored: an older sidecar
answers a newer bridge."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import msgspec

RowId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")]
ShortText = Annotated[str, msgspec.Meta(max_length=200)]
LongLine = Annotated[str, msgspec.Meta(max_length=16_384)]


class Names(NamedTuple):
    """What a viewer is called."""

    login: str = ""
    email: str = ""
    first_name: str = ""
    last_name: str = ""


class View(msgspec.Struct, kw_only=True):
    """The page as a whole."""

    url: LongLine = ""
    kind: Literal["singular", "home", "archive", "search", "feed", "rest", "embed", "other"] = "other"
    object: RowId | None = None
    ip: ShortText = ""
    forwarded: LongLine = ""
    agent: LongLine = ""
    referrer: LongLine = ""
    affid: LongLine = ""
    sid: LongLine = ""
    arrival: LongLine = ""
    count: bool = False
    language: ShortText = ""


StatusWord = Literal[
    "active", "canceled", "locked", "paused", "overdue", "pending", "error", "expired", "pending_cancel"
]


class Preview(msgspec.Struct, kw_only=True):
    """As whom an administrator looks: a visitor, one `user`, or a member who is made up of a level and so on."""

    kind: Literal["visitor", "user", "member"] = "visitor"
    user: RowId = 0
    level: RowId = 0
    bundles: Annotated[list[RowId], msgspec.Meta(max_length=100)] = []
    status: StatusWord = "active"
    days: RowId = 0


class ViewerClaim(msgspec.Struct, kw_only=True):
    """Who WordPress says is looking."""

    user: RowId = 0
    roles: list[str] = []
    administrator: bool = False
    login: ShortText | None = None
    email: ShortText = ""
    first_name: LongLine = ""
    last_name: LongLine = ""
    preview: Preview | None = None

    @property
    def names(self) -> Names | None:
        """What the bridge has said of him; None when it said nothing."""
        return None if self.login is None else Names(self.login, self.email, self.first_name, self.last_name)


class PostClaim(msgspec.Struct, kw_only=True):
    """A post that the page holds."""

    id: RowId
    type: ShortText = "post"
    terms: Annotated[list[RowId], msgspec.Meta(max_length=2000)] = []
    path: LongLine = ""
    hash: Sha256 = ""
    editor: bool = False
    governed: bool = False


class TextClaim(msgspec.Struct, kw_only=True):
    """A text that is no post: a widget, a synced pattern, a template part."""

    hash: Sha256
    post: RowId | None = None
    author: RowId | None = None


class CallClaim(msgspec.Struct, kw_only=True):
    """A tag that a theme's code asks for; `post`: in whose template."""

    tag: ShortText
    attributes: dict[ShortText, LongLine] = {}
    post: RowId | None = None


class PageRequest(msgspec.Struct, kw_only=True):
    """`POST /bridge/v1/page`."""

    view: View = msgspec.field(default_factory=View)
    part: Literal[1, 2] = 1
    viewer: ViewerClaim | None = None
    posts: Annotated[list[PostClaim], msgspec.Meta(max_length=1000)] = []
    texts: Annotated[list[TextClaim], msgspec.Meta(max_length=1000)] = []
    calls: Annotated[list[CallClaim], msgspec.Meta(max_length=1000)] = []
    bodies: dict[str, str] = {}
    generation: int = 0
    done: Annotated[list[ShortText], msgspec.Meta(max_length=1000)] = []


Splices = list[tuple[int, int, str]]


class PostAnswer(msgspec.Struct, kw_only=True):
    """What becomes of one post."""

    show: Literal["open", "closed"] = "closed"
    splices: Splices = []
    lead: bool = False
    excerpt: bool = False
    notice: str = ""
    code: int = 0
    need: bool = False


class TextAnswer(msgspec.Struct, kw_only=True):
    """What becomes of one text."""

    splices: Splices = []
    need: bool = False


class ObjectAnswer(msgspec.Struct, kw_only=True):
    """What becomes of the queried post's page."""

    act: Literal["show", "redirect", "teaser"] = "show"
    url: str = ""
    status: int = 200


class CacheAnswer(msgspec.Struct, kw_only=True):
    """Whether other caches may keep the page; `until`: Unix time."""

    cache: Literal["public", "private"] = "private"
    until: int | None = None


class SessionAnswer(msgspec.Struct, kw_only=True):
    """Whether the viewer may be signed in."""

    session: Literal["keep", "end"] = "keep"
    code: int = 0
    url: str = ""


class PageAnswer(msgspec.Struct, kw_only=True):
    """The answer to a page request."""

    generation: int
    posts: dict[str, PostAnswer]
    texts: dict[str, TextAnswer]
    calls: list[str | bool | None]
    object: ObjectAnswer
    page: CacheAnswer
    viewer: SessionAnswer
    changes: list[dict[str, Any]]
    recorded: bool
