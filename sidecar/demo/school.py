"""The demo's site: Alder & Ash, a woodworking school with lessons on the web. What it sells, writes and protects.

Ids are chosen here, so that the texts in `texts/` can name levels, bundles and posts in their SmartTags.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sidecar.access.rules import Audience, Denied, Rule, RuleGrant, TargetKind
from sidecar.catalog.rules import Grant, ProductKind, Terms
from sidecar.demo.people import (
    APPRENTICE,
    CHAIRMAKING,
    CHAIRMAKING_PLAN,
    FINISHING,
    FINISHING_YEARLY,
    FRIEND,
    HAND_TOOLS,
    HAND_TOOLS_ONCE,
    MONTHLY,
    TRIAL,
    YEARLY,
)

NAME = "Alder & Ash Woodworking School"
TAGLINE = "Slow work, sharp tools"
ZONE = "America/Toronto"
PLAN_TYPE = "plan"
TEXTS = Path(__file__).parent / "texts"

LEVEL_IDS = {FRIEND: 1, APPRENTICE: 2}
BUNDLE_IDS = {HAND_TOOLS: 1, CHAIRMAKING: 2, FINISHING: 3}
ROLES = {FRIEND: "workshop_friend", APPRENTICE: "apprentice"}
"""The WordPress roles that holders of the levels get."""


@dataclass(frozen=True)
class Offer:
    """A product. Prices are Canadian cents."""

    name: str
    terms: Terms
    grant: Grant
    grant_id: int
    description: str = ""


def _monthly(**more: Any) -> Terms:
    return Terms(ProductKind.SUBSCRIPTION, 2400, "CAD", 1, "month", **more)


PRODUCTS = (
    Offer("Friend, free", Terms(ProductKind.FREE, currency="CAD"), Grant.LEVEL, 1),
    Offer(MONTHLY, _monthly(), Grant.LEVEL, 2, "The whole course, and the plans."),
    Offer(
        YEARLY,
        Terms(ProductKind.SUBSCRIPTION, 24000, "CAD", 1, "year"),
        Grant.LEVEL,
        2,
        "Two months for nothing.",
    ),
    Offer(TRIAL, _monthly(trial_days=14, trial_price_minor=0), Grant.LEVEL, 2, "Look round first."),
    Offer(
        HAND_TOOLS_ONCE,
        Terms(ProductKind.ONE_TIME, 8900, "CAD"),
        Grant.BUNDLE,
        1,
        "Chisels, planes, three saws.",
    ),
    Offer(
        CHAIRMAKING_PLAN,
        Terms(ProductKind.PAYMENT_PLAN, 6500, "CAD", 1, "month", 3),
        Grant.BUNDLE,
        2,
        "From the log to the finished seat.",
    ),
    Offer(
        FINISHING_YEARLY,
        Terms(ProductKind.SUBSCRIPTION, 4800, "CAD", 1, "year"),
        Grant.BUNDLE,
        3,
        "Oil, wax, shellac.",
    ),
)


@dataclass(frozen=True)
class Term:
    """A category or tag."""

    id: int
    taxonomy: str
    name: str
    slug: str


COURSE = Term(3, "category", "The first course", "first-course")
HAND_TOOL_LESSONS = Term(4, "category", "Hand tool lessons", "hand-tools")
NEWS = Term(5, "category", "News", "news")
MEMBERS_ONLY = Term(8, "post_tag", "members only", "members-only")
TERMS = (COURSE, HAND_TOOL_LESSONS, NEWS, MEMBERS_ONLY)


@dataclass(frozen=True)
class Text:
    """One post or page. Its source is `texts/<slug>.html`. `days_ago`: when it was published."""

    id: int
    slug: str
    title: str
    type: str = "post"
    terms: tuple[Term, ...] = ()
    excerpt: str = ""
    parent: int = 0
    days_ago: int = 200
    locale: str = ""

    @property
    def content(self) -> str:
        """The source, as the author saved it."""
        return (TEXTS / f"{self.slug}.html").read_text("utf-8").strip("\n")


WELCOME, STUDIO, CHAIR_WEEKEND, FINISHING_SCHEDULE = 10, 20, 46, 49
ACCOUNT, JOIN, CHECKOUT, FIRST_LESSON, CANCEL, WITHDRAW = 14, 15, 19, 40, 24, 25

POSTS = (
    Text(WELCOME, "welcome", "Welcome to the workshop", "page"),
    Text(11, "about", "About the school", "page"),
    Text(12, "bienvenue", "Bienvenue à l’atelier", "page", locale="fr_CA"),
    Text(13, "sign-in", "Sign in", "page"),
    Text(ACCOUNT, "my-account", "My account", "page"),
    Text(JOIN, "join", "Join us", "page"),
    Text(16, "sorry", "Sorry", "page"),
    Text(17, "name-board", "The name board", "page"),
    Text(18, "handbook", "The workshop handbook", "page"),
    Text(CHECKOUT, "checkout", "Checkout", "page"),
    Text(23, "thank-you", "Thank you", "page"),
    Text(CANCEL, "cancel", "Cancel contracts here", "page"),
    Text(WITHDRAW, "withdraw", "Withdraw from contract here", "page"),
    Text(STUDIO, "studio", "The studio", "page"),
    Text(21, "open-bench", "Open bench hours", "page", parent=STUDIO),
    Text(22, "lumber-order", "Lumber order", "page", parent=STUDIO),
    Text(FIRST_LESSON, "first-cuts", "Course 1: First cuts", terms=(COURSE,), days_ago=180),
    Text(41, "flat-and-square", "Course 2: Flat and square", terms=(COURSE,), days_ago=180),
    Text(42, "the-first-joint", "Course 3: The first joint", terms=(COURSE,), days_ago=180),
    Text(43, "the-small-box", "Course 4: The small box", terms=(COURSE,), days_ago=180),
    Text(
        44, "sharpening-without-fear", "Sharpening without fear", terms=(HAND_TOOL_LESSONS,), days_ago=120,
        excerpt="[MM_Member_Decision isMember='true'][MM_Member_Data name='firstName'], a[MM_Else]A[/MM_Member_Decision]"
        " dull chisel is more dangerous than a sharp one.",
    ),
    Text(45, "three-saws", "Three saws are enough", terms=(HAND_TOOL_LESSONS,), days_ago=95),
    Text(CHAIR_WEEKEND, "chair-weekend", "The chair weekend: places", terms=(NEWS,), days_ago=6),
    Text(
        47, "letter-from-the-bench", "A letter from the bench", terms=(NEWS, MEMBERS_ONLY), days_ago=11,
        excerpt="Margaret writes to those who keep the stove burning.",
    ),
    Text(48, "what-wood-is-that", "What wood is that?", terms=(NEWS,), days_ago=30),
    Text(
        FINISHING_SCHEDULE, "finishing-schedule", "A finishing schedule that works", days_ago=50,
        excerpt="Seven coats, five evenings, no tears.",
    ),
    Text(50, "winter-programme", "The winter programme, early", terms=(NEWS,), days_ago=3),
    Text(60, "plan-step-stool", "Plan: step stool", PLAN_TYPE, days_ago=160),
    Text(61, "plan-shaker-chair", "Plan: Shaker chair", PLAN_TYPE, days_ago=70),
)  # fmt: skip

CORE_PAGES = {
    "homepage": WELCOME, "login": 13, "myaccount": ACCOUNT, "checkout": CHECKOUT, "confirmation": 23, "error": 16,
    "cancel": CANCEL, "withdraw": WITHDRAW,
}  # fmt: skip

_HAND_TOOLS = RuleGrant(Grant.BUNDLE, BUNDLE_IDS[HAND_TOOLS])
_CHAIRMAKING = RuleGrant(Grant.BUNDLE, BUNDLE_IDS[CHAIRMAKING])
_FINISHING = RuleGrant(Grant.BUNDLE, BUNDLE_IDS[FINISHING])


def _from_day(day: int) -> RuleGrant:
    return RuleGrant(Grant.LEVEL, LEVEL_IDS[APPRENTICE], day)


def rules(today: date) -> tuple[Rule, ...]:
    """What the school protects; `today`, in the site's zone, is the day on which the site is made."""
    return (
        *(
            Rule(0, TargetKind.POST, str(post_id), grants=(_from_day(day),))
            for post_id, day in ((40, 0), (41, 3), (42, 10), (43, 30))
        ),
        Rule(0, TargetKind.TERM, str(HAND_TOOL_LESSONS.id), grants=(_HAND_TOOLS,)),
        Rule(
            0, TargetKind.TERM, str(MEMBERS_ONLY.id), Audience.MEMBERS, excerpt_is_public=False, denied=Denied.ERROR
        ),
        Rule(0, TargetKind.TYPE, PLAN_TYPE, grants=(_CHAIRMAKING, _from_day(10))),
        Rule(0, TargetKind.URL, "/studio/*", Audience.MEMBERS, excerpt_is_public=False, denied=Denied.LOGIN),
        Rule(0, TargetKind.POST, str(STUDIO), Audience.EVERYONE),
        Rule(
            0, TargetKind.POST, str(CHAIR_WEEKEND), Audience.EVERYONE, opens_on=today + timedelta(days=12),
            teaser="<p><strong>The list opens on the day, at midnight.</strong> Twelve places, one shaving horse each.</p>",
        ),
        Rule(
            0, TargetKind.POST, str(FINISHING_SCHEDULE), grants=(_FINISHING, _from_day(30)),
            teaser="<p>The schedule hangs in the <em>Finishing Room</em>. Apprentices find it on day 30.</p>",
        ),
        Rule(0, TargetKind.POST, "50", grants=(_from_day(0),), opens_on=today + timedelta(days=5)),
    )  # fmt: skip
