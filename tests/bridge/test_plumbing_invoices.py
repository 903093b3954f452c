"""An invoice passes through the site to whom WordPress has signed in, and is kept by nothing in between."""

import base64

from tests.bed.site import Site
from tests.bridge.scripted_sidecar import ScriptedSidecar

ASKED = "/bridge/v1/invoice"
PDF = b"%PDF-1.7 \x00\xff"


def an_answer(**fields: str) -> dict[str, str]:
    return {"name": "GP-3EWP1-000042", "pdf": base64.b64encode(PDF).decode(), "message": "", **fields}


def test_a_member_gets_the_file_and_no_cache_keeps_it(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    alice = paired_site.user("alice")
    sidecar.answer(ASKED, an_answer())
    answer = paired_site.get("/?gatepost_invoice=GP-3EWP1-000042", user="alice")
    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="GP-3EWP1-000042.pdf"'
    (asked,) = sidecar.requests_to(ASKED)
    assert (asked.body["user"], asked.body["name"]) == (alice, "GP-3EWP1-000042")


def test_a_visitor_signs_in_first_and_nothing_is_asked(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    answer = paired_site.get("/?gatepost_invoice=GP-3EWP1-000042")
    assert answer.status_code == 302
    assert "wp-login.php" in answer.headers["Location"]
    assert sidecar.requests_to(ASKED) == []


def test_what_is_not_his_or_cannot_be_had_is_said(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.user("alice")
    sidecar.answer(ASKED, an_answer(pdf="", name="", message="<b>Not here</b>"))
    answer = paired_site.get("/?gatepost_invoice=x", user="alice")
    assert answer.status_code == 404
    assert "&lt;b&gt;Not here" in answer.text
    sidecar.down()
    assert paired_site.get("/?gatepost_invoice=x", user="alice").status_code == 503
    assert paired_site.log(about="/plugins/gatepost/") == ""
