"""The site that the demo makes."""

from datetime import timedelta

import requests
import sqlalchemy as sa

from sidecar.activity.models import events
from sidecar.billing.checking import check
from sidecar.billing.models import cards
from sidecar.billing.rules import Order
from sidecar.catalog.store import list_bundles, list_levels, list_products
from sidecar.db import reading
from sidecar.demo.inbox import Inbox
from sidecar.demo.onlookers import Onlooker, list_onlookers
from sidecar.demo.people import MEMBERS
from sidecar.demo.store import list_all_orders, list_site_posts, sum_ledger
from sidecar.members.rules import Status
from sidecar.wordpress.installation import Severity, inspect_installation
from sidecar.wordpress.options import get_option
from sidecar.wordpress.tables import Tables
from tests.demo.conftest import HOST, Demo, open_demo
from tests.demo.pages import onlookers_of

TAGS = ("MM_Member_Data", "MM_Member_Decision", "MM_Access_Decision", "MM_Content_Data", "MM_Content_Link", "MM_CorePage_Link")  # fmt: skip


def test_every_status_of_a_level_and_of_a_bundle_has_somebody(demo: Demo) -> None:
    members = [onlooker.member for onlooker in onlookers_of(demo) if onlooker.member]
    now = demo.clock.now()
    assert {member.level.status_at(now) for member in members if member.level} == set(Status)
    assert {held.status_at(now) for member in members for held in member.bundles} == set(Status)


def test_there_are_two_levels_of_which_one_is_free_three_bundles_and_25_members(demo: Demo) -> None:
    with demo.app.app_context(), reading() as reader:
        levels, bundles = list_levels(reader), list_bundles(reader)
    assert [level.is_free for level in levels] == [True, False]
    assert len(bundles) == 3
    assert sum(1 for onlooker in onlookers_of(demo) if onlooker.member) == len(MEMBERS) == 25


def test_the_tables_are_a_wordpress_that_the_doctor_finds_nothing_wrong_with(demo: Demo) -> None:
    with demo.app.app_context(), reading() as reader:
        findings = inspect_installation(reader, demo.service.tables)
    assert {finding.severity for finding in findings} == {Severity.OK}


def test_nobody_has_a_password_that_could_be_known(demo: Demo) -> None:
    users = Tables("wp_").users.c
    with demo.app.app_context(), reading() as reader:
        hashes = reader.scalars(sa.select(users.user_pass)).all()
    assert len(set(hashes)) == len(hashes) == 28
    assert all(text.startswith("$wp$2y$") for text in hashes)


def test_the_texts_use_every_tag_and_the_posts_have_every_shape(demo: Demo) -> None:
    with demo.app.app_context(), reading() as reader:
        posts = list_site_posts(reader, demo.service.tables)
    texts = "\n".join(post.content for post in posts)
    assert [tag for tag in TAGS if f"[{tag}" not in texts] == []
    assert [
        part for part in ("<!--more-->", "<!--nextpage-->", "[MM_Else]", "<script>") if part not in texts
    ] == []
    assert {post.type for post in posts} == {"post", "page", "plan"}


def test_the_log_tells_of_every_member_in_the_order_of_time(demo: Demo) -> None:
    with demo.app.app_context(), reading() as reader:
        rows = reader.execute(sa.select(events.c.type, events.c.name, events.c.at, events.c.user_id)).all()
    now = demo.clock.now()
    assert {row.type for row in rows} == {"access", "billing", "email", "login", "page"}
    assert all(row.at <= now for row in rows)
    created = {row.user_id: row.at for row in rows if row.name == "created"}
    assert len(created) == 25
    assert [row for row in rows if row.at < created[row.user_id]] == []


def test_a_second_start_keeps_the_site_and_moves_it_to_the_new_address(fresh_demo: Demo) -> None:
    with fresh_demo.app.app_context(), reading() as reader:
        assert get_option(reader, fresh_demo.service.tables, "home") == f"http://{HOST}"
        assert len(list_onlookers(reader, fresh_demo.service.tables)) == 29


def test_the_same_folder_opened_again_holds_the_same_people(fresh_demo: Demo) -> None:
    def names(people: list[Onlooker]) -> list[str]:
        return [person.name for person in people]

    fresh_demo.close()
    again = open_demo(fresh_demo.folder)
    assert names(onlookers_of(again)) == names(onlookers_of(fresh_demo))
    again.close()


# --- what was bought ------------------------------------------------------------------------------------------------


def orders_of(demo: Demo) -> dict[tuple[str, str], Order]:
    """By first name and product."""
    people = {one.member.id: one.name.split()[0] for one in onlookers_of(demo) if one.member}
    with demo.app.app_context(), reading() as reader:
        products = {product.id: product.name for product in list_products(reader)}
        found = list_all_orders(reader)
    return {(people[order.member_id], products[order.product_id]): order for order in found}


def test_orders_are_in_every_state_that_an_owner_meets(demo: Demo) -> None:
    orders = orders_of(demo)
    assert {
        name: str(orders[name, "Apprentice, monthly"].status)
        for name in ("Ada", "Inês", "Jack", "Keiko", "Liam", "Olga")
    } == {
        "Ada": "active", "Inês": "paused", "Jack": "overdue", "Keiko": "pending_cancel", "Liam": "canceled",
        "Olga": "pending",
    }  # fmt: skip
    assert orders["Liam", "Apprentice, monthly"].ended_for == "unpaid"
    assert orders["Alice", "Chairmaking in three payments"].status == "completed"
    assert orders["Bob", "Apprentice, after a trial"].has_trial


def test_the_books_are_sound_and_the_processor_agrees(demo: Demo) -> None:
    with demo.app.app_context(), reading() as reader:
        assert check(reader, demo.clock.now()) == []
        sums = {account: amount for account, _currency, amount in sum_ledger(reader)}
    charges = requests.get(f"{demo.processor.url}/_test/ledger", timeout=20).json()["charges"]
    assert sums["gateway"] == sum(one["amount"] for one in charges if one["status"] == "succeeded") > 0
    assert sum(sums.values()) == 0


def test_members_were_written_to_when_it_happened(demo: Demo) -> None:
    mails = Inbox(demo.folder).list_newest("jack@example.test")
    assert [mail.subject.partition(":")[0] for mail in mails] == [
        "Your payment is still open", "Your payment did not go through", "Receipt", "Receipt", "Welcome",
    ]  # fmt: skip
    assert mails[1].at < demo.clock.now() - timedelta(days=2)


def test_no_two_people_pay_with_the_same_card(demo: Demo) -> None:
    with demo.app.app_context(), reading() as reader:
        rows = reader.execute(sa.select(cards.c.member_id, cards.c.fingerprint).distinct()).all()
    assert len({row.fingerprint for row in rows}) == len({row.member_id for row in rows}) > 10
