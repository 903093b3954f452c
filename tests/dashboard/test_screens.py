"""The other screens: the log, disputes and evidence, what is sold, what keeps it running."""

import csv
import io
import json
import re

import pytest
import sqlalchemy as sa

from sidecar.access.ruling import core_pages_of
from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.billing.notices import raise_alarm
from sidecar.billing.store_guard import list_alarms
from sidecar.catalog.coupons import Coupon, CouponKind
from sidecar.catalog.making import make_coupon
from sidecar.catalog.store import get_product, list_coupons
from sidecar.db import reading, transaction
from sidecar.members.store_details import list_employees
from sidecar.staff.models import staff
from sidecar.staff.rules import Role
from sidecar.web.dashboard import log as log_screen
from tests.dashboard.screens import Desk, an_administrator, an_employee
from tests.house import DAY, NOW, SECRET, House


@pytest.fixture
def owner(house: House) -> Desk:
    return Desk(house, an_administrator(house))


def happens(
    house: House,
    user: int,
    name: str,
    kind: EventType = EventType.PAGE,
    days_ago: float = 0,
    subject: str = "post:5",
):
    with transaction() as session:
        add_event(
            session,
            kind,
            name,
            NOW - DAY * days_ago,
            user_id=user,
            subject=subject,
            body={"url": f"/{name}/"},
        )


# --- the log ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def history(house: House) -> dict[str, int]:
    alice, bob = house.user("alice"), house.user("bob")
    happens(house, alice, "viewed")
    happens(house, bob, "denied", days_ago=3, subject="post:9")
    happens(house, bob, "signed_in", EventType.LOGIN, days_ago=8, subject="")
    return {"alice": alice, "bob": bob}


def names_in(text: str) -> set[str]:
    return {
        word for word in ("read", "was refused", "signed in") if f" {word}" in text.partition("Search")[2]
    }


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"read", "was refused", "signed in"}), ("type=login", {"signed in"}), ("member=alice", {"read"}),
        ("member=bob@example.test", {"was refused", "signed in"}), ("subject=9", {"was refused"}),
        ("since=2026-06-14", {"read"}), ("until=2026-06-08", {"signed in"}),
        ("since=2026-06-10&until=2026-06-12", {"was refused"}), ("member=bob&text=denied", {"was refused"}),
    ],
)  # fmt: skip
def test_the_log_is_searched_by_what_one_knows(owner, history, query, shown):
    assert names_in(owner.text(f"/log?{query}")) == shown


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("ip=nonsense", "is no IP address"), ("member=nobody", "no user nobody"), ("since=soon", "is no date"),
        ("type=other", "There is no type other"), ("text=x", "in the events of one member"), ("at=made-up", "no place in the log"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_for_is_said_and_the_form_stays(owner, history, query, sentence):
    answer = owner.get(f"/log?{query}")
    assert answer.status_code == 200
    assert sentence in owner.text(f"/log?{query}")


def test_the_chart_counts_each_event_on_its_day(owner, history):
    page = owner.get("/log/days").get_data(as_text=True)
    assert "Jun 7, 2026: login 1" in page
    assert "Jun 12, 2026: page 1" in page


def test_the_log_as_a_file_holds_everything_once_oldest_first(owner, house, history, monkeypatch):
    monkeypatch.setattr(log_screen, "PIECE", 4)
    for number in range(11):
        happens(house, history["alice"], f"n{number}", days_ago=14 - number)
    rows = list(
        csv.reader(io.StringIO(owner.get("/log.csv?type=page").get_data(as_text=True).removeprefix("\ufeff")))
    )
    assert [row[2] for row in rows[1:]] == [*(f"n{number}" for number in range(11)), "denied", "viewed"]


def test_watching_live_asks_for_the_rows_alone(owner, history):
    page = owner.get("/log?live=1").get_data(as_text=True)
    part = owner.get("/log?live=1", headers={"HX-Request": "true", "HX-Target": "events"}).get_data(
        as_text=True
    )
    assert 'hx-trigger="every 3s"' in page
    assert part.lstrip().startswith('<div id="events"')


# --- disputes ---------------------------------------------------------------------------------------------------------


def test_evidence_for_an_order_is_a_file_for_the_bank_and_for_support_alone(shop):
    order = shop.buy(shop.house.user("alice"), shop.product("Gold, monthly"))
    owner = Desk(shop.house, an_administrator(shop.house), billing=shop.desk)
    manager = Desk(shop.house, an_employee(shop.house, Role.PRODUCT_MANAGER), billing=shop.desk)
    pdf = owner.get(f"/evidence/{order.uuid}/report.pdf")
    fields = json.loads(owner.get(f"/evidence/{order.uuid}/fields.json").get_data())

    assert pdf.get_data().startswith(b"%PDF-")
    assert pdf.headers["Content-Disposition"].startswith("attachment;")
    assert fields["order"] == order.uuid
    assert manager.get(f"/evidence/{order.uuid}/report.pdf").status_code == 403
    assert owner.get("/evidence/no-such-thing").status_code == 404
    assert "No disputes" in owner.text("/disputes")


# --- what is sold -----------------------------------------------------------------------------------------------------


def test_products_and_coupons_are_archived_by_who_may(shop):
    product = shop.product("Gold, monthly")
    make_coupon(Coupon(0, "SUMMER", CouponKind.PERCENT, percent_ppm=200_000), now=NOW)
    owner = Desk(shop.house, an_administrator(shop.house), billing=shop.desk)
    support = Desk(shop.house, an_employee(shop.house, Role.SALES_SUPPORT), billing=shop.desk)
    with reading() as reader:
        product_id, (coupon,) = get_product(reader, product).id, list_coupons(reader)
    text = support.text("/catalog")

    assert "€19.00 a month" in text
    assert "20% off the first payment" in text
    assert "Archive" not in text
    assert support.post(f"/catalog/products/{product_id}/archive").status_code == 403
    assert owner.post(f"/catalog/products/{product_id}/archive").status_code == 303
    assert owner.post(f"/catalog/coupons/{coupon.id}/archive").status_code == 303
    with reading() as reader:
        assert get_product(reader, product).is_archived
        assert all(one.is_archived for one in list_coupons(reader))


# --- what keeps it running --------------------------------------------------------------------------------------------


def test_an_alarm_is_seen_to_and_gone(house, owner):
    with transaction() as session:
        raise_alarm(session, "silent", "tick@1", "Cron has not called for a while.", NOW)
    with reading() as reader:
        (alarm,) = list_alarms(reader)
    assert "Cron has not called" in owner.text("/overview")
    owner.post(f"/operation/alarms/{alarm.id}/close")
    assert "No alarms" in owner.text("/operation")
    assert owner.post(f"/operation/alarms/{alarm.id}/close").status_code == 404


def test_settings_are_shown_without_anything_secret(house, owner):
    page = owner.get("/operation").get_data(as_text=True)
    assert "assignable_roles" in page
    assert SECRET not in page
    for hidden in ("secret_file", "password_file", "mysql+pymysql", "sqlite://"):
        assert hidden not in page


def test_the_books_are_checked_when_somebody_asks(house, owner):
    assert "Everything that must hold does." in owner.text("/operation/check")


def test_a_webhook_that_is_none_cannot_be_processed_again(house, owner):
    assert owner.post("/operation/webhooks/evt_none/replay").status_code == 404


def test_staff_is_let_in_and_shut_out_on_the_screen(house, owner):
    bob = house.user("bob")
    house.meta(bob, house.tables.capabilities_key, "a:0:{}")
    shown = owner.post("/staff", name="bob@example.test", role="analyst").get_data(as_text=True)
    for words in ("bob", "bob@example.test", "Registered", "analyst", "See the overview"):
        assert words in shown
    assert employed() == []
    assert owner.post(f"/staff/{bob}", role="analyst").status_code == 303
    desk = Desk(house, bob, app=owner.app)
    assert desk.get("/overview").status_code == 200
    assert owner.post("/staff", name="nobody", role="analyst").status_code == 404
    assert owner.post("/staff", name="bob", role="emperor").status_code == 409
    assert owner.post(f"/staff/{bob}", role="emperor").status_code == 409
    assert owner.post("/staff/9999", role="analyst").status_code == 404
    assert owner.post(f"/staff/{bob}/dismiss").status_code == 303
    assert desk.get("/overview").status_code == 303


def test_a_name_that_is_the_login_of_one_and_the_address_of_another_lets_nobody_in(house, owner):
    house.user("ruth")
    house.user("ruth@example.test")
    for path in ("/staff", "/staff/shown"):
        refused = owner.post(path, name="ruth@example.test", role="analyst")
        assert refused.status_code == 409
        assert "is the login of one user and the e-mail address of another" in refused.get_data(as_text=True)
    assert (employed(), shown_employees()) == ([], [])


def employed():
    with reading() as reader:
        return list(reader.execute(sa.select(staff.c.user_id)).scalars())


def test_whom_members_see_is_listed_changed_and_taken_off_on_the_screen(house, owner):
    ruth, bob = house.user("ruth"), house.user("bob")
    for name, phone in (("ruth", "555 0199"), ("bob@example.test", "")):
        before = shown_employees()
        asked = owner.post("/staff/shown", name=name, phone=phone).get_data(as_text=True)
        user_id = ruth if name == "ruth" else bob
        assert f"/staff/shown/{user_id}/show" in asked
        assert f'name="phone" value="{phone}"' in asked
        assert shown_employees() == before
        assert owner.post(f"/staff/shown/{user_id}/show", phone=phone).status_code == 303
    assert owner.post(f"/staff/shown/{ruth}/show").status_code == 409
    assert owner.post("/staff/shown", name="nobody").status_code == 404
    assert shown_employees() == [(ruth, "555 0199", True), (bob, "", False)]
    assert owner.post(f"/staff/shown/{bob}", phone=" 555  0100 ", is_default="1").status_code == 303
    assert shown_employees() == [(ruth, "555 0199", False), (bob, "555 0100", True)]
    assert owner.post("/staff/shown/9999", phone="1").status_code == 404
    assert "555 0100" in owner.text("/staff")
    assert owner.post(f"/staff/shown/{ruth}/hide").status_code == 303
    assert shown_employees() == [(bob, "555 0100", True)]
    log = owner.text("/log?type=access")
    for words in (
        "may be shown to members",
        "is shown to members differently",
        "is shown to members no longer",
    ):
        assert words in log


def shown_employees():
    with reading() as reader:
        return [(one.user_id, one.phone, one.is_default) for one in list_employees(reader)]


# --- settings ---------------------------------------------------------------------------------------------------------


def test_a_core_page_is_chosen_for_everybody_and_for_a_level_and_the_log_says_by_whom(house, owner):
    level, other = house.level("Gold"), house.level("Silver")
    common, own = (
        house.post("", title, type="page", post_status="publish") for title in ("Shop", "Gold shop")
    )
    form = owner.get("/settings/pages/checkout").get_data(as_text=True)
    seen = re.search(r'name="seen" value="(\w+)"', form)[1]
    chosen = {"all": str(common), f"level-{level}": str(own), f"level-{other}": ""}
    assert owner.post("/settings/pages/checkout", seen=seen, **chosen).status_code == 303
    with reading() as reader:
        assert core_pages_of(reader, "checkout") == {None: common, level: own}
    assert "Checkout checkout Shop Gold: Gold shop" in owner.text("/settings")
    assert f"changed: checkout – → {common} {owner.by}" in owner.text("/log")

    late = owner.post("/settings/pages/checkout", seen=seen, **{**chosen, f"level-{level}": ""})
    page = late.get_data(as_text=True)
    assert (late.status_code, "Somebody else has changed this" in page) == (422, True)
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]
    owner.post("/settings/pages/checkout", seen=seen, **{**chosen, f"level-{level}": ""})
    with reading() as reader:
        assert core_pages_of(reader, "checkout") == {None: common}


def test_a_core_page_is_a_published_page_and_its_part_is_a_known_one(house, owner):
    draft = house.post("", "Draft", type="page", post_status="draft")
    for wrong in (str(draft), "99", "soon"):
        assert owner.post("/settings/pages/login", seen="x", all=wrong).status_code == 422
    assert owner.get("/settings/pages/emperor").status_code == 404
    assert owner.post("/settings/pages/emperor", all="").status_code == 404


def test_the_settings_are_shown_in_words_with_where_they_are_set_and_no_secret(house, owner):
    text = owner.text("/settings")
    for line in (
        "billing.retry_days 2,5,7 in the file, or nowhere",
        "billing.notice_days 7 days before in the file",
        "log.keep_page_months 18 months in the file",
    ):
        assert line in text
    assert SECRET not in text
    assert "secret_file" not in text
