"""Orders on the command line: each verb does what it says to Alice's order, and nothing to anybody else."""

from datetime import timedelta

import pytest

from sidecar.clock import real_now
from tests.cli.selling import BAD_CARD, Selling


@pytest.fixture
def club(tmp_path, processor):
    return Selling(tmp_path, processor)


def test_a_members_orders_are_listed_and_charlie_has_none(club):
    output = club.did("order", "list", "alice")
    assert all(word in output for word in (club.order.uuid[:8], "Gold", "active", "19.00 EUR"))
    result = club.run("order", "list", "charlie")
    assert (result.exit_code, club.order.uuid[:8] in result.output) == (1, False)


def test_show_tells_dates_what_was_owed_and_each_try(club):
    output = club.did("order", "show", club.order.uuid[:8])
    assert all(word in output for word in (club.order.uuid, "alice", "settled", "gateway", "browser", "pi_"))
    assert "commandé le" in club.did("order", "show", club.order.uuid, language="fr")
    assert club.run("order", "show", "0000").exit_code == 1


@pytest.mark.parametrize(
    ("steps", "status", "access"),
    [
        ([("cancel",)], "pending_cancel", "pending_cancel"),
        ([("cancel", "--now")], "canceled", "canceled"),
        ([("cancel",), ("keep",)], "active", "active"),
        ([("pause",)], "paused", "paused"),
        ([("pause",), ("resume",)], "active", "active"),
        ([("skip",)], "active", "active"),
    ],
)
def test_each_verb_moves_the_order_and_access_with_it(club, steps, status, access):
    for verb, *options in steps:
        output = club.did("order", verb, club.order.uuid[:8], *options)
    assert f"Order {club.order.uuid[:8]}: {status}" in output
    assert (club.read().status, club.level_status(club.alice)) == (status, access)
    assert club.succeeded() == 1


def test_a_verb_that_cannot_be_is_one_line(club):
    result = club.run("order", "resume", club.order.uuid)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


def test_the_next_payment_is_moved_to_the_beginning_of_a_day(club):
    day = (real_now() + timedelta(days=40)).date()
    assert str(day) in club.did("order", "date", club.order.uuid, str(day))
    assert club.read().next_due_at.astimezone().date() <= day
    assert club.run("order", "date", club.order.uuid, "2020-01-01").exit_code == 1


def test_charging_now_collects_the_next_payment_once(club):
    assert "settled" in club.did("order", "charge", club.order.uuid)
    assert club.succeeded() == 2
    assert club.read().next_cycle == 2


def test_charging_a_card_that_declines_says_so_with_exit_code_1(club):
    bob = club.buy(club.bob, "Silver", BAD_CARD)
    result = club.run("order", "charge", bob.uuid)
    assert (result.exit_code, club.succeeded()) == (1, 1)


@pytest.mark.parametrize(("verb", "source"), [("paid", "manual"), ("waive", "waived")])
def test_what_is_owed_is_settled_by_hand_and_not_charged(club, verb, source):
    club.did("order", verb, club.order.uuid, "--note", "cash at the door")
    assert source in club.did("order", "show", club.order.uuid)
    assert (club.read().next_cycle, club.succeeded()) == (2, 1)


def test_a_part_or_all_of_a_payment_goes_back_and_no_more(club):
    assert "succeeded" in club.did(
        "order", "refund", club.order.uuid, "--amount", "5.00", "--reason", "sorry"
    )
    assert club.level_status(club.alice) == "active"
    assert club.run("order", "refund", club.order.uuid, "--amount", "14.01").exit_code == 1
    club.did("order", "refund", club.order.uuid, "--cycle", "0")
    assert club.level_status(club.alice) == "canceled"
    assert sum(one["amount"] for one in club.processor.get("ledger")["refunds"]) == 1900
    assert "5.00 EUR" in club.did("order", "show", club.order.uuid)


def test_a_cheaper_product_is_changed_to_at_once_and_a_dearer_one_waits_to_be_paid(club):
    assert "was changed" in club.did("order", "change", club.order.uuid, "Silver")
    [old, new] = club.orders(club.alice)
    assert (old.status, new.status) == ("canceled", "active")
    assert "waits for the member" in club.did("order", "change", new.uuid, "Gold")
    assert club.orders(club.alice)[1].status == "active"
    assert club.succeeded() == 1


def test_a_missed_cycle_is_written_down_as_paid_and_one_that_was_not_is_refused(club):
    assert club.run("order", "missed", club.order.uuid, "0").exit_code == 1
    club.execute(
        "UPDATE gatepost_orders SET anchor_at = '2026-01-01 00:00:00' WHERE id = :id", id=club.order.id
    )


def test_a_parked_order_is_released(club):
    club.execute("UPDATE gatepost_orders SET held = 'parked' WHERE id = :id", id=club.order.id)
    assert "parked" in club.did("order", "list", "alice")
    club.did("order", "unpark", club.order.uuid)
    assert club.read().held is None


# --- a membership that an order pays for ---------------------------------------------------------------------------


def test_the_members_verbs_go_through_the_order_that_pays(club):
    assert club.did("member", "pause", "alice") == "alice is now: paused\n"
    assert club.read().status == "paused"
    club.did("member", "resume", "alice")
    assert club.did("member", "cancel", "alice") == "alice is now: canceled\n"
    assert (club.read().status, club.read().next_due_at) == ("canceled", None)


@pytest.mark.parametrize(
    "arguments",
    [("level", "alice", "Silver"), ("expire", "alice"), ("cancel", "alice", "--at-end", "2099-01-01")],
)
def test_what_an_order_cannot_do_is_refused_with_its_name_and_changes_nothing(club, arguments):
    result = club.run("member", *arguments)
    assert (result.exit_code, club.order.uuid[:8] in result.stderr) == (1, True)
    assert (club.read().status, club.level_status(club.alice)) == ("active", "active")


def test_a_lock_covers_the_membership_and_the_order_goes_on(club):
    club.did("member", "lock", "alice")
    assert (club.read().status, club.level_status(club.alice)) == ("active", "locked")
    assert "settled" in club.did("order", "charge", club.order.uuid)
    assert club.level_status(club.alice) == "locked"


def test_a_member_whom_nobody_pays_for_is_changed_as_before(club):
    club.did("member", "add", "bob", "--level", "Gold")
    club.did("member", "level", "bob", "Silver")
    assert club.did("member", "cancel", "bob") == "bob is now: canceled\n"
    assert club.read().status == "active"
