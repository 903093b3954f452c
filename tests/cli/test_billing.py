"""Billing on the command line: how it stands, what comes, what is wrong, and how it goes on."""

from collections import Counter
from datetime import timedelta

import pytest

from sidecar.billing.charging import Tally
from sidecar.clock import real_now
from sidecar.commands.progress import charging_shown
from tests.cli.selling import Selling


@pytest.fixture
def club(tmp_path, processor):
    return Selling(tmp_path, processor)


def days():
    today = real_now().date()
    return "--from", str(today - timedelta(days=1)), "--until", str(today + timedelta(days=1))


def test_status_says_whether_billing_runs(club):
    result = club.run("billing", "status")
    assert (result.exit_code, "stands still" in result.output) == (1, True)
    club.did("tick")
    output = club.did("billing", "status")
    assert "runs" in output
    assert "acct_" in output
    assert "tick" in output
    assert "fonctionne" in club.did("billing", "status", language="fr")


def test_status_says_why_billing_is_paused(club):
    club.did("tick")
    club.execute(
        "UPDATE gatepost_billing_lease SET paused_for = 'late', paused_because = 'Look first.',"
        " paused_at = '2026-06-01 12:00:00'"
    )
    result = club.run("billing", "status")
    assert (result.exit_code, "Look first." in result.output, "2026-06-01 14:00" in result.output) == (
        1,
        True,
        True,
    )
    club.did("billing", "resume")
    assert "runs" in club.did("billing", "status")


def test_without_a_gateway_status_says_off_and_is_content(prepared):
    assert "off" in prepared.did("billing", "status")


def test_upcoming_lists_the_next_payments(club):
    assert club.order.uuid[:8] not in club.did("billing", "upcoming")
    output = club.did("billing", "upcoming", "--days", "40")
    assert all(word in output for word in (club.order.uuid[:8], "alice", "19.00 EUR", "pending"))


def test_a_tick_charges_what_is_due_says_so_in_one_line_and_only_once(club):
    club.make_due()
    assert "charge: 1" in club.did("tick")
    assert "charge: 0" in club.did("tick")
    assert club.succeeded() == 2


def test_a_moved_site_does_not_charge_until_it_is_adopted_on_purpose(club):
    config = club.there.config_path
    config.write_text(config.read_text().replace("127.0.0.1:9", "127.0.0.1:8"))
    club.make_due()
    assert "charge: 0" in club.did("tick")
    assert "adopt" in club.did("billing", "alarms")
    assert "not what billing was bound to" in club.run("billing", "status").output
    assert club.run("billing", "adopt").exit_code == 1  # nobody has answered the question
    assert "charge: 0" in club.did("tick")
    club.did("billing", "adopt", "--yes")
    assert "charge: 1" in club.did("tick")


def test_a_second_machine_charges_only_when_it_is_enrolled(club):
    club.did("tick")
    club.execute("UPDATE gatepost_billing_machines SET id = 'another'")
    club.make_due()
    assert "charge: 0" in club.did("tick")
    club.did("billing", "enroll-machine")
    assert "charge: 1" in club.did("tick")


def test_alarms_are_listed_and_closed_by_their_number(club):
    club.execute(
        "INSERT INTO gatepost_alarms (id, kind, subject, sentence, raised_at)"
        " VALUES (7, 'fault', 'x', 'Look at this.', '2026-06-01 12:00:00')"
    )
    assert "Look at this." in club.did("billing", "alarms")
    assert "Look at this." in club.did("billing", "alarms", "--close", "7")
    assert "Look at this." not in club.did("billing", "alarms")
    assert club.run("billing", "alarms", "--close", "7").exit_code == 1


def test_webhooks_that_failed_are_listed_and_replayed(club):
    club.execute(
        "INSERT INTO gatepost_webhooks (id, gateway, type, payload, received_at, due_at, tries, error) VALUES"
        " ('evt_1', 'stripe', 'payment_intent.succeeded', :payload, '2026-06-01 12:00:00', '2099-01-01 00:00:00', 3, 'away')",
        payload='{"data": {"object": {"id": "pi_nobody"}}}',
    )
    output = club.did("billing", "webhooks")
    assert all(word in output for word in ("evt_1", "payment_intent.succeeded", "away"))
    assert club.run("billing", "webhooks", "--replay", "evt_1").exit_code == 1
    club.execute("UPDATE gatepost_webhooks SET type = 'customer.updated'")
    assert "done" in club.did("billing", "webhooks", "--replay", "evt_1")
    assert "evt_1" not in club.did("billing", "webhooks")
    assert club.run("billing", "webhooks", "--replay", "evt_2").exit_code == 1


def test_books_that_agree_and_books_that_do_not(club):
    assert "agree" in club.did("reconcile", *days())
    club.execute("DELETE FROM gatepost_settlements")
    club.execute("UPDATE gatepost_attempts SET charge_id = NULL")
    club.execute("UPDATE gatepost_receivables SET status = 'due'")
    result = club.run("reconcile", *days())
    assert (result.exit_code, "not booked here" in result.output, "19.00 EUR" in result.output) == (
        1,
        True,
        True,
    )


def test_check_finds_what_must_not_be_and_changes_nothing(club):
    assert "does" in club.did("check")
    club.execute("UPDATE gatepost_receivables SET status = 'void'")
    result = club.run("check")
    assert (result.exit_code, club.read().held) == (1, None)


def test_who_waits_at_a_terminal_sees_charging_go_on_and_nobody_else_does(club, capsys):
    club.make_due()
    with club.there.here.at_work():
        with charging_shown(False) as nothing:
            assert nothing is None
        with charging_shown(True) as told:
            told(Tally(Counter(settled=1)))
    assert "charging" in capsys.readouterr().err


def test_no_bar_is_drawn_when_nothing_is_due(club):
    with club.there.here.at_work(), charging_shown(True) as told:
        assert told is None
