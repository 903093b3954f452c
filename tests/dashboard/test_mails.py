"""The screens of mails: what they say is changed, looked at and tried out; what was not delivered is seen and tried again."""

import html
import re

import pytest

from jobs.mail import deliver_mails
from jobs.reports import index_members
from sidecar import outbox
from sidecar.activity.rules import EventType, facts_of
from sidecar.activity.store import add_event
from sidecar.db import reading, transaction
from sidecar.mail.defaults import default_text
from sidecar.mail.letters import LETTERS_TO_MEMBERS
from sidecar.mail.store import find_current, list_versions
from sidecar.members.store_addresses import find_bad_address, mark_address
from sidecar.staff.rules import Role
from tests.dashboard.screens import Desk, an_administrator, an_employee, readable
from tests.house import NOW, House
from tests.jobs.conftest import site
from tests.mail.orders import a_desk, a_free_order, queue_mail, waiting_mails

assert site
EDITOR = "/mails/welcome/en"


@pytest.fixture
def owner(house: House) -> Desk:
    return Desk(house, an_administrator(house), billing=a_desk(house))


def current(kind="welcome", language="en"):
    with reading() as reader:
        return find_current(reader, kind, language)


def save(
    desk,
    subject="Hi [MM_Mail_Data name='product']",
    body="<p>Mine, [MM_Mail_Data name='firstName']</p>",
    seen="0",
    **more,
):
    return desk.post(EDITOR, subject=subject, body=body, seen=seen, **more)


def framed(answer):
    """What a preview says, its text part, and the mail's HTML."""
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200, page
    inner = re.search(r'srcdoc="(.*?)"', page, re.DOTALL)
    return readable(page), html.unescape(inner[1]) if inner else ""


# --- changing -----------------------------------------------------------------------------------------------------------


def test_the_list_says_whose_words_each_mail_is_in(owner, house):
    assert owner.text("/mails").count("default Change") == 26
    save(owner)
    text = owner.text("/mails")
    assert text.count("default Change") == 25
    assert f"your own Change Welcome , English Jun 15, 2026, {owner.by}" in text.replace(
        "Welcome,", "Welcome ,"
    )


def test_the_editor_opens_with_the_default_as_text_with_tags(owner):
    page = html.unescape(owner.get("/mails/payment_failed/fr").get_data(as_text=True))
    text = default_text("payment_failed", "fr")
    assert text.subject in page
    assert text.body in page
    assert 'lang="fr"' in page


def test_a_text_that_is_saved_is_sent_and_going_back_sends_the_default_again(owner, house, site):
    assert save(owner).headers["Location"].endswith("said=mail_saved")
    a_free_order(house, house.user("alice"))
    house.option("blogname", "Club")
    assert deliver_mails(house.service) == 1
    assert (site.asked[-1]["subject"], site.asked[-1]["text"]) == ("Hi Apprentice", "Mine,\n\n-- \nClub\n")
    owner.post(f"{EDITOR}/reset")
    a_free_order(house, house.user("bob"), "Other")
    deliver_mails(house.service)
    assert site.asked[-1]["subject"] == "Welcome: Other"
    with reading() as reader:
        assert [(one.number, one.text is None, one.by) for one in list_versions(reader, "welcome", "en")] == [
            (2, True, owner.by), (1, False, owner.by),
        ]  # fmt: skip
    names = [
        (event.subject, facts_of(event.body)["version"])
        for event in house.events()
        if event.name == "mail_changed"
    ]
    assert sorted(names) == [("mail:welcome:en", 1), ("mail:welcome:en", 2)]


def test_an_earlier_version_is_opened_and_put_in_force_by_saving_it(owner):
    save(owner, subject="First")
    save(owner, subject="Second", seen="1")
    page = owner.get(f"{EDITOR}?version=1").get_data(as_text=True)
    assert "First</textarea>" in page
    assert "This is version 1." in readable(page)
    assert 'name="seen" value="2"' in page
    assert owner.get(f"{EDITOR}?version=9").status_code == 404
    assert "“Apprentice" not in page
    assert "Welcome: [MM_Mail_Data" in html.unescape(owner.get(f"{EDITOR}?version=0").get_data(as_text=True))


def test_of_two_who_change_the_same_mail_the_second_is_told(owner, house):
    save(owner, subject="First")
    answer = save(owner, subject="Too late")
    assert answer.status_code == 409
    assert "Somebody else has changed this mail" in readable(answer.get_data(as_text=True))
    assert current().text.subject == "First"


def test_a_text_with_a_fault_is_shown_again_and_not_saved(owner, house):
    house.level("Gold")
    body = "<p>\n[MM_Member_Decision membershipId='99']x[/MM_Member_Decision]"
    answer = save(owner, body=body)
    page = readable(answer.get_data(as_text=True))
    assert answer.status_code == 200
    assert "Text, line 2, column 1: There is no level 99." in page
    assert html.escape(body, quote=True).replace("&#x27;", "&#39;") in answer.get_data(as_text=True)
    assert current() is None


def test_what_is_no_mail_to_members_has_no_editor(owner):
    for path in ("/mails/alarm/en", "/mails/test/en", "/mails/welcome/de", "/mails/welcome/en/look/x"):
        assert owner.get(path).status_code == 404


def test_support_sees_which_mails_there_are_and_changes_none(house):
    desk = Desk(house, an_employee(house, Role.SALES_SUPPORT))
    assert "Change" not in desk.text("/mails").partition("What mails say")[2]
    assert desk.get(EDITOR).status_code == 403
    assert save(desk).status_code == 403
    assert current() is None


# --- looking ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_mail_can_be_looked_at_before_anything_was_sold(owner, language):
    for kind in LETTERS_TO_MEMBERS:
        said, mail = framed(owner.get(f"/mails/{kind}/{language}/look"))
        assert "alex@example.com" in said
        assert ("Hello Alex," if language == "en" else "Bonjour Alex,") in mail, kind


def test_a_preview_shows_what_is_written_for_the_member_who_is_chosen(owner, house):
    alice = house.user("alice")
    house.meta(alice, "first_name", "Alice")
    order = a_free_order(house, alice)
    body = "<p>[MM_Mail_Data name='firstName'] [MM_Member_Data name='email'] [MM_Order_Data name='id']</p><a href='javascript:x'>x</a>"
    said, mail = framed(
        owner.post(
            f"{EDITOR}/preview", subject="For [MM_Member_Data name='username']", body=body, reader=str(alice)
        )
    )
    assert f"Alice alice@example.test {order.uuid[:8]}" in mail
    assert "Subject For alice" in said
    assert "javascript" not in mail
    assert current() is None


def test_a_frame_allows_styles_and_pictures_and_nothing_that_acts(owner):
    headers = owner.get(f"{EDITOR}/look").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "form-action 'none'" in policy
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "<iframe sandbox " in owner.get(f"{EDITOR}/look").get_data(as_text=True)
    assert "unsafe" not in owner.get(EDITOR).headers["Content-Security-Policy"]
    assert '<iframe class="preview" name="preview" title="Preview" sandbox ' in owner.get(EDITOR).get_data(
        as_text=True
    )


def test_hostile_names_and_texts_stay_in_the_frame_as_text(owner, house):
    alice = house.user("alice", display_name="<script>a()</script>")
    house.meta(alice, "first_name", "<img src=x onerror=b()>")
    house.meta(alice, "last_name", "\"'><script>c()</script>")
    a_free_order(house, alice, "<script>d()</script>")
    body = "<p title=\"[MM_Member_Data name='lastName']\">[MM_Mail_Data name='product'] [MM_Member_Data name='lastName'] [MM_Mail_Data name='firstName']</p>"
    answer = owner.post(
        f"{EDITOR}/preview", subject="[MM_Mail_Data name='product']", body=body, reader=str(alice)
    )
    page = answer.get_data(as_text=True)
    _said, mail = framed(answer)
    for text in (page, mail):
        assert "<script" not in text
        assert "<img" not in text
    found = owner.post(f"{EDITOR}/readers", subject="x", body="y", q="alice").get_data(as_text=True)
    assert "<script>a" not in found


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"body": "<p>[MM_Mail_Data name='retryDte']</p>"}, "Text, line 1, column 4: name cannot be “retryDte”. Did you mean “retryDate”?"),
        ({"body": "<p>[MM_Mail_Data name='retryDate']</p>"}, "Nothing is left of this text for this reader"),
        ({"reader": "4711"}, "Mails tell of an order, and this member has none."),
        ({"subject": ""}, "The subject is missing."),
    ],
)  # fmt: skip
def test_a_preview_says_what_is_wrong(owner, fields, said):
    answer = owner.post(f"{EDITOR}/preview", **{"subject": "x", "body": "<p>y</p>", "reader": "", **fields})
    assert said in framed(answer)[0]


def test_members_are_found_by_a_script_as_a_list_and_without_one_with_the_whole_editor(owner, house):
    level = house.level()
    for login in ("alice", "alina", "bob"):
        house.member(level, login)
    index_members(house.service)
    asked = {"subject": "kept", "body": "<p>kept</p>", "q": "al", "seen": "0"}
    page = owner.post(f"{EDITOR}/readers", **asked).get_data(as_text=True)
    assert "kept</textarea>" in page
    assert [name for name in ("alice", "alina", "bob") if f"{name}@example.test" in page] == [
        "alice",
        "alina",
    ]
    part = owner._ask(
        "POST", f"{EDITOR}/readers", data={"csrf": re.search(r'name="csrf" value="(\w+)"', page)[1], **asked},
        headers={"Origin": "https://club.test", "HX-Request": "true", "HX-Target": "readers"},
    ).get_data(as_text=True)  # fmt: skip
    assert part.startswith('<div id="readers"')
    assert "textarea" not in part


# --- trying out ---------------------------------------------------------------------------------------------------------


def test_a_test_goes_to_whoever_asks_for_it_marked_and_is_no_mail_of_a_member(owner, house, site):
    alice = house.user("alice")
    a_free_order(house, alice)
    deliver_mails(house.service)
    before = len(house.events())
    answer = owner.post(
        f"{EDITOR}/test", subject="Try", body="<p>[MM_Mail_Data name='product']</p>", reader=str(alice)
    )
    assert "It is on its way to owner@example.test, marked as a test." in framed(answer)[0]
    assert deliver_mails(house.service) == 1
    sent = site.asked[-1]
    assert (sent["to"], sent["subject"]) == ("owner@example.test", "[Test] Try")
    assert "Apprentice" in sent["text"]
    assert [event.name for event in house.events()][before:] == []
    assert waiting_mails() == []


def test_a_test_with_a_fault_is_not_sent_and_twenty_an_hour_are_enough(owner, house):
    framed(owner.post(f"{EDITOR}/test", subject="", body="x"))
    assert waiting_mails() == []
    for _test in range(20):
        owner.post(f"{EDITOR}/test", subject="x", body="y")
    assert "Please wait an hour" in framed(owner.post(f"{EDITOR}/test", subject="x", body="y"))[0]
    assert len(waiting_mails()) == 20


def test_a_test_to_somebody_who_is_gone_meanwhile_is_sent_to_nobody(owner, house, site):
    owner.post(f"{EDITOR}/test", subject="x", body="y")
    users = house.tables.users
    with transaction() as session:
        session.execute(users.delete())
    assert deliver_mails(house.service) == 0
    assert (site.asked, waiting_mails()) == ([], [])


# --- delivery -----------------------------------------------------------------------------------------------------------


def test_what_waits_is_listed_with_its_reason_and_tried_again_by_a_click(owner, house, site):
    a_free_order(house, house.user("alice"))
    (parcel,) = waiting_mails()
    assert "its turn has not come yet" in owner.text("/mails/delivery")
    site.refuses = {"mail": "WordPress could not send this mail."}
    deliver_mails(house.service)
    assert "Welcome alice" in owner.text("/mails/delivery")
    assert "WordPress could not send this mail. Retry now" in owner.text("/mails/delivery")
    site.refuses = {}
    assert deliver_mails(house.service) == 0, "its pause is not over"
    assert owner.post(f"/mails/delivery/{parcel.id}/retry").status_code == 303
    assert deliver_mails(house.service) == 1
    assert owner.post(f"/mails/delivery/{parcel.id}/retry").status_code == 409
    assert owner.post("/mails/delivery/nothing/retry").status_code == 404


def test_a_mail_that_is_too_old_or_at_work_is_not_tried_by_a_click(owner, house):
    a_free_order(house, house.user("alice"))
    (parcel,) = waiting_mails()
    with transaction() as session:
        outbox.claim_due(session, "mail", house.clock.now())
    assert owner.post(f"/mails/delivery/{parcel.id}/retry").status_code == 409
    house.clock.move(NOW - NOW.replace(day=10))
    assert owner.post(f"/mails/delivery/{parcel.id}/retry").status_code == 409


def test_what_came_back_is_listed_and_the_members_page_shows_the_address(owner, house, site):
    member = house.member(house.level(), "alice")
    with transaction() as session:
        body = {
            "to": "alice@example.test",
            "kind": "receipt",
            "subject": "Receipt: Gold",
            "reason": "550 5.1.1 No such user",
        }
        add_event(
            session, EventType.EMAIL, "bounced", NOW, member_id=member.id, user_id=member.user_id, body=body
        )
        mark_address(session, "alice@example.test", "550 5.1.1 No such user", NOW)
    text = owner.text("/mails/delivery")
    assert "Receipt Receipt: Gold alice@example.test" in text
    assert text.count("550 5.1.1 No such user") == 2
    page = owner.text(f"/members/{member.user_id}")
    assert "Mails to alice@example.test come back." in page
    assert "mail came back" in page
    answer = owner.post("/mails/delivery/write-again", address="alice@example.test", user=str(member.user_id))
    assert f"/members/{member.user_id}" in answer.headers["Location"]
    assert "come back" not in owner.text(f"/members/{member.user_id}")
    with reading() as reader:
        assert find_bad_address(reader, "alice@example.test") is None
    assert owner.post("/mails/delivery/write-again", address="alice@example.test").status_code == 404


def test_a_mail_to_nobody_who_exists_does_not_break_the_list(owner, house):
    queue_mail(house, "receipt", 4711, 1)
    queue_mail(house, "alarm", sentence="x")
    assert "Alarm to you" in owner.text("/mails/delivery")
