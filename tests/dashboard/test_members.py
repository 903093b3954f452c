"""The list of members: found by what one knows of them, page by page; and as a file."""

import csv
import io
import re

import pytest
import sqlalchemy as sa

from sidecar.db import reading, transaction
from sidecar.members.facing import sync_faces
from sidecar.members.models import member_faces, member_words, members
from sidecar.reports.store_members import Wanted, list_members
from sidecar.staff.rules import Role
from sidecar.web.dashboard import members as screen
from tests.dashboard.screens import Desk, an_administrator, an_employee
from tests.house import DAY, NOW, House


@pytest.fixture
def owner(house: House) -> Desk:
    return Desk(house, an_administrator(house))


def named(house: House, login: str, first: str, last: str, level: int, **kwargs) -> int:
    member = house.member(level, login, **kwargs)
    house.meta(member.user_id, "first_name", first)
    house.meta(member.user_id, "last_name", last)
    return member.user_id


def found(**wanted) -> list[str]:
    with reading() as reader:
        return [one.login for one in list_members(reader, Wanted(**wanted))]


@pytest.fixture
def crowd(house: House) -> dict[str, int]:
    """Anna (Gold, Videos), Zoë (Silver, canceled), Bob (Gold)."""
    gold, silver, videos = house.level("Gold"), house.level("Silver"), house.bundle("Videos")
    from sidecar.members.changing import change_status, give_bundle
    from sidecar.members.rules import Change

    anna = named(house, "anna.k", "Anna", "Kern", gold)
    zoe = named(house, "zoe", "Zoë", "Müller-Straße", silver)
    bob = named(house, "bob", "Bob", "Annable", gold)
    give_bundle(anna, videos, now=NOW, by="test")
    change_status(zoe, Change.CANCEL, now=NOW, by="test", zone=NOW.tzinfo)
    sync_faces(house.tables, NOW)
    return {"anna": anna, "zoe": zoe, "bob": bob, "gold": gold, "silver": silver, "videos": videos}


@pytest.mark.parametrize(
    ("typed", "logins"),
    [
        ("kern", ["anna.k"]), ("KERN anna", ["anna.k"]), ("ann", ["bob", "anna.k"]), ("ann ker", ["anna.k"]),
        ("zoe", ["zoe"]), ("muller", ["zoe"]), ("strasse", ["zoe"]), ("anna.k@example", ["anna.k"]),
        ("anna.k", ["anna.k"]), ("ern", []), ("%", ["bob", "zoe", "anna.k"]), ("ann'; DROP", []),
    ],
)  # fmt: skip
def test_a_member_is_found_by_beginnings_of_name_login_and_address(crowd, owner, typed, logins):
    page = owner.get(f"/members?q={typed}").get_data(as_text=True)
    shown = re.findall(r'href="/office/members/(\d+)"', page)
    by_id = {str(crowd["anna"]): "anna.k", str(crowd["zoe"]): "zoe", str(crowd["bob"]): "bob"}
    assert [by_id[one] for one in shown] == logins


def test_a_member_is_found_by_number_status_level_bundle_and_all_at_once(crowd, house):
    assert found(number=crowd["zoe"]) == ["zoe"]
    assert found(status="canceled") == ["zoe"]
    assert found(level_id=crowd["gold"]) == ["bob", "anna.k"]
    assert found(level_id=crowd["gold"], status="canceled") == []
    assert found(bundle_id=crowd["videos"]) == ["anna.k"]
    assert found(bundle_id=crowd["videos"], status="canceled") == []
    assert found(words=("ann",), level_id=crowd["gold"], bundle_id=crowd["videos"], status="active") == [
        "anna.k"
    ]


def test_a_changed_name_is_found_as_soon_as_it_is_told_of_and_the_old_one_no_more(crowd, house):
    from sidecar.activity.rules import EventType
    from sidecar.activity.store import add_event

    meta = house.tables.usermeta
    with transaction() as session:
        mine = sa.and_(meta.c.user_id == crowd["anna"], meta.c.meta_key == "last_name")
        session.execute(meta.update().where(mine).values(meta_value="Weber"))
        add_event(session, EventType.ACCESS, "profile_changed", NOW, user_id=crowd["anna"])
    assert sync_faces(house.tables, NOW) == 1
    assert (found(words=("weber",)), found(words=("kern",))) == (["anna.k"], [])
    assert sync_faces(house.tables, NOW) == 0


def test_who_became_visible_behind_later_members_is_found_all_the_same(crowd, house):
    """His row came first, his transaction ended last."""
    with transaction() as session:
        for table in (member_faces, member_words):
            mine = sa.select(members.c.id).where(members.c.user_id == crowd["anna"])
            session.execute(sa.delete(table).where(table.c.member_id.in_(mine)))
    assert found(words=("kern",)) == []
    assert sync_faces(house.tables, NOW) == 1
    assert found(words=("kern",)) == ["anna.k"]


def test_what_nobody_told_of_is_noticed_within_hours_and_who_is_deleted_is_found_no_more(crowd, house):
    with transaction() as session:
        session.execute(sa.delete(house.tables.users).where(house.tables.users.c.id == crowd["bob"]))
    assert sync_faces(house.tables, NOW) == 0
    assert sync_faces(house.tables, NOW + DAY / 2) == 1
    assert found(words=("bob",)) == []
    with reading() as reader:
        words = (
            sa.select(sa.func.count())
            .select_from(member_words)
            .join(member_faces, member_faces.c.member_id == member_words.c.member_id)
        )
        assert reader.scalar(words.where(member_faces.c.user_id == crowd["bob"])) == 0


def test_pages_follow_each_other_without_gap_or_repetition(house, owner, monkeypatch):
    monkeypatch.setattr(screen, "PAGE", 7)
    gold = house.level()
    users = [house.member(gold).user_id for _number in range(20)]
    seen, path = [], "/members"
    while path:
        page = owner.get(path).get_data(as_text=True)
        seen += [int(one) for one in re.findall(r'href="/office/members/(\d+)"', page)]
        older = re.search(r'href="/office(/members\?before=\d+)">Older', page)
        path = older[1] if older else ""
    assert seen == users[::-1]


def test_typing_swaps_the_list_alone(crowd, owner):
    part = owner.get("/members?q=kern", headers={"HX-Request": "true", "HX-Target": "list"}).get_data(
        as_text=True
    )
    assert part.lstrip().startswith('<div id="list">')
    assert "<html" not in part


def test_an_order_number_leads_to_its_order(shop):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.product())
    owner = Desk(shop.house, an_administrator(shop.house), billing=shop.desk)
    answer = owner.get(f"/members?q={order.uuid[:8]}")
    assert answer.headers["Location"] == f"/office/orders/{order.uuid}"
    assert owner.get("/members?q=ffffffff").status_code == 200


def test_who_has_joined_just_now_is_listed_by_name(house, owner):
    house.member(house.level(), "newcomer")
    assert "newcomer@example.test" in owner.text("/members")


def test_a_search_for_nobody_says_what_to_do_next(crowd, owner):
    text = owner.text("/members?q=nobody")
    assert "Nobody found" in text
    assert "Show all members" in text


@pytest.mark.parametrize(
    "query", ["level=x", "before=-1", "status=nonsense", "q=%00", "q=%ff", "bundle=99999999999999999999"]
)
def test_nonsense_in_the_address_is_no_fault(crowd, owner, query):
    assert owner.get(f"/members?{query}").status_code == 200


# --- the file ---------------------------------------------------------------------------------------------------------


def rows_of(answer) -> list[list[str]]:
    assert answer.headers["Content-Disposition"] == 'attachment; filename="members.csv"'
    return list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


def test_the_file_holds_all_pieces_once_and_no_formula(house, owner, monkeypatch):
    monkeypatch.setattr(screen, "PIECE", 3)
    gold = house.level("Gold")
    for number in range(8):
        named(house, f"m{number}", "=cmd()" if number == 4 else "Anna", f"K{number}", gold)
    sync_faces(house.tables, NOW)
    rows = rows_of(owner.get("/members.csv"))

    assert rows[0][:4] == ["member", "user", "name", "login"]
    assert [row[3] for row in rows[1:]] == [f"m{number}" for number in range(7, -1, -1)]
    assert rows[4][2] == "'=cmd() K4"
    exports = [event for event in house.events() if event.name == "exported"]
    assert len(exports) == 1


def test_the_file_is_for_those_who_may_see_members(house):
    analyst = Desk(house, an_employee(house, Role.ANALYST))
    assert analyst.get("/members.csv").status_code == 403
