"""The owner's words when a mail is sent: used for his members, never at the cost of a notice."""

import threading

import pytest
import sqlalchemy as sa

from jobs.mail import deliver_mails
from sidecar.billing.store_guard import list_alarms
from sidecar.catalog.store import get_generation
from sidecar.db import reading, transaction
from sidecar.errors import NotFound, Refused
from sidecar.mail.defaults import MailText
from sidecar.mail.models import mail_texts
from sidecar.mail.revising import reset_text, restore_text, save_text
from sidecar.mail.store import find_current, list_versions
from tests.house import NOW
from tests.jobs.conftest import site
from tests.mail.orders import a_free_order

assert site


def save(house, subject="Mine", body="<p>Mine</p>", language="en", kind="welcome", seen=None):
    with reading() as reader:
        knowledge = house.service.rendering.memory.knowledge(reader, get_generation(reader))
    return save_text(
        house.tables, knowledge, kind, language, MailText(subject, body), seen=seen, by="test", now=NOW
    )


def change_by_sql(**values):
    with transaction() as session:
        session.execute(sa.update(mail_texts).values(**values))


def alarms():
    with reading() as reader:
        return [one.sentence for one in list_alarms(reader, 10) if one.kind == "mail_text"]


def test_each_language_has_its_own_words(house, site):
    save(house, "À moi", "<p>Bonjour</p>", "fr")
    alice = house.user("alice")
    house.meta(alice, "locale", "fr_FR")
    a_free_order(house, alice)
    a_free_order(house, house.user("bob"), "Other")
    deliver_mails(house.service)
    assert {sent["subject"] for sent in site.asked} == {"À moi", "Welcome: Other"}


def test_a_tag_speaks_of_the_reader_and_his_order_and_his_name_is_no_advertisement(house, site):
    alice = house.user("alice")
    house.meta(alice, "first_name", "Win at evil.example")
    house.meta(alice, "last_name", "Liddell")
    save(
        house,
        body="<p>[MM_Member_Data name='firstName']|[MM_Member_Data name='lastName']|[MM_Order_Data name='productName']</p>",
    )
    a_free_order(house, alice)
    deliver_mails(house.service)
    assert site.asked[0]["text"].startswith("|Liddell|Apprentice\n")
    assert "evil" not in site.asked[0]["html"]


@pytest.mark.parametrize(
    "body", ["[MM_Mail_Data name='retryDate']", "<p></p>", "x" * 5_000_001, "<script>x</script>"]
)
def test_a_text_that_fails_gives_way_to_the_default_and_the_owner_is_told_once(house, site, body, caplog):
    save(house)
    change_by_sql(body=body)
    a_free_order(house, house.user("alice"))
    a_free_order(house, house.user("bob"), "Other")
    assert deliver_mails(house.service) == 2
    assert {sent["subject"] for sent in site.asked} == {"Welcome: Apprentice", "Welcome: Other"}
    (sentence,) = alarms()
    assert sentence.startswith("Your text of the mail welcome (en) cannot be used:")


def test_what_breaks_in_our_own_house_loses_no_notice_either(house, site, monkeypatch, caplog):
    save(house)
    a_free_order(house, house.user("alice"))
    monkeypatch.setattr("sidecar.mail.writing.render_own", lambda *_args: 1 / 0)
    assert deliver_mails(house.service) == 1
    assert site.asked[0]["subject"] == "Welcome: Apprentice"
    assert "ZeroDivisionError" in alarms()[0]


def test_versions_are_kept_and_each_can_be_put_in_force_again(house):
    assert [save(house, subject) for subject in ("One", "Two")] == [1, 2]
    assert reset_text("welcome", "en", by="test", now=NOW) == 3
    with pytest.raises(Refused, match="default already"):
        reset_text("welcome", "en", by="test", now=NOW)
    with reading() as reader:
        knowledge = house.service.rendering.memory.knowledge(reader, get_generation(reader))
    assert restore_text(house.tables, knowledge, "welcome", "en", 1, by="test", now=NOW) == 4
    with pytest.raises(NotFound):
        restore_text(house.tables, knowledge, "welcome", "en", 9, by="test", now=NOW)
    with reading() as reader:
        assert find_current(reader, "welcome", "en").text.subject == "One"
        assert [one.number for one in list_versions(reader, "welcome", "en")] == [4, 3, 2, 1]
        assert find_current(reader, "welcome", "fr") is None


@pytest.mark.parametrize(("kind", "language"), [("alarm", "en"), ("welcome", "de"), ("", "en")])
def test_only_mails_to_members_in_a_language_of_ours_can_be_written(house, kind, language):
    with pytest.raises(NotFound):
        save(house, kind=kind, language=language)


def test_of_two_who_save_at_once_one_wins(house):
    start, said = threading.Barrier(2), []

    def run(subject):
        with house.app.app_context():
            start.wait()
            try:
                said.append(save(house, subject, seen=0))
            except Refused as error:
                said.append(str(error)[:13])

    threads = [threading.Thread(target=run, args=(name,)) for name in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, said)) == ["1", "Somebody else"]
