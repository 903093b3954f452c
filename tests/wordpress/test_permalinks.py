"""Addresses of posts: computed as WordPress prints them, or in the plain form that it redirects."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.wordpress.options import get_site
from sidecar.wordpress.permalinks import get_permalink
from sidecar.wordpress.tables import Tables

STRUCTURES = [
    "",
    "/%postname%/",
    "/%postname%",
    "/%year%/%monthnum%/%day%/%postname%/",
    "/archives/%post_id%",
]
UNKNOWABLE = ["/%category%/%postname%/", "/%author%/%postname%/"]


@pytest.fixture
def permalink_on(site):
    """How WordPress prints the address of a post under a structure, and how we do."""

    def ask(structure, post_id):
        site.php("global $wp_rewrite; $wp_rewrite->set_permalink_structure($args[0]);", structure)
        theirs = site.php(
            "global $wp_rewrite; $wp_rewrite->init(); echo get_permalink((int) $args[0]);", post_id
        )
        engine = sa.create_engine(site.database_url)
        with Session(engine) as session:
            tables = Tables(site.prefix)
            ours = get_permalink(session, tables, get_site(session, tables), post_id)
        engine.dispose()
        return theirs, ours

    return ask


@pytest.mark.parametrize("structure", STRUCTURES)
def test_posts_and_pages_have_wordpresss_own_address(site, permalink_on, structure):
    parent = site.new_post("Members", type="page")
    child = site.new_post("Inside", type="page", post_parent=parent)
    grandchild = site.new_post("Deeper", type="page", post_parent=child)
    post = site.new_post("A post of ours", post_date="2026-03-09 10:00:00")
    for post_id in (parent, child, grandchild, post):
        theirs, ours = permalink_on(structure, post_id)
        assert ours == theirs


@pytest.mark.parametrize("structure", UNKNOWABLE)
def test_where_the_tables_do_not_tell_wordpress_redirects_the_plain_form(site, permalink_on, structure):
    post = site.new_post("A post of ours")
    theirs, ours = permalink_on(structure, post)
    assert ours == f"{site.url}/?p={post}"
    site.php("flush_rewrite_rules();")
    answer = site.get(f"/?p={post}")
    assert (answer.status_code, answer.headers.get("Location")) == (301, theirs)


def test_the_front_page_is_the_home_address_and_a_draft_has_no_pretty_one(site, permalink_on):
    front = site.new_post("Front", type="page")
    site.option("show_on_front", "page")
    site.option("page_on_front", front)
    theirs, ours = permalink_on("/%postname%/", front)
    assert ours == theirs == f"{site.url}/"
    draft = site.new_post("Not yet", post_status="draft")
    assert permalink_on("/%postname%/", draft)[1] == f"{site.url}/?p={draft}"


def test_a_post_that_does_not_exist_has_an_address_that_leads_to_a_404(site, permalink_on):
    assert permalink_on("/%postname%/", 999_999)[1] == f"{site.url}/?p=999999"


def test_pages_that_are_each_others_parents_do_not_loop(session, tables):
    for post_id, parent in ((1, 2), (2, 1)):
        values = {"id": post_id, "post_type": "page", "post_name": f"p{post_id}", "post_parent": parent}
        session.execute(sa.insert(tables.posts).values(**values))
    for name, value in {"home": "https://club.test", "permalink_structure": "/%postname%/"}.items():
        session.execute(sa.insert(tables.options).values(option_name=name, option_value=value))
    address = get_permalink(session, tables, get_site(session, tables), 1)
    assert address.startswith("https://club.test/p")
    assert address.count("/p") <= 21
