"""What the doctor says of billing: whether it runs, whether the gateway answers, what waits for the owner."""

from datetime import UTC, datetime

import pytest

from sidecar.billing.standing import Standing, State
from sidecar.config import Invoices
from sidecar.setup.billing import judge_alarms, judge_database, judge_seller, judge_state, judge_webhooks
from sidecar.setup.findings import Severity
from tests.cli.selling import Selling
from tests.setup.test_doctor import severities


def a_standing(state=State.OK, message="", **values):
    facts = {
        "account": "acct_1:test", "paused_at": None, "due": 0, "open_alarms": 0, "failed_webhooks": 0,
        "newest_webhook_at": datetime(2026, 6, 15, tzinfo=UTC), "unsafe_setting": "", "beats": {}, **values,
    }  # fmt: skip
    return Standing(state, message, **facts)


@pytest.mark.parametrize(
    ("state", "severity"),
    [(State.OFF, "ok"), (State.OK, "ok"), (State.PAUSED, "problem"), (State.STALE, "problem")],
)
def test_billing_that_should_run_and_does_not_is_a_problem_with_its_reason(state, severity):
    found = judge_state(a_standing(state, "because of this"))
    assert found.severity == severity
    assert (found.severity == "problem") == bool(found.advice)
    assert (found.severity == "problem") == (found.sentence == "because of this")


def test_alarms_that_nobody_has_closed_are_a_warning():
    assert judge_alarms(0) == []
    assert [one.severity for one in judge_alarms(3)] == ["warning"]


@pytest.mark.parametrize(
    ("values", "has_secret", "severity"),
    [
        ({}, True, "ok"),
        ({}, False, "warning"),
        ({"failed_webhooks": 2}, True, "warning"),
        ({"newest_webhook_at": None}, True, "note"),
    ],
)
def test_webhooks_that_cannot_come_or_be_understood_are_told(values, has_secret, severity):
    [found] = judge_webhooks(a_standing(**values), has_secret=has_secret)
    assert found.severity == severity


def test_a_database_that_may_forget_charges_is_a_problem_unless_the_owner_insists():
    setting = "innodb_flush_log_at_trx_commit=2"
    assert judge_database("", accepted=False) == []
    assert [one.severity for one in judge_database(setting, accepted=False)] == ["problem"]
    assert [one.severity for one in judge_database(setting, accepted=True)] == ["warning"]


def test_without_a_gateway_the_doctor_is_content_with_billing(prepared):
    found = severities(prepared.run("doctor").stdout)
    assert found["billing"] == "fine"
    assert "gateway" not in found


# --- with a gateway -------------------------------------------------------------------------------------------------


@pytest.fixture
def club(tmp_path, processor):
    return Selling(tmp_path, processor)


def test_the_gateways_answer_and_clock_are_looked_at(club):
    club.did("tick")
    found = severities(club.run("doctor").stdout)
    assert (found["gateway"], found["gateway_clock"], found["billing"]) == ("fine", "fine", "fine")
    club.processor.post("clock", {"advance": 4000})
    assert severities(club.run("doctor").stdout)["gateway_clock"] == "problem"


def test_a_pause_is_a_problem_with_its_reason(club):
    club.execute(
        "UPDATE gatepost_billing_lease SET paused_for = 'late', paused_because = 'Look first.',"
        " paused_at = '2026-06-01 12:00:00'"
    )
    output = club.run("doctor").stdout
    assert severities(output)["billing"] == "problem"
    assert "Look first." in output


def test_a_key_that_the_gateway_does_not_take_is_a_problem(club):
    club.processor.post("faults", {"match": {"path": "/v1/account"}, "do": {"kind": "status", "status": 401}})
    assert severities(club.run("doctor").stdout)["gateway"] == "problem"


@pytest.mark.parametrize("key", ["", "pk_test_wrong_way_round"])
def test_a_key_of_another_kind_is_a_problem_and_the_rest_is_still_looked_at(club, key):
    (club.there.config_path.parent / "stripe-key").write_text(key)
    found = severities(club.run("doctor").stdout)
    assert (found["gateway"], found["schema"]) == ("problem", "fine")


def test_who_sells_is_asked_for_until_it_is_said():
    [finding] = judge_seller(Invoices())
    assert (finding.severity, "[invoices]" in finding.advice) == (Severity.NOTE, True)
    assert judge_seller(Invoices(seller_name="Atelier")) == []
