"""Who belongs to the demo's school: every status of a level and of a bundle has somebody.

Days are counted from the day on which the site is made: `since` and `Step.days_ago` backwards, `ends_in` forwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from sidecar.members.rules import Change, Status

FRIEND, APPRENTICE = "Friend", "Apprentice"
HAND_TOOLS, CHAIRMAKING, FINISHING = "Hand Tools", "Chairmaking", "Finishing Room"

OWNER = "admin:1"


@dataclass(frozen=True)
class Step:
    """One change of status. `ends_in`: with CANCEL_AT_END, how many days of access are left today."""

    days_ago: int
    change: Change
    by: str = OWNER
    ends_in: int | None = None


@dataclass(frozen=True)
class Hold:
    """A level or bundle that somebody has or had. `ends_in` is negative when the end has passed."""

    name: str
    since: int
    status: Status = Status.ACTIVE
    steps: tuple[Step, ...] = ()
    by: str = "checkout"
    ends_in: int | None = None
    is_complimentary: bool = False
    fixed_days: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class Person:
    """A WordPress user. `level` None: no member. `promoted_ago`: became an Apprentice that many days ago."""

    login: str
    first_name: str
    last_name: str
    role: str = "subscriber"
    locale: str = ""
    level: Hold | None = None
    bundles: tuple[Hold, ...] = ()
    promoted_ago: int | None = None

    @property
    def email(self) -> str:
        """An address that cannot exist."""
        return f"{self.login}@example.test"

    @property
    def display_name(self) -> str:
        """Both names."""
        return f"{self.first_name} {self.last_name}".strip()


def _friend(since: int) -> Hold:
    return Hold(FRIEND, since, by="sign_up")


def _apprentice(since: int, *steps: Step) -> Hold:
    return Hold(APPRENTICE, since, steps=steps)


STAFF = (
    Person("margaret", "Margaret", "Alder", role="administrator"),
    Person("theo", "Theo", "Ashby", role="editor"),
    Person("walk-in", "Wilma", "Ames"),
)
"""The owner, her editor, and somebody with a login who is no member."""

MEMBERS = (
    Person(
        "alice", "Alice", "Martin",
        level=_apprentice(412), bundles=(Hold(HAND_TOOLS, 400), Hold(CHAIRMAKING, 220), Hold(FINISHING, 35)),
    ),
    Person("bob", "Bob", "Tremblay", level=_apprentice(1)),
    Person("carla", "Carla", "Rossi", level=_apprentice(5)),
    Person("daniel", "Daniel", "Okafor", level=_apprentice(12)),
    Person("emma", "Emma", "Lindqvist", level=_friend(96), bundles=(Hold(HAND_TOOLS, 90),), promoted_ago=34),
    Person(
        "francois", "François", "Lavoie", locale="fr_CA", level=_apprentice(61), bundles=(Hold(FINISHING, 8),)
    ),
    Person("grace", "Grace", "Kim", level=_friend(140)),
    Person("hugo", "Hugo", "Peeters", level=_friend(47), bundles=(Hold(HAND_TOOLS, 47),)),
    Person("ines", "Inês", "Carvalho", level=_apprentice(40, Step(25, Change.PAUSE, "member"))),
    Person("jack", "Jack", "Turner", level=_apprentice(93, Step(3, Change.FALL_OVERDUE, "renewal"))),
    Person(
        "keiko", "Keiko", "Tanaka", level=_apprentice(120, Step(9, Change.CANCEL_AT_END, "member", ends_in=5))
    ),
    Person(
        "liam", "Liam", "Walsh",
        level=_apprentice(75, Step(17, Change.FALL_OVERDUE, "renewal"), Step(10, Change.CANCEL, "renewal")),
    ),
    Person("maya", "Maya", "Patel", level=_apprentice(200, Step(1, Change.LOCK))),
    Person(
        "noah", "Noah", "Schmidt",
        level=Hold(APPRENTICE, 380, steps=(Step(15, Change.EXPIRE, "end_date"),), ends_in=-15),
    ),
    Person("olga", "Olga", "Nowak", level=Hold(APPRENTICE, 0, status=Status.PENDING_ACTIVATION)),
    Person(
        "pablo", "Pablo", "Herrera",
        level=Hold(APPRENTICE, 2, status=Status.ERROR, error="the address pablo@example.test was refused"),
    ),
    Person("gallery", "[gallery]", "Quinn", level=_apprentice(33)),
    Person("script", "<script>alert(1)</script>", "Riley", level=_apprentice(18)),
    Person("sinead", "Sinéad", 'O\'Neil "Quill"', level=_apprentice(27), bundles=(Hold(CHAIRMAKING, 27),)),
    Person(
        "tomas", "Tomás", "Novák",
        level=_friend(82), bundles=(Hold(HAND_TOOLS, 80, steps=(Step(20, Change.PAUSE, "member"),)),),
    ),
    Person(
        "ursula", "Ursula", "Baumann",
        level=_friend(64), bundles=(Hold(CHAIRMAKING, 64, steps=(Step(2, Change.FALL_OVERDUE, "renewal"),)),),
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
