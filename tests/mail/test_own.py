"""Letters in the owner's words: the text that he begins with says what the letter in code says, in every case."""

import html
import re
from dataclasses import replace

import pytest

import shortcodes
from sidecar.i18n import LANGUAGES
from sidecar.mail.defaults import MailText, default_text
from sidecar.mail.letters import LETTERS_TO_MEMBERS
from sidecar.mail.own import SaysNothing, faults_of, render_own
from sidecar.mail.rendering import render
from sidecar.mail.telling import told_by
from tests.mail.builders import MOMENTS, RENEWS_AT, a_purchase, some_facts
from tests.mail.test_rendering import HOSTILE, Outline, hostile_facts
from tests.shortcodes.builders import a_view


class Room:
    """Renders for a reader of whom the mail is all that is known."""

    def __init__(self, told):
        self._facts = a_view(told=told, core_pages={"myaccount": "https://club.test/my-account/"})

    def render(self, text):
        return shortcodes.compile(text).render(self._facts)


def own(kind, facts, language="en", text=None):
    room = Room(told_by(kind, facts, language))
    mail, _found = render_own(text or default_text(kind, language), room, facts.site_name, language)
    return mail


NO_CARD = {"card": None}
PLAN = {"payments_left": 2}
ONCE = {"next_at": None, "next_minor": 0}
CASES = [
    *[(kind, {}, {}) for kind in LETTERS_TO_MEMBERS],
    *[(kind, purchase, {}) for kind in LETTERS_TO_MEMBERS for purchase in (NO_CARD, PLAN, ONCE, {"keeps_access_overdue": True})],
    ("welcome", {"is_in_trial": True}, {"amount_minor": 0, "source": "waived"}),
    ("receipt", {}, {"source": "credit"}), ("receipt", {}, {"source": "waived"}), ("receipt", {"access_until": None, **ONCE}, {}),
    *[(kind, {}, {"act": act, "at": at, "decline": decline}) for kind in ("payment_failed", "retry_failed", "authentication_needed")
      for act in ("retry", "wait_for_member") for at in (RENEWS_AT, None) for decline in ("no_card", "expired_card", None)],
    ("order_changed", {}, {"what": "product", "at": None}), ("renewal_notice", {}, {"amount_minor": None, "at": None}),
    *[("canceled", {}, {"reason": reason, "until": None})
      for reason in ("asked", "period_end", "unpaid", "refunded", "disputed", "user_deleted", None)],
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "purchase", "happening"), CASES)
def test_the_text_that_an_owner_begins_with_says_what_the_letter_in_code_says(
    kind, purchase, happening, language
):
    facts = some_facts(a_purchase(**purchase), **{**MOMENTS[kind], **happening})
    for told in (facts, replace(facts, name="")):
        written, letter = own(kind, told, language), render(kind, told, language)
        assert (written.subject, written.text) == (letter.subject, letter.text)
        assert Outline(written.html).links == Outline(letter.html).links


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LETTERS_TO_MEMBERS)
def test_that_text_is_without_a_fault(kind, language):
    assert faults_of(default_text(kind, language)) == ([], [])


@pytest.mark.parametrize("kind", LETTERS_TO_MEMBERS)
def test_whatever_somebody_is_called_stays_text_in_the_owners_words_too(kind):
    text = default_text(kind, "en")
    everything = " ".join(
        f"[MM_Mail_Data name='{name}']" for name in told_by(kind, some_facts(**MOMENTS[kind]), "en")
    )
    text = MailText(
        f"{text.subject} [MM_Mail_Data name='product']",
        f'{text.body}<p title="{everything}">{everything}</p>',
    )
    mail = own(kind, hostile_facts(kind), text=text)
    outline = Outline(mail.html)
    assert outline.is_sound
    assert not {"script", "b"} & outline.tags
    assert HOSTILE in " ".join(" ".join(outline.words).split())
    assert not set("[]") & set(mail.html)
    assert "\n" not in mail.subject
    assert HOSTILE in mail.subject


@pytest.mark.parametrize("ends", ["\r\n", "\n", "\x85", "\u2028", "\0", "&#10;"])
def test_a_subject_stays_one_line_whatever_the_product_is_called(ends):
    facts = some_facts(a_purchase(product=f"Gold{ends}Bcc: everybody@example.test"), **MOMENTS["receipt"])
    assert not set("\r\n\x85\u2028\0") & set(own("receipt", facts).subject)


def test_an_owner_writes_what_he_likes_and_the_text_part_follows():
    body = (
        "<h2>Hi [MM_Mail_Data name='firstName']</h2><p>You <b>paid</b> [MM_Mail_Data name='amount'] &amp; it is *fine*.</p>"
        "<ul><li>one</li><li>two</li></ul><table><tr><th>a</th><th>b</th><th>c</th></tr></table>"
        "<p><a href='https://a.test/x_y'>https://a.test/x_y</a> <a href=\"mailto:us@a.test\">write</a> <img src=x alt=Logo></p>"
    )
    mail = own("receipt", some_facts(**MOMENTS["receipt"]), text=MailText("Thanks & <3"[:8], body))
    assert mail.subject == "Thanks &"
    assert mail.text == (
        "Hi Alice\n--------\n\nYou paid €19.00 & it is *fine*.\n\n- one\n- two\n\na  b  c\n\n"
        "https://a.test/x_y write: us@a.test Logo\n\n-- \nAlder & Ash\n"
    )


def test_what_no_mail_program_shows_is_taken_out_and_what_was_left_open_does_not_break_the_layout():
    body = (
        "</div></div><p onclick='x()' style='color:red'>a<script>alert(1)</script><iframe src='//e.test'></iframe>"
        "<a href='javascript:x()'>b</a><form><input name=q></form><b>c"
    )
    html_part = own("receipt", some_facts(**MOMENTS["receipt"]), text=MailText("x", body)).html
    outline = Outline(html_part)
    assert outline.is_sound
    assert not {"script", "iframe", "form", "input"} & outline.tags
    assert not re.search("onclick|javascript|alert", html_part)
    assert re.search(r'<p style="[^"]*color:\s?red', html_part)
    assert html_part.index('class="footer"') > html_part.index(">c<")


def test_styles_are_written_into_the_elements_and_nothing_is_fetched():
    html_part = own("receipt", some_facts(**MOMENTS["receipt"])).html
    assert re.search(
        r'<a class="button" href="https://club.test/my-account/" style="[^"]*background: ?#1f1f1f', html_part
    )
    assert "<style" not in html_part
    assert "<link" not in html_part


@pytest.mark.parametrize(
    "text",
    [
        MailText("[MM_Mail_Data name='retryDate']", "<p>x</p>"),
        MailText("x", "[MM_Mail_Decision has='retryDate']<p>x</p>[/MM_Mail_Decision]"),
        MailText("x", "<p> &nbsp; </p>"),
    ],
)
def test_a_text_of_which_nothing_is_left_is_no_mail(text):
    with pytest.raises(SaysNothing):
        own("receipt", some_facts(**MOMENTS["receipt"]), text=text)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (MailText("", "x"), (1, 1), "The subject is missing."),
        (MailText("a <b>", "x"), (1, 3), "A subject is text without markup."),
        (MailText("a\nb", "x"), (1, 2), "A subject is one line."),
        (MailText("x" * 501, "x"), (1, 1), "This is too long: at most 500 characters."),
        (MailText("[MM_Mail_Dta]", "x"), (1, 1), "There is no tag [MM_Mail_Dta]. Did you mean [MM_Mail_Data]?"),
        (MailText("x", " "), (1, 1), "The text is missing."),
        (MailText("x", "<p>\n <Script>"), (2, 2), "<script> has no place in a mail: mail programs do not show it."),
        (MailText("x", "\n[MM_Mail_Decision has='amount']x"), (2, 1), None),
        (MailText("x", "[MM_Mail_Decision has='amount']x[/MM_Mail_Decision"), (1, 1), None),
        (MailText("x", "y" * 100_001), (1, 1), "This is too long: at most 100000 characters."),
    ],
)  # fmt: skip
def test_a_broken_text_is_refused_with_place_and_suggestion(text, place, message):
    found = [one for half in faults_of(text) for one in half]
    assert (found[0].line, found[0].column) == place
    assert message is None or found[0].message == message


def test_a_value_never_becomes_a_tag():
    facts = some_facts(a_purchase(product="[MM_Mail_Data name='amount']"), **MOMENTS["receipt"])
    mail = own(
        "receipt",
        facts,
        text=MailText("[MM_Mail_Data name='product']", "<p>[MM_Mail_Data name='product']</p>"),
    )
    assert mail.subject == "[MM_Mail_Data name='amount']"
    assert "[MM_Mail_Data name='amount']" in mail.text
    assert "[MM_Mail_Data name='amount']" in html.unescape(mail.html)
