"""What a rule reaches on a real site: both sides must see the same posts under it."""

import pytest

from sidecar.access.rules import Audience, Rule, RuleGrant, TargetKind
from sidecar.access.ruling import protect, unprotect
from sidecar.catalog.rules import Grant
from tests.whole.club import now

BODY = "XYZZY-BODY"


@pytest.fixture(scope="module")
def gold(club):
    """A level; Alice has it, Charlie has another."""
    level_id = club.level("Gold")
    club.member("alice", level_id)
    club.member("charlie", club.level("Silver"))
    return level_id


@pytest.fixture
def rule(club, gold):
    """Protects a target for Gold until the test is over."""
    made = []

    def under(kind, target):
        made.append(protect(Rule(0, kind, str(target), grants=(RuleGrant(Grant.LEVEL, gold),)), now=now()))
        club.sync_index()

    yield under
    for rule_id in made:
        unprotect(rule_id, now=now())
    club.sync_index()


def assert_only_alice_reads(club, *paths):
    for path in paths:
        assert BODY in club.site.get(path, user="alice").text, path
        for charlie in ("charlie", None):
            assert BODY not in club.site.get(path, user=charlie).text, (path, charlie)


def category(club, name, slug, parent=0):
    code = "echo wp_insert_term($args[0], 'category', ['slug' => $args[1], 'parent' => (int) $args[2]])['term_id'];"
    term_id = int(club.site.php(code, name, slug, parent))
    club.site.php("flush_rewrite_rules();")
    return term_id


def test_an_address_in_other_letters_is_the_same_to_both_sides(club, rule):
    parent = club.site.new_post("клуб", type="page")
    club.site.new_post("урок", f"<p>{BODY}</p>", type="page", post_parent=parent)
    rule(TargetKind.URL, "/клуб/*")
    assert_only_alice_reads(club, "/клуб/урок/", "/%D0%BA%D0%BB%D1%83%D0%B1/%D1%83%D1%80%D0%BE%D0%BA/")


def test_a_rule_on_a_category_covers_its_children(club, rule):
    parent = category(club, "Premium", "premium")
    child = category(club, "Deep", "deep", parent)
    club.site.new_post("Only in the child", f"<p>{BODY}</p>", post_category=[child])
    assert BODY in club.site.get("/only-in-the-child/").text
    rule(TargetKind.TERM, parent)
    assert_only_alice_reads(club, "/only-in-the-child/", "/category/premium/", "/category/premium/deep/")
    for feed in ("/category/premium/feed/", "/feed/"):
        assert BODY not in club.site.get(feed).text


def test_a_rule_on_an_archives_address_closes_what_it_lists(club, rule):
    term = category(club, "Hidden", "hidden")
    club.site.new_post("Listed there", f"<p>{BODY}</p>", post_category=[term])
    rule(TargetKind.URL, "/category/hidden*")
    assert_only_alice_reads(club, "/category/hidden/")
    assert BODY not in club.site.get("/category/hidden/feed/").text


def test_an_open_address_opens_nothing_that_is_asked_for_below_it(club, rule):
    """WordPress reads `rest_route`, `p` and `page_id` from the query of any address."""
    club.site.new_post("Open entrance", "<p>Come in.</p>", type="page")
    closed = club.site.new_post("Closed room", f"<p>{BODY}</p>", type="page")
    rule(TargetKind.TYPE, "page")
    everyone = protect(Rule(0, TargetKind.URL, "/open-*", audience=Audience.EVERYONE), now=now())
    club.sync_index()
    try:
        assert "Come in." in club.site.get("/open-entrance/").text
        for query in ("rest_route=/wp/v2/pages", f"rest_route=/wp/v2/pages/{closed}", f"page_id={closed}"):
            path = f"/open-entrance/?{query}"
            for user in ("charlie", None):
                assert BODY not in club.site.get(path, user=user).text, (path, user)
            assert BODY not in club.site.post(path, data={"x": "1"}).text, path
        assert_only_alice_reads(club, "/closed-room/")
    finally:
        unprotect(everyone, now=now())
        club.sync_index()


def test_a_rule_on_a_type_and_one_on_a_tag(club, rule):
    tag = int(club.site.php("echo wp_insert_term('Members', 'post_tag')['term_id'];"))
    tagged = club.site.new_post("Tagged", f"<p>{BODY}</p>")
    club.site.php("wp_set_post_tags((int) $args[0], 'Members');", tagged)
    club.site.new_post("A page of ours", f"<p>{BODY}</p>", type="page")
    rule(TargetKind.TERM, tag)
    assert_only_alice_reads(club, "/tagged/")
    rule(TargetKind.TYPE, "page")
    assert_only_alice_reads(club, "/a-page-of-ours/")


def test_a_rule_that_is_taken_away_opens_again(club, gold):
    post_id = club.site.new_post("For a while", f"<p>{BODY}</p>")
    rule_id = club.protect(post_id, gold)
    club.sync_index()
    assert BODY not in club.site.get("/for-a-while/").text
    unprotect(rule_id, now=now())
    assert BODY in club.site.get("/for-a-while/").text
    club.sync_index()
    assert BODY in club.site.get("/for-a-while/").text
