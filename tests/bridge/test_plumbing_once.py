"""What others hear of happens once: mail through the site's own wp_mail(), and MemberMouse's actions."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.bed.site import Site
from tests.bridge.conftest import in_web_server
from tests.bridge.scripted_sidecar import ScriptedSidecar
from tests.bridge.test_plumbing_breaker import MEMORIES
from tests.bridge.test_plumbing_changes import send

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)

LISTENS = (
    "add_action('mm_member_add', function ($data) {"
    "update_option('heard', array_merge((array) get_option('heard', array()), array($data))); });"
)


def a_mail(change_id: str = "m1", **parts: Any) -> dict[str, Any]:
    return {
        "id": change_id,
        "kind": "mail",
        "to": "anna@example.test",
        "subject": "Zoë's card – 5 €",
        "text": "Hello Anna,\nyour card is over.\n",
        "html": "<p>Hello <b>Anna</b>, your card is over: é.</p>",
        "message_id": "abc.123@example.test",
        **parts,
    }


def an_action(change_id: str = "a1", name: str = "mm_member_add", **data: Any) -> dict[str, Any]:
    return {"id": change_id, "kind": "action", "name": name, "data": data}


@VERSIONS
def test_a_mail_arrives_with_both_parts_and_its_id(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    headers = {"Reply-To": "help@example.test", "List-Unsubscribe": "<https://example.test/u>"}

    answer = send(paired_site, sidecar.secret, [a_mail(headers=headers)])

    (mail,) = paired_site.mails()
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert answer.json() == {"done": ["m1"], "failed": {}}
    assert mail["To"] == "anna@example.test"
    assert mail["Subject"] == "Zoë's card – 5 €"
    assert mail["Message-ID"] == "<abc.123@example.test>"
    assert (mail["Reply-To"], mail["List-Unsubscribe"]) == (
        "help@example.test",
        "<https://example.test/u>",
    )
    assert text is not None
    assert text.get_content().splitlines() == ["Hello Anna,", "your card is over."]
    assert html is not None
    assert "<b>Anna</b>, your card is over: é." in html.get_content()
    assert paired_site.log("/plugins/gatepost/") == ""


@pytest.mark.parametrize("memory", list(MEMORIES))
def test_a_mail_is_sent_once_however_often_it_is_asked_for(
    paired_site: Site, sidecar: ScriptedSidecar, memory: str
) -> None:
    MEMORIES[memory](paired_site)

    answers = [send(paired_site, sidecar.secret, [a_mail(), a_mail()]) for _ in range(2)]

    assert [answer.json()["done"] for answer in answers] == [["m1", "m1"]] * 2
    assert len(paired_site.mails()) == 1
    send(paired_site, sidecar.secret, [a_mail("m2")])
    assert len(paired_site.mails()) == 2


def test_of_two_requests_at_once_one_sends_the_mail_and_the_other_says_that_it_waits(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.mu_plugin("slow", "add_action('phpmailer_init', function () { usleep(1500000); });")

    with ThreadPoolExecutor() as pool:
        sent = [pool.submit(send, paired_site, sidecar.secret, [a_mail()]) for _ in range(2)]
        answers = [answer.result().json() for answer in sent]

    assert sorted(len(answer["done"]) for answer in answers) == [0, 1]
    assert {"m1": "This mail is being sent at this moment."} in [answer["failed"] for answer in answers]
    assert len(paired_site.mails()) == 1


def test_a_mail_that_wordpress_cannot_send_fails_in_words_and_may_be_tried_again(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    broken = paired_site.mu_plugin("broken", "add_filter('pre_wp_mail', '__return_false');")
    failed = send(paired_site, sidecar.secret, [a_mail()])
    broken.unlink()

    repeated = send(paired_site, sidecar.secret, [a_mail()])

    assert failed.json() == {"done": [], "failed": {"m1": "WordPress could not send this mail."}}
    assert repeated.json()["done"] == ["m1"]
    assert len(paired_site.mails()) == 1


def test_a_mailer_that_throws_fails_one_mail_and_leaves_it_to_be_sent(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    broken = paired_site.mu_plugin("broken", "add_filter('pre_wp_mail', function () { throw new Error(); });")
    failed = send(paired_site, sidecar.secret, [a_mail(), an_action()])
    broken.unlink()

    assert failed.json()["done"] == ["a1"]
    assert send(paired_site, sidecar.secret, [a_mail()]).json()["done"] == ["m1"]


@pytest.mark.parametrize("parts", [{"to": "nobody"}, {"to": ["a@example.test"]}, {"text": "", "html": ""}])
def test_a_mail_without_address_or_content_fails(
    paired_site: Site, sidecar: ScriptedSidecar, parts: dict[str, Any]
) -> None:
    answer = send(paired_site, sidecar.secret, [a_mail(**parts)])

    assert list(answer.json()["failed"]) == ["m1"]
    assert paired_site.mails() == []


def test_a_mail_of_text_alone_is_plain(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    send(paired_site, sidecar.secret, [a_mail(html="")])

    (mail,) = paired_site.mails()
    assert mail.get_content_type() == "text/plain"
    assert "your card is over." in mail.get_content()


def test_headers_neither_begin_others_nor_replace_what_wordpress_makes(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    headers = {
        "X-Good": "yes",
        "X-Bad": "a\r\nBcc: charlie@example.test",
        "Bad\nBcc": "charlie@example.test",
        "Content-Type": "text/plain",
        "To": "charlie@example.test",
    }

    send(paired_site, sidecar.secret, [a_mail(headers=headers)])

    (mail,) = paired_site.mails()
    assert (mail["X-Good"], mail["X-Bad"], mail["Bcc"]) == ("yes", None, None)
    assert "charlie" not in mail.as_string()
    assert mail.get_body(("html",)) is not None


def test_others_mail_of_the_same_request_gets_nothing_of_ours(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    in_web_server(
        paired_site,
        "Gatepost\\apply_changes(array(array('id' => 'm1', 'kind' => 'mail', 'to' => 'a@example.test', 'subject' => 's',"
        "'text' => 'our text', 'html' => '<p>h</p>', 'message_id' => 'ours@example.test')));"
        "wp_mail('b@example.test', 'theirs', '<p>x</p>', 'Content-Type: text/html');",
    )

    ours, theirs = paired_site.mails()
    assert ours["Message-ID"] == "<ours@example.test>"
    assert theirs["Message-ID"] != ours["Message-ID"]
    assert theirs.get_content_type() == "text/html"
    assert "our text" not in theirs.as_string()


@pytest.mark.parametrize("memory", list(MEMORIES))
def test_an_action_fires_once(paired_site: Site, sidecar: ScriptedSidecar, memory: str) -> None:
    MEMORIES[memory](paired_site)
    paired_site.mu_plugin("listens", LISTENS)

    answers = [send(paired_site, sidecar.secret, [an_action(member_id=7, level="gold")]) for _ in range(2)]
    send(paired_site, sidecar.secret, [an_action("a2", member_id=8)])

    assert [answer.json() for answer in answers] == [{"done": ["a1"], "failed": {}}] * 2
    assert paired_site.php("echo wp_json_encode(get_option('heard'));") == (
        '[{"member_id":7,"level":"gold"},{"member_id":8}]'
    )


@pytest.mark.parametrize("name", ["custom_action", "mm_", "mm_x\n", "mm_A", "mm_1", "x_mm_a", "", 5])
def test_only_membermouses_actions_are_fired(paired_site: Site, sidecar: ScriptedSidecar, name: Any) -> None:
    paired_site.mu_plugin(
        "listens",
        f"add_action(json_decode('{json.dumps(name)}'), function () {{ update_option('heard', 1); }});",
    )

    answer = send(paired_site, sidecar.secret, [{**an_action(), "name": name}])

    assert answer.json()["failed"] == {"a1": "This is not an action that Gatepost fires."}
    assert paired_site.php("echo get_option('heard', 'nothing');") == "nothing"


def test_an_action_whose_listener_throws_is_not_fired_again(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.mu_plugin(
        "listens", LISTENS + "add_action('mm_member_add', function () { throw new Error(); }, 20);"
    )

    first = send(paired_site, sidecar.secret, [an_action(member_id=7)])
    second = send(paired_site, sidecar.secret, [an_action(member_id=7)])

    assert "failed" in first.json()["failed"]["a1"]
    assert second.json() == {"done": ["a1"], "failed": {}}
    assert paired_site.php("echo count(get_option('heard'));") == "1"


def test_a_role_that_a_listener_gives_is_told_to_the_sidecar(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    paired_site.mu_plugin(
        "gives",
        f"add_action('mm_member_add', function () {{ get_userdata({alice})->add_role('author'); }});",
    )
    sidecar.forget()

    send(paired_site, sidecar.secret, [an_action()])

    sidecar.wait_for("/bridge/v1/events")
    assert [event["user"] for event in sidecar.events("role")] == [alice]
