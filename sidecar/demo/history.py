"""What the log would hold if the members had been here these last weeks: sign-ins and readings."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from sidecar.activity.rules import Event, EventType, event_id
from sidecar.activity.store import add_events
from sidecar.demo.people import APPRENTICE, Person
from sidecar.demo.school import POSTS, ZONE
from sidecar.members.rules import Change, Status
from sidecar.members.store import find_member_ids

WEEKS = 3
_ZONE = ZoneInfo(ZONE)
_GONE = (Change.LOCK, Change.CANCEL, Change.EXPIRE)
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # reserved for examples
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
)


def add_past(session: Session, people: Mapping[int, Person], now: datetime) -> None:
    """Add the events of `WEEKS` weeks before `now`; `people` by user id. The same people give the same past."""
    members = find_member_ids(session, people)
    for user_id, person in people.items():
        add_events(session, _past_of(user_id, members[user_id], person, now))


def _past_of(user_id: int, member_id: int, person: Person, now: datetime) -> Iterator[Event]:
    chance = random.Random(person.login)  # noqa: S311  it only has to look lively
    ip = f"{chance.choice(_NETWORKS)}.{chance.randrange(2, 250)}"
    for visit, start in enumerate(_visits(person, now, chance)):
        agent = chance.choice(_AGENTS)
        at = start
        yield _event(
            f"{person.login}-{visit}", EventType.LOGIN, "signed_in", at, user_id, member_id, "", ip, {}
        )
        for number in range(chance.randrange(1, 5)):
            at += timedelta(seconds=chance.randrange(20, 400))
            post = chance.choice([post for post in POSTS if post.id in _readable(person, (now - at).days)])
            body = {"url": f"/{post.slug}/", "agent": agent}
            seed = f"{person.login}-{visit}-{number}"
            yield _event(seed, EventType.PAGE, "viewed", at, user_id, member_id, f"post:{post.id}", ip, body)


def _visits(person: Person, now: datetime, chance: random.Random) -> list[datetime]:
    """When somebody came, oldest first: not before they joined, not after they were shut out."""
    level = person.level
    if level is None or level.status is not Status.ACTIVE:
        return []
    gone = max((step.days_ago for step in level.steps if step.change in _GONE), default=0)
    if level.bought is not None and level.bought.over_ago is not None:
        gone = level.bought.over_ago
    first, last = min(level.began_ago, WEEKS * 7), gone
    days = [day for day in range(first, last, -1) if chance.random() < 0.3]
    times = [now - timedelta(days=day - 1, minutes=chance.randrange(30, 600)) for day in days]
    return [at for at in times if at > moment(person.login, level.began_ago, now)]


def _readable(person: Person, days_ago: int) -> set[int]:
    """Posts that were open to `person` then: the public ones, and the course as far as an apprentice had come."""
    public = {10, 11, 12, 14, 15, 17, 18, 20, 48}
    if person.level is None or person.level.name != APPRENTICE or not person.level.is_untroubled:
        return public
    day = person.level.since - days_ago
    return public | {
        post_id for post_id, from_day in ((40, 0), (41, 4), (42, 11), (43, 31)) if day >= from_day
    }


def moment(seed: str, days_ago: int, now: datetime) -> datetime:
    """A time of day on that day of the site's, the same for the same `seed` and day; never after `now`."""
    chance = random.Random(f"{seed}:{days_ago}")  # noqa: S311  it only has to look lively
    day = now.astimezone(_ZONE).date() - timedelta(days=days_ago)
    at = datetime.combine(day, time(), _ZONE) + timedelta(minutes=chance.randrange(6 * 60, 18 * 60))
    return min(at.astimezone(UTC), now - timedelta(minutes=20))


def _event(
    seed: str, kind: EventType, name: str, at: datetime, user_id: int, member_id: int, subject: str, ip: str,
    body: dict[str, str],
) -> Event:  # fmt: skip
    return Event(event_id(seed, at), kind, name, at, member_id, user_id, subject, ip, body)
