"""WordPress's own tools export and erase a member, on a real site with a real sidecar: Alice goes, Charlie stays."""

import json

import pytest
import sqlalchemy as sa

from sidecar.activity.models import events
from sidecar.billing.models import disputes
from sidecar.db import reading, transaction
from sidecar.members.store import get_member
from tests.bed.processes import wait_until
from tests.bridge.conftest import in_web_server
from tests.whole.club import now


class Tools:
    """WordPress's screens "Export personal data" and "Erase personal data", as its administrator clicks them."""

    def __init__(self, club, what):
        self.site, self.what = club.site, what
        self.action = "export_personal_data" if what == "exporter" else "remove_personal_data"
        self.ajax = f"wp-privacy-{'export' if what == 'exporter' else 'erase'}-personal-data"

    def run(self, email):
        """Ask Gatepost's exporter or eraser for page after page; all its answers."""
        request = int(
            self.site.php(
                "echo wp_create_user_request($args[0], $args[1], array(), 'confirmed');", email, self.action
            )
        )
        security = in_web_server(self.site, f"echo wp_create_nonce('{self.ajax}-{request}');", user="admin")
        names = f"array_keys(apply_filters('wp_privacy_personal_data_{self.what}s', array()))"
        position = int(in_web_server(self.site, f"echo 1 + array_search('gatepost', {names});"))
        answers = []
        while not answers or not answers[-1]["done"]:
            form = {
                "action": self.ajax, self.what: position, "id": request, "page": len(answers) + 1, "security": security,
                "sendAsEmail": "false",
            }  # fmt: skip
            answer = self.site.post("/wp-admin/admin-ajax.php", user="admin", data=form).json()
            assert answer["success"] is True, answer
            answers.append(answer["data"])
            assert len(answers) < 20
        return answers


def rows_of(user_id):
    with reading() as reader:
        mine = sa.or_(events.c.user_id == user_id, events.c.member_id == get_member(reader, user_id).id)
        return reader.execute(sa.select(events).where(mine)).all()


@pytest.fixture(scope="module")
def two(club):
    """Two members who have signed in and read a page."""
    level_id = club.level("Gold")
    members = {login: club.member(login, level_id) for login in ("alice", "charlie")}
    for login in members:
        club.site.post("/wp-login.php", data={"log": login, "pwd": f"{login}-pass"})
        club.site.get("/?a=1", user=login)
    club.site.post("/wp-login.php", data={"log": "alice", "pwd": "wrong"})

    def is_stored():
        club.gatepost("tick")
        kinds = {login: {row.type for row in rows_of(user_id)} for login, user_id in members.items()}
        return all({"login", "page"} <= found for found in kinds.values())

    assert wait_until(is_stored, within_seconds=60), club.log()
    return members


def test_a_member_is_exported_and_erased_by_wordpress_itself(club, two):
    exported = json.dumps(Tools(club, "exporter").run("alice@example.test"))
    assert "gatepost-membership" in exported
    assert "gatepost-activity" in exported
    assert "login signed_in" in exported
    assert "page viewed" in exported
    charlies = rows_of(two["charlie"])

    answers = Tools(club, "eraser").run("alice@example.test")

    assert any(answer["items_removed"] for answer in answers)
    assert answers[-1]["items_retained"] is False
    mine = [row for row in rows_of(two["alice"]) if row.name != "erased"]
    assert mine
    assert {(row.ip, row.body, row.salt, row.user_id) for row in mine} == {("", "{}", None, None)}
    with reading() as reader:
        failed = reader.scalars(sa.select(events.c.body).where(events.c.name == "failed")).all()
    assert not any("alice" in body for body in failed)
    assert rows_of(two["charlie"]) == charlies
    assert club.site.log("/plugins/gatepost/") == ""


def test_a_dispute_holds_the_erasure_up_and_wordpress_says_why(club, two):
    with transaction() as session:
        member = get_member(session, two["charlie"])
        values = {
            "gateway_id": "du_1", "charge_id": "ch_1", "member_id": member.id, "fingerprint": "", "amount_minor": 1900,
            "currency": "EUR", "reason": "fraudulent", "status": "open", "opened_at": now(),
        }  # fmt: skip
        session.execute(sa.insert(disputes).values(values))
    before = rows_of(two["charlie"])

    [answer] = Tools(club, "eraser").run("charlie@example.test")

    assert answer["items_removed"] is False
    assert answer["items_retained"] is True
    assert "du_1" in json.dumps(answer["messages"])
    assert rows_of(two["charlie"]) == before
