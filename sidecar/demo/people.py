"""Who belongs to the demo's school: every status of a level and of a bundle has somebody.

Days are counted from the day on which the site is made: `since` and `Step.days_ago` backwards, `ends_in` forwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sidecar.members.rules import Change, Status

FRIEND, APPRENTICE = "Friend", "Apprentice"
HAND_TOOLS, CHAIRMAKING, FINISHING = "Hand Tools", "Chairmaking", "Finishing Room"

MONTHLY, YEARLY, TRIAL = "Apprentice, monthly", "Apprentice, yearly", "Apprentice, after a trial"
HAND_TOOLS_ONCE, CHAIRMAKING_PLAN = "Hand Tools, for good", "Chairmaking in three payments"
FINISHING_YEARLY = "Finishing Room, yearly"

VISA, MASTERCARD, ASKS_ALWAYS = "4242", "5555", "4000002760003184"
"""How the number of a good card begins, and a whole number of the test processor whose bank always asks its holder."""

OWNER, ADA = "admin:1", "ada"


@dataclass(frozen=True)
class Step:
    """One change of status. `ends_in`: with CANCEL_AT_END, how many days of access are left today."""

    days_ago: int
    change: Change
    by: str = OWNER
    ends_in: int | None = None


@dataclass(frozen=True)
class Bought:
    """How a hold was paid for: an order, made by the checkout's own verbs on that day.

    `product`: a name in `school.PRODUCTS`. `card`: its number or the beginning of it. `months`: so many months were paid or tried since, and the last fell due
    `Hold.since` days ago. `then`: how the bank answers the newest charge of the card and every later one. `pays`: False for a checkout that
    nobody finished. `paused_ago`, `canceled_ago`: when the member did so. `over_ago`: when the last retry failed.
    """

    product: str
    card: str = VISA
    months: int = 0
    then: str = ""
    pays: bool = True
    paused_ago: int | None = None
    canceled_ago: int | None = None
    over_ago: int | None = None


@dataclass(frozen=True)
class Hold:
    """A level or bundle that somebody has or had. `ends_in` is negative when the end has passed. `bought`: None where the
    owner gave it, or where it came by no order."""

    name: str
    since: int
    status: Status = Status.ACTIVE
    steps: tuple[Step, ...] = ()
    by: str = "checkout"
    ends_in: int | None = None
    is_complimentary: bool = False
    fixed_days: int | None = None
    error: str | None = None
    bought: Bought | None = None

    @property
    def began_ago(self) -> int:
        """At least so many days ago it was given or bought."""
        return self.since + 31 * (self.bought.months if self.bought else 0)

    @property
    def is_untroubled(self) -> bool:
        """Nothing has happened to it since."""
        bought = self.bought
        return not self.steps and (
            bought is None or not (bought.then or bought.paused_ago or bought.canceled_ago)
        )


@dataclass(frozen=True)
class Person:
    """A WordPress user. `level` None: no member. `promoted`: the Apprentice's level that somebody bought later.

    `address`: of who gave one; others have one that cannot exist.
    """

    login: str
    first_name: str
    last_name: str
    role: str = "subscriber"
    locale: str = ""
    level: Hold | None = None
    bundles: tuple[Hold, ...] = ()
    promoted: Hold | None = None
    address: str = ""

    @property
    def email(self) -> str:
        """His address."""
        return self.address or f"{self.login}@example.test"

    @property
    def display_name(self) -> str:
        """Both names."""
        return f"{self.first_name} {self.last_name}".strip()


def _friend(since: int) -> Hold:
    return Hold(FRIEND, since, by="sign_up")


def _given(since: int, *steps: Step) -> Hold:
    return Hold(APPRENTICE, since, steps=steps)


def _apprentice(since: int, product: str = MONTHLY, **bought: Any) -> Hold:
    return Hold(APPRENTICE, since, bought=Bought(product, **bought))


def _bundle(name: str, since: int, product: str, **bought: Any) -> Hold:
    return Hold(name, since, bought=Bought(product, **bought))


STAFF = (
    Person("margaret", "Margaret", "Alder", role="administrator"),
    Person("theo", "Theo", "Ashby", role="editor"),
    Person("walk-in", "Wilma", "Ames"),
)
"""The owner, her editor, and somebody with a login who is no member."""

MEMBERS = (
    Person(ADA, "Ada", "Lindholm", level=_apprentice(2, card=MASTERCARD, then="insufficient_funds")),
    Person(
        "alice", "Alice", "Martin",
        level=_apprentice(412, YEARLY),
        bundles=(
            _bundle(HAND_TOOLS, 400, HAND_TOOLS_ONCE),
            _bundle(CHAIRMAKING, 220, CHAIRMAKING_PLAN),
            _bundle(FINISHING, 35, FINISHING_YEARLY),
        ),
    ),
    Person("bob", "Bob", "Tremblay", level=_apprentice(1, TRIAL)),
    Person("carla", "Carla", "Rossi", level=_apprentice(5)),
    Person("daniel", "Daniel", "Okafor", level=_apprentice(12, card=MASTERCARD)),
    Person(
        "emma", "Emma", "Lindqvist",
        level=_friend(96), bundles=(_bundle(HAND_TOOLS, 90, HAND_TOOLS_ONCE),), promoted=_apprentice(34),
    ),
    Person(
        "francois", "François", "Lavoie",
        locale="fr_CA", level=_apprentice(61), bundles=(_bundle(FINISHING, 8, FINISHING_YEARLY),),
    ),
    Person("grace", "Grace", "Kim", level=_friend(140)),
    Person("ines", "Inês", "Carvalho", level=_apprentice(40, paused_ago=25)),
    Person("jack", "Jack", "Turner", level=_apprentice(3, months=3, then="insufficient_funds")),
    Person("keiko", "Keiko", "Tanaka", level=_apprentice(-5, months=4, canceled_ago=9)),
    Person("liam", "Liam", "Walsh", level=_apprentice(17, months=2, then="generic_decline", over_ago=10)),
    Person("maya", "Maya", "Patel", level=_given(200, Step(1, Change.LOCK))),
    Person(
        "noah", "Noah", "Schmidt",
        level=Hold(APPRENTICE, 380, steps=(Step(15, Change.EXPIRE, "end_date"),), ends_in=-15),
    ),
    Person("olga", "Olga", "Nowak", level=_apprentice(0, pays=False)),
    Person(
        "pablo", "Pablo", "Herrera",
        level=Hold(APPRENTICE, 2, status=Status.ERROR, error="the address pablo@example.test was refused"),
    ),
    Person("gallery", "[gallery]", "Quinn", level=_given(33)),
    Person("script", "<script>alert(1)</script>", "Riley", level=_apprentice(18)),
    Person(
        "sinead", "Sinéad", 'O\'Neil "Quill"',
        level=_apprentice(27, card=ASKS_ALWAYS), bundles=(Hold(CHAIRMAKING, 27),),
    ),
    Person(
        "tomas", "Tomás", "Novák",
        level=_friend(82), bundles=(Hold(HAND_TOOLS, 80, steps=(Step(20, Change.PAUSE, "member"),)),),
    ),
    Person(
        "ursula", "Ursula", "Baumann",
        level=_friend(64), bundles=(_bundle(CHAIRMAKING, 2, CHAIRMAKING_PLAN, months=1, then="expired_card"),),
    ),
    Person(
        "viktor", "Viktor", "Hansen",
        level=_friend(150), bundles=(Hold(CHAIRMAKING, 150, steps=(Step(30, Change.CANCEL),)),),
    ),
    Person(
        "wanda", "Wanda", "Fischer",
        level=_friend(370),
        bundles=(
            Hold(FINISHING, 370, steps=(Step(5, Change.EXPIRE, "end_date"),), ends_in=-5),
            Hold(HAND_TOOLS, 60, steps=(Step(4, Change.CANCEL_AT_END, "member", ends_in=12),)),
        ),
    ),
    Person(
        "xavier", "Xavier", "Roy",
        locale="fr_CA",
        level=_friend(20),
        bundles=(
            Hold(HAND_TOOLS, 20, steps=(Step(6, Change.LOCK),)),
            Hold(CHAIRMAKING, 0, status=Status.PENDING_ACTIVATION),
        ),
    ),
    Person(
        "yasmine", "Yasmine", "Haddad",
        level=Hold(APPRENTICE, 90, by=OWNER, is_complimentary=True, fixed_days=12),
        bundles=(Hold(FINISHING, 1, status=Status.PENDING_ACTIVATION, steps=(Step(1, Change.FAIL, "checkout"),)),),
    ),
)  # fmt: skip
"""Everybody who is a member, in alphabetical order but for the three whose names are traps."""
