"""Roles, what each may do, and when a session has ended. Pure."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to the dashboard. Who administers the WordPress site is an administrator here without a row of ours."""

    ADMINISTRATOR = "administrator"
    PRODUCT_MANAGER = "product_manager"
    SALES_SUPPORT = "sales_support"
    ANALYST = "analyst"


class Right(StrEnum):
    """What a screen or an act needs. `ENTER` is for everybody who is signed on."""

    ENTER = "enter"
    SEE_NUMBERS = "see_numbers"
    SEE_MEMBERS = "see_members"
    CHANGE_MEMBERS = "change_members"
    MOVE_MONEY = "move_money"
    SEE_LOG = "see_log"
    SEE_CATALOG = "see_catalog"
    CHANGE_CATALOG = "change_catalog"
    WRITE_MAILS = "write_mails"
    OPERATE = "operate"
    EMPLOY = "employ"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMINISTRATOR: frozenset(Right),
    Role.PRODUCT_MANAGER: frozenset(
        {
            Right.ENTER, Right.SEE_NUMBERS, Right.SEE_MEMBERS, Right.CHANGE_MEMBERS, Right.SEE_CATALOG,
            Right.CHANGE_CATALOG, Right.WRITE_MAILS,
        }
    ),
    Role.SALES_SUPPORT: frozenset(
        {Right.ENTER, Right.SEE_MEMBERS, Right.CHANGE_MEMBERS, Right.MOVE_MONEY, Right.SEE_LOG, Right.SEE_CATALOG}
    ),
    Role.ANALYST: frozenset({Right.ENTER, Right.SEE_NUMBERS}),
}  # fmt: skip
"""Who may do what. Numbers name no member, so an analyst sees no person."""


@dataclass(frozen=True)
class Person:
    """Somebody who is signed on. `language`: `en`, `fr`, or whatever WordPress's locale begins with; '' for the site's."""

    user_id: int
    login: str
    name: str
    role: Role
    language: str

    def may(self, right: Right) -> bool:
        """Whether the role allows it."""
        return right in RIGHTS[self.role]

    @property
    def by(self) -> str:
        """What the log calls whoever did something in the dashboard."""
        return f"{self.role}:{self.user_id}"


LINK_SECONDS = 60.0
"""A one-time link is followed at once by the redirection that hands it out."""


def is_alive(begun_s: float, seen_s: float, now_s: float, idle_s: float, longest_s: float) -> bool:
    """Whether a session goes on: not idle for too long, not older than the longest, not from the future.

    >>> is_alive(0, 3500, 3599, 3600, 43200), is_alive(0, 0, 3600, 3600, 43200), is_alive(0, 43199, 43200, 3600, 43200)
    (True, False, False)
    """
    return begun_s <= now_s + 1 and now_s - seen_s < idle_s and now_s - begun_s < longest_s


def digest_of(drawn: str) -> str:
    """What the database keeps of a link or a session: who reads it can enter by neither."""
    return hashlib.sha256(drawn.encode("utf-8", "surrogatepass")).hexdigest()


def form_token(drawn: str) -> str:
    """What each form of a session carries. It follows from the session's secret, and does not give it away."""
    return hmac.new(drawn.encode("utf-8", "surrogatepass"), b"gatepost form", hashlib.sha256).hexdigest()


def mark_of(drawn: str, stored_password: str) -> str:
    """What a session remembers of the password's hash: another password ends it, and nothing can be tried against it."""
    key = drawn.encode("utf-8", "surrogatepass")
    return hmac.new(key, stored_password.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
