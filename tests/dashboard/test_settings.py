"""The owner's settings: set in the dashboard, before the file, in force within seconds, and recorded."""

import json
import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import g

from jobs.schedule import Due, run_all
from sidecar.app import create_app
from sidecar.catalog.versions import version_of
from sidecar.config import OWNERS_KEYS, overlaid, value_of
from sidecar.db import reading, transaction
from sidecar.errors import Misconfigured
from sidecar.installation import claim_for_site
from sidecar.service import SETTINGS_SECONDS
from sidecar.settings import change_settings, in_force, list_settings, settings, values_of
from sidecar.staff.rules import Role
from sidecar.web.dashboard.editing.owners import setting_groups, setting_labels
from tests.dashboard.screens import Desk, an_administrator, an_employee, readable
from tests.dashboard.test_editing import fields_of, saved, sent
from tests.house import NOW, House, a_config


@pytest.fixture
def owner(house: House) -> Desk:
    return Desk(house, an_administrator(house))


def own() -> dict[str, object]:
    with reading() as reader:
        return {key: one.value for key, one in list_settings(reader).items()}


def test_every_setting_has_words_and_a_place_in_the_form(house):
    with house.app.test_request_context("/dashboard/settings"):
        g.language = "en"
        assert set(setting_labels()) == set(OWNERS_KEYS)
        assert [key for _title, keys in setting_groups() for key in keys] == list(OWNERS_KEYS)


def test_nothing_that_leads_to_a_secret_or_moves_money_elsewhere_is_the_owners_to_set_here():
    forbidden = (
        "file",
        "key",
        "secret",
        "gateway",
        "api_url",
        "script_url",
        "roles",
        "password",
        "listen",
        "database",
    )
    assert [key for key in OWNERS_KEYS if any(word in key for word in forbidden)] == []


def test_a_setting_is_told_what_it_means_saved_in_force_at_once_and_recorded(owner):
    the_service = owner.app.extensions["gatepost"]
    typed = {
        "billing.retry_days": "1, 3",
        "billing.keeps_access_overdue": "1",
        "log.keep_access_months": "24",
    }
    before = sent(owner, "/settings/edit", **typed)
    text = readable(before.get_data(as_text=True))
    assert "so many days 2,5,7 1,3" in text
    assert "keep access while a payment is overdue no yes" in text
    assert "Events of the type “access” from before about" in text
    assert own() == {}
    answer = owner.post("/settings/edit", **fields_of(before.get_data(as_text=True)), step="save")
    assert answer.headers["Location"].endswith("/settings?said=saved")
    assert own() == {
        "billing.retry_days": "1,3",
        "billing.keeps_access_overdue": True,
        "log.keep_access_months": 24,
    }
    assert the_service.config.billing.retry_days == "1,3"
    assert the_service.config.log.months_kept("access") == 24
    shown = owner.text("/settings")
    assert f"1,3 here, {owner.by}" in shown
    assert "The file says: 2,5,7" in shown
    assert f"billing.retry_days 2,5,7 → 1,3, log.keep_access_months 120 → 24 {owner.by}" in owner.text("/log")


def test_what_is_set_back_to_what_the_file_says_is_the_files_again(owner):
    saved(owner, "/settings/edit", **{"billing.notice_days": "10"})
    assert own() == {"billing.notice_days": 10}
    saved(owner, "/settings/edit", **{"billing.notice_days": "7"})
    assert own() == {}


def test_mistakes_stand_beside_their_fields_and_nothing_is_saved(owner):
    typed = {
        "billing.retry_days": "7,5", "billing.notice_days": "soon", "log.keep_page_months": "3",
        "policies.terms_url": "javascript:alert(1)",
    }  # fmt: skip
    answer = sent(owner, "/settings/edit", **typed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    for key, text in typed.items():
        assert f'id="w-{key}"' in page
        assert fields_of(page)[key] == text
    assert own() == {}
    for language in ("en", "fr"):
        page = owner.post("/settings/edit?lang=" + language, **{**fields_of(page), **typed}).get_data(
            as_text=True
        )
        assert not [
            line
            for line in re.findall(r'<p class="wrong"[^>]*>([^<]*)', page)
            if re.search(r"\w\.\w", line[:40])
        ]


def test_the_second_of_two_is_told_and_keeps_what_was_typed(owner, house):
    before = sent(owner, "/settings/edit", **{"billing.notice_days": "10"})
    saved(owner, "/settings/edit", **{"billing.retry_days": "1"})
    answer = owner.post("/settings/edit", **fields_of(before.get_data(as_text=True)), step="save")
    page = answer.get_data(as_text=True)
    assert (answer.status_code, fields_of(page)["billing.notice_days"]) == (409, "10")
    assert fields_of(page)["billing.retry_days"] == "1"
    owner.post("/settings/edit", **fields_of(page), step="save")
    assert own() == {"billing.notice_days": 10, "billing.retry_days": "1"}


def test_only_administrators_change_settings(house):
    for role in (Role.PRODUCT_MANAGER, Role.SALES_SUPPORT, Role.ANALYST):
        desk = Desk(house, an_employee(house, role))
        assert (desk.get("/settings/edit").status_code, desk.post("/settings/edit").status_code) == (403, 403)


# --- in every process ---------------------------------------------------------------------------------------------------


def set_elsewhere(house, key, value):
    """Another process has saved it."""
    written = house.service.from_file
    with reading() as reader:
        seen = values_of(in_force(written, list_settings(reader)))
    change_settings(written, {key: value}, seen=version_of(seen), by="administrator:1", now=NOW)


def test_a_service_that_runs_takes_it_within_seconds_and_cron_at_once(house):
    Due(()).run(house.service)
    set_elsewhere(house, "billing.retry_days", "1")
    Due(()).run(house.service)
    assert house.service.config.billing.retry_days == "2,5,7"  # asked a moment ago
    house.service.looked_at = time.monotonic() - SETTINGS_SECONDS
    Due(()).run(house.service)
    assert house.service.config.billing.retry_days == "1"
    set_elsewhere(house, "access.canceled_may_sign_in", True)
    run_all(house.service, ())
    assert house.service.rendering.canceled_may_sign_in
    assert house.service.rendering.memory is not None


def test_billing_works_by_the_new_schedule(house):
    claim_for_site(house.tables.prefix, NOW)
    assert house.service.desk.settings.retry_days == "2,5,7"
    set_elsewhere(house, "billing.retry_days", "4")
    house.service.take_settings(at_once=True)
    assert house.service.desk.settings.retry_days == "4"


def test_what_is_no_longer_lawful_leaves_the_files_settings_and_the_service_runs(house, caplog):
    with transaction() as session:
        row = {
            "name": "log.keep_page_months",
            "value": json.dumps(3),
            "by": "x",
            "set_at": NOW,
        }
        session.execute(sa.insert(settings).values(row))
    house.service.take_settings(at_once=True)
    assert house.service.config.log.keep_page_months == 18
    assert "is not lawful" in caplog.text


def test_before_the_tables_are_made_the_file_counts(tmp_path):
    app = create_app(a_config(tmp_path, f"sqlite:///{tmp_path}/empty.db"))
    with app.app_context():
        app.extensions["gatepost"].take_settings(at_once=True)
        assert app.extensions["gatepost"].config.billing.retry_days == "2,5,7"


def test_only_the_owners_keys_are_laid_over_the_file_and_each_is_checked(tmp_path):
    config = a_config(tmp_path, "sqlite://")
    changed = overlaid(
        config, {"billing.notice_days": 3, "bridge.secret_file": "/etc/shadow", "site.url": "x"}
    )
    assert (changed.billing.notice_days, changed.bridge, changed.site) == (3, config.bridge, config.site)
    for key in OWNERS_KEYS:
        with pytest.raises(Misconfigured):
            overlaid(config, {key: [value_of(config, key)]})


def test_the_example_of_the_file_marks_what_may_be_set_here_and_nothing_else():
    text = (Path(__file__).parents[2] / "config.example.toml").read_text("utf-8")
    section, marked = "", []
    for above, line in pairwise(text.splitlines()):
        if found := re.match(r"\[(\w+)\]", line):
            section = found[1]
        elif (key := re.match(r"#?(\w+) = ", line)) and above.endswith("[dashboard]"):
            marked.append(f"{section}.{key[1]}")
    assert sorted(marked) == sorted(OWNERS_KEYS)
