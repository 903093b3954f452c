"""`gatepost lint`: exit codes for machines, lines for people."""

import json

import pytest

from tests.wordpress.builders import a_post


@pytest.fixture
def site(prepared):
    """Prepared, with a way to write posts."""

    def write(content, **columns):
        with prepared.wordpress() as session:
            return a_post(session, prepared.tables, post_content=content, **columns)

    prepared.write = write
    return prepared


def test_a_clean_site_exits_with_zero(site):
    site.write("[MM_Member_Data name='id']")
    assert site.did("lint") == "0 problems, 0 warnings\n"


def test_problems_are_lines_with_place_and_exit_code_one(site):
    post_id = site.write("a\n[MM_Membr_Data]", post_type="page")
    result = site.run("lint")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"page {post_id}:2:1: problem: There is no tag [MM_Membr_Data]. Did you mean [MM_Member_Data]?",
        "1 problem, 0 warnings",
    ]
    assert "Vouliez-vous dire" in site.run("lint", language="fr").stdout


def test_warnings_alone_exit_with_zero_unless_strict(site):
    site.did("level", "add", "Gold")
    post_id = site.write("[MM_Access_Decision access='false']x[/MM_Access_Decision]")
    site.did("rule", "add", "--post", str(post_id), "--level", "Gold")
    assert "1 warning" in site.did("lint")
    assert site.run("lint", "--strict").exit_code == 1


def test_json_is_one_object_a_line_and_nothing_else(site):
    post_id = site.write("é[MM_Nothing]", post_title="A “title”\nof two lines")
    result = site.run("lint", "--json")
    assert result.exit_code == 1
    [mark] = [json.loads(line) for line in result.stdout.splitlines()]
    assert mark == {
        "post": post_id, "type": "post", "status": "publish", "title": "A “title”\nof two lines", "place": "content", "line": 1,
        "column": 2, "severity": "problem", "code": "tag", "message": "There is no tag [MM_Nothing].",
    }  # fmt: skip


def test_one_post_can_be_looked_at_alone(site):
    first, second = site.write("[MM_One]"), site.write("[MM_Two]")
    assert "MM_One" not in site.run("lint", "--post", str(second)).stdout
    assert "MM_One" in site.run("lint", "--post", str(first)).stdout
    assert site.run("lint", "--post", "999999").exit_code == 1
    assert site.run("lint", "--colour").exit_code == 2
