"""What the bridge sends of a form and what it is answered, as docs/protocol.md says; and the one who sends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from sidecar.billing.desk import Desk
from sidecar.members.store import Member
from sidecar.pages.memory import Knowledge
from sidecar.pages.messages import LongLine, RowId, ShortText, ViewerClaim
from sidecar.web.posted.tries import Origin


class FormRequest(msgspec.Struct, kw_only=True):
    """`POST /bridge/v1/form`."""

    form: Literal["checkout", "myaccount", "custom", "cancel", "withdraw"]
    step: ShortText
    fields: dict[str, str] = {}
    viewer: ViewerClaim | None = None
    language: ShortText = ""
    ip: ShortText = ""
    forwarded: LongLine = ""
    agent: LongLine = ""
    url: LongLine = ""
    affid: LongLine = ""
    sid: LongLine = ""
    created_user: RowId | None = None


class FormAnswer(msgspec.Struct, kw_only=True):
    """Sentences are text, never HTML. `sign_in`: the user whom the bridge may sign in, if this browser has made him.
    `profile`: what WordPress is to know of the sender from now on."""

    state: Literal["ok", "processing", "error", "need_user"] = "ok"
    message: str = ""
    errors: dict[str, str] = {}
    data: dict[str, Any] = {}
    redirect: str = ""
    sign_in: int | None = None
    profile: dict[str, str] = {}
    changes: list[dict[str, Any]] = []


@dataclass(frozen=True)
class Submit:
    """One step that somebody has sent.

    `user_id`: the signed-in sender's, None for a visitor; `member`: his, or that of the user whom the bridge has made for
    him. `ip`: the real one; `origin`: as limits count it.
    """

    desk: Desk
    knowledge: Knowledge
    asked: FormRequest
    user_id: int | None
    member: Member | None
    ip: str
    origin: Origin
    language: str

    def field(self, name: str, longest: int = 200) -> str:
        """What was filled in, without spaces around it; '' for nothing and for what is too long to be meant."""
        text = self.asked.fields.get(name, "").strip()
        return text if len(text) <= longest else ""

    def order_name(self) -> str:
        """The order or card that a step names, as limits count it: what somebody else names so is another."""
        return f"order:{self.user_id or ''}:{self.field('order')}"

    def core_url(self, kind: str) -> str:
        """The owner's page of this kind; '' when there is none."""
        return self.knowledge.core_page_urls.get(kind, "")


def an_error(
    message: str, errors: dict[str, str] | None = None, data: dict[str, Any] | None = None
) -> FormAnswer:
    """`errors`: a sentence by field."""
    return FormAnswer(state="error", message=message, errors=errors or {}, data=data or {})


def sentence(words: str) -> str:
    """What a rule says in passing, as a sentence of its own.

    >>> sentence("this coupon has ended"), sentence("There is no such coupon.")
    ('This coupon has ended.', 'There is no such coupon.')
    """
    words = words[:1].upper() + words[1:]
    return words if words.endswith((".", "!", "?")) else f"{words}."
