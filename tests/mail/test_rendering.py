"""Whatever a member, a product or a site is called, it stays what it is: text."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from sidecar.mail.rendering import KINDS, render
from tests.mail.builders import MOMENTS, a_purchase, some_facts

HOSTILE = '<script>alert(1)</script> & "quotes" [gallery] {braces} {0}'
VOID = {"meta", "br", "hr", "img"}


class Outline(HTMLParser):
    """The tags of a document, the words in it, and whether each tag is closed where it should be."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.words, self.links, self.is_sound = [], set(), [], [], True
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "a":
            self.links.append(dict(attrs).get("href", ""))

    def handle_endtag(self, tag):
        self.is_sound &= bool(self.open) and self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def hostile_facts(kind, name=HOSTILE):
    facts = some_facts(a_purchase(product=HOSTILE), **{**MOMENTS[kind], "sentence": HOSTILE})
    return replace(facts, name=name, site_name=HOSTILE)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", KINDS)
def test_names_are_text_in_html(kind, language):
    mail = render(kind, hostile_facts(kind), language)
    outline = Outline(mail.html)
    assert outline.is_sound
    assert outline.open == []
    assert outline.tags <= {
        "html",
        "head",
        "meta",
        "title",
        "body",
        "div",
        "p",
        "table",
        "tbody",
        "tr",
        "td",
        "a",
    }
    assert HOSTILE in " ".join(outline.words)


@pytest.mark.parametrize("kind", KINDS)
def test_html_holds_nothing_that_another_plugin_could_take_for_a_shortcode(kind):
    assert not set("[]") & set(render(kind, hostile_facts(kind), "en").html)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_has_one_link_in_html_and_it_is_that_of_the_text(kind):
    mail = render(kind, some_facts(**MOMENTS[kind]), "en")
    assert Outline(mail.html).links == re.findall(r"https://\S+", mail.text)
    assert len(Outline(mail.html).links) == 1


@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\0"])
def test_a_subject_is_one_line_whatever_the_product_is_called(ends):
    facts = some_facts(a_purchase(product=f"Gold{ends}Bcc: everybody@example.test"), **MOMENTS["receipt"])
    assert render("receipt", facts, "en").subject == "Receipt: Gold Bcc: everybody@example.test"


def test_a_long_subject_is_cut_between_words():
    subject = render("receipt", some_facts(a_purchase(product="wood " * 100)), "en").subject
    assert len(subject) <= 150
    assert subject.endswith("wood …")


@pytest.mark.parametrize(
    "name",
    [
        "Win money at http://evil.example",
        "evil.example",
        "a@evil.example",
        "<b>Anna</b>",
        "[gallery]",
        "x" * 61,
    ],
)
def test_a_name_that_could_be_an_advertisement_is_not_greeted(name):
    mail = render("receipt", replace(some_facts(), name=name), "en")
    assert mail.text.startswith("Hello,\n")
    assert "evil" not in mail.html


@pytest.mark.parametrize("name", ["Anna", "Jean-Luc", "O’Neill", "Łucja", "王芳", "J.R."])
def test_an_honest_name_is_greeted(name):
    assert render("receipt", replace(some_facts(), name=name), "en").text.startswith(f"Hello {name},\n")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "", "/my-account/", "https://a.test/\nBcc: b"]
)
def test_an_address_that_leads_elsewhere_is_not_linked(url):
    mail = render("receipt", replace(some_facts(), account_url=url), "en")
    assert Outline(mail.html).links == []
    assert "My account" not in mail.text


def test_an_address_with_quotes_stays_in_its_attribute():
    url = 'https://club.test/?a=1&b="><script>'
    mail = render("receipt", replace(some_facts(), account_url=url), "en")
    assert Outline(mail.html).links == [url]
