import json

import pytest
import sqlalchemy as sa

from sidecar.access.rules import Audience, Denied, Rule, RuleGrant, TargetKind
from sidecar.access.store import list_core_pages, read_rule_book
from sidecar.catalog.rules import Grant
from sidecar.db import reading
from tests.setup.builders import SECRET, a_site, an_installation
from tests.wordpress.builders import a_post


def a_named_term(session, tables, taxonomy, name, slug):
    """Its id is never that of its row in the taxonomy."""
    session.execute(sa.insert(tables.terms).values(name="before", slug=f"before-{slug}"))
    term_id = session.execute(sa.insert(tables.terms).values(name=name, slug=slug)).inserted_primary_key[0]
    session.execute(sa.insert(tables.term_taxonomy).values(term_id=term_id, taxonomy=taxonomy))
    return term_id


@pytest.fixture
def library(prepared):
    """With a level, a bundle, a post and a few terms."""
    prepared.did("level", "add", "Gold")
    prepared.did("bundle", "add", "Videos")
    with prepared.wordpress() as session:
        prepared.post = a_post(session, prepared.tables, post_title="Lesson one")
        prepared.premium = a_named_term(session, prepared.tables, "category", "Premium", "premium")
        prepared.ete = a_named_term(session, prepared.tables, "category", "Été", "%c3%a9t%c3%a9")
        prepared.tag = a_named_term(session, prepared.tables, "post_tag", "Premium", "premium")
    return prepared


def rules_of(installation):
    with installation.here.at_work(), reading() as reader:
        return read_rule_book(reader).rules


def test_a_category_opens_for_a_level_from_a_day_on(library):
    library.did("rule", "add", "--category", "premium", "--level", "Gold", "--from-day", "3")
    [rule] = rules_of(library)
    assert rule == Rule(
        id=1,
        target_kind=TargetKind.TERM,
        target=str(library.premium),
        audience=Audience.GRANTS,
        grants=(RuleGrant(Grant.LEVEL, 1, 3),),
    )


@pytest.mark.parametrize("name", ["Été", "été"])
def test_a_category_is_found_by_its_name_and_by_its_slug_as_a_person_writes_it(library, name):
    library.did("rule", "add", "--category", name, "--members")
    assert rules_of(library)[0].target == str(library.ete)


def test_a_tag_is_no_category_of_the_same_name(library):
    library.did("rule", "add", "--tag", "premium", "--members")
    assert rules_of(library)[0].target == str(library.tag)


@pytest.mark.parametrize(
    ("options", "kind", "target"),
    [
        (("--post", "1"), "post", "1"),
        (("--type", "lesson"), "type", "lesson"),
        (("--url", "/members/*"), "url", "/members/*"),
        (("--term", "77"), "term", "77"),
    ],
)
def test_each_kind_of_target(library, options, kind, target):
    library.did("rule", "add", *options, "--members")
    [rule] = rules_of(library)
    assert (rule.target_kind, rule.target, rule.audience) == (kind, target, "members")


def test_everything_else_that_a_rule_can_say(library, tmp_path):
    teaser = tmp_path / "teaser.html"
    teaser.write_text("<p>Été</p>")
    library.did(
        "rule", "add", "--type", "lesson", "--level", "Gold", "--bundle", "Videos", "--opens-on", "2027-01-01",
        "--denied", "login", "--hide-excerpt", "--teaser-file", str(teaser),
    )  # fmt: skip
    [rule] = rules_of(library)
    assert {grant.grant for grant in rule.grants} == {Grant.LEVEL, Grant.BUNDLE}
    assert (str(rule.opens_on), rule.denied, rule.excerpt_is_public, rule.teaser) == (
        "2027-01-01", Denied.LOGIN, False, "<p>Été</p>",
    )  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        ("--members",),
        ("--post", "1", "--type", "lesson", "--members"),
        ("--post", "999", "--members"),
        ("--category", "nothing", "--members"),
        ("--tag", "nothing", "--members"),
        ("--type", "lesson"),
        ("--type", "lesson", "--members", "--everyone"),
        ("--type", "lesson", "--members", "--level", "Gold"),
        ("--type", "lesson", "--level", "Platinum"),
        ("--type", "LESSON!", "--members"),
        ("--url", "/a b", "--members"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_one_line_and_not_made(library, options):
    result = library.run("rule", "add", *options)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert rules_of(library) == ()


def test_rules_are_listed_in_words_and_removed_by_their_id(library):
    library.did("rule", "add", "--type", "lesson", "--level", "Gold", "--from-day", "3", "--bundle", "Videos")
    library.did("rule", "add", "--url", "/x", "--everyone")
    output = library.did("rule", "list", language="fr")
    assert "Gold à partir du jour 3, Videos à partir du jour 3" in output
    assert "tout le monde" in output
    library.did("rule", "remove", "1")
    assert [rule.id for rule in rules_of(library)] == [2]
    assert library.run("rule", "remove", "1").exit_code == 1


def test_the_site_is_told_of_a_new_rule_by_the_outbox(library):
    library.did("rule", "add", "--type", "lesson", "--members")
    with library.wordpress() as session:
        assert json.loads(session.execute(sa.text("SELECT payload FROM gatepost_outbox")).scalar()) == {
            "kind": "index"
        }


def test_push_tells_the_plugin_at_once(tmp_path):
    with a_site(secret=SECRET) as site:
        there = an_installation(tmp_path, url=site.url)
        there.did("init")
        there.did("rule", "add", "--type", "lesson", "--members")
        there.did("rule", "push", GATEPOST_SECRET=SECRET)
    assert site.received[0]["index"]["types"] == ["lesson"]


def test_push_without_a_secret_or_a_site_fails(prepared):
    assert "gatepost pair" in prepared.run("rule", "push").stderr
    assert prepared.run("rule", "push", GATEPOST_SECRET=SECRET).exit_code == 1


def test_a_page_plays_a_part_when_it_exists(library):
    assert "Lesson one" in library.did("page", "set", "login", str(library.post))
    assert library.run("page", "set", "error", "999").exit_code == 1
    assert library.run("page", "set", "nothing", str(library.post)).exit_code == 2
    with library.here.at_work(), reading() as reader:
        assert list_core_pages(reader) == [("login", library.post)]
    assert f"login  {library.post}" in library.did("page", "list")
