"""Tag functions for theme code: one call for all of them, nothing in the clear, nothing while nobody answers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import shortcodes
from tests.bed.site import Site
from tests.bridge.conftest import in_web_server
from tests.bridge.scripted_sidecar import Hang, Request, ScriptedSidecar
from tests.whole.club import ROOT

TEN = """
add_action('wp_footer', function () {
    $said = array(
        mm_member_data(array('name' => 'firstName')),
        mm_member_data( [ "name" => "lastName" ] ),
        mm_member_data(array('name' => 'registrationDate', 'dateFormat' => 'Y')),
        mm_member_decision(array('isMember' => 'true')),
        mm_member_decision(array('membershipId' => '1|2', 'status' => 'active')),
        mm_access_decision(array('access' => 'true', 'id' => '5')),
        mm_content_data(array('name' => 'title', 'id' => '5')),
        mm_corepage_link(array('type' => 'login')),
        mm_purchase_link(array('productId' => '3')),
        mm_error_message(),
    );
    echo '<pre id="said">' . wp_json_encode($said) . '</pre>';
});
"""


def saying(request: Request) -> dict[str, Any]:
    """Answers each call with its number, decisions with true."""
    calls = request.body.get("calls", [])
    values = [
        "_Decision" in call["tag"] or f"<b>{place}</b>[gallery]" if "Link" not in call["tag"] else "javascript:alert(1)"
        for place, call in enumerate(calls)
    ]  # fmt: skip
    return {
        "generation": 1, "posts": {}, "texts": {}, "calls": values, "object": {"act": "show"},
        "page": {"cache": "private", "until": None}, "viewer": {"session": "keep"}, "changes": [], "recorded": True,
    }  # fmt: skip


def said(site: Site, **options: Any) -> str:
    answer = site.get("/", **options)
    found = re.search(r'<pre id="said">(.*?)</pre>', answer.text)
    assert found, answer.text[-500:]
    return found[1]


@pytest.mark.parametrize("site", ["6.1", "newest"], indirect=True)
def test_ten_functions_on_a_page_are_one_call_on_its_very_first_view(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.mu_plugin("theme", TEN)
    sidecar.answer("/bridge/v1/page", saying)
    text = said(paired_site)
    [request] = sidecar.requests_to("/bridge/v1/page")
    calls = request.body["calls"]
    assert len(calls) == 10
    assert calls[2] == {
        "tag": "MM_Member_Data", "attributes": {"name": "registrationDate", "dateFormat": "Y"}, "post": None,
    }  # fmt: skip
    assert "<b>" not in text
    assert "[gallery" not in text
    assert "javascript" not in text
    assert text.count("true") == 3
    assert paired_site.log() == ""


def test_calls_that_are_not_written_out_are_learnt_by_the_next_view(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    code = "foreach (array('firstName', 'lastName', 'email') as $name) { $said[] = mm_member_data(array('name' => $name)); }"
    paired_site.mu_plugin(
        "theme",
        f"add_action('wp_footer', function () {{ {code} echo '<pre id=\"said\">' . count($said) . '</pre>'; }});",
    )
    sidecar.answer("/bridge/v1/page", saying)
    said(paired_site)
    assert len(sidecar.requests_to("/bridge/v1/page")) == 3
    sidecar.forget()
    said(paired_site)
    [request] = sidecar.requests_to("/bridge/v1/page")
    assert len(request.body["calls"]) == 3


def test_a_theme_that_goes_through_hundreds_of_bundles_asks_once_from_the_second_view_on(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.mu_plugin(
        "theme",
        "add_action('wp_footer', function () { $held = 0;"
        " for ($i = 1; $i <= 302; $i++) { $held += (int) mm_member_decision(array('hasBundle' => strval($i))); }"
        " echo '<pre id=\"said\">' . $held . '</pre>'; });",
    )
    sidecar.answer("/bridge/v1/page", saying)
    assert said(paired_site) == "302"
    sidecar.forget()
    assert said(paired_site) == "302"
    [request] = sidecar.requests_to("/bridge/v1/page")
    assert len(request.body["calls"]) == 302


@pytest.mark.parametrize("how", ["hang", "down", "rubbish"])
def test_while_nobody_answers_they_say_nothing_and_decisions_do_not_hold(
    paired_site: Site, sidecar: ScriptedSidecar, how: str
) -> None:
    paired_site.mu_plugin("theme", TEN)
    paired_site.constants(GATEPOST_TIMEOUT_MS=200)
    if how == "hang":
        sidecar.fault = Hang()
    elif how == "down":
        sidecar.down()
    else:
        sidecar.answer("/bridge/v1/page", {"generation": 1, "calls": {"x": [1]}})
    assert said(paired_site) == '["","","",false,false,false,"","","",""]'


def test_a_function_that_somebody_else_has_stays_his(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.mu_plugin("first", "function mm_member_data() { return 'his'; }")
    assert (
        in_web_server(paired_site, "echo mm_member_data(), function_exists('mm_content_data') ? 1 : 0;")
        == "his1"
    )


def test_beside_an_active_membermouse_no_function_is_defined(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.mu_plugin("membermouse", "class MemberMouse {}")
    assert in_web_server(paired_site, "echo function_exists('mm_member_data') ? 1 : 0;") == "0"


def test_odd_attributes_are_no_attributes(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.answer("/bridge/v1/page", saying)
    in_web_server(
        paired_site,
        "mm_member_data('x'); mm_member_data(array('name' => array('y'), 'a' => true, 7 => null)); mm_member_data(null);",
    )
    calls = [call for request in sidecar.requests_to("/bridge/v1/page") for call in request.body["calls"]]
    assert {"name": "", "a": "true", "7": ""} in [call["attributes"] for call in calls]
    assert paired_site.log() == ""


def test_there_is_a_function_for_each_tag_but_forms() -> None:
    source = (ROOT / "wp-bridge/functions/tag-functions.php").read_text()
    defined = dict(
        re.findall(r"function (mm_\w+)\(.*?return \\Gatepost\\\w+\( '(MM_\w+)'", source, re.DOTALL)
    )
    wanted = {
        name.lower(): name for name in shortcodes.REGISTRY if not name.startswith(("MM_Form", "MM_Mail"))
    }
    assert defined == wanted


DECISIONS = [name for name, tag in shortcodes.REGISTRY.items() if tag.decides]


def test_every_decision_vanishes_with_what_it_encloses_while_nobody_answers(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    texts = [
        f"a [{name} x='1']XYZZY[MM_Else]XYZZY [{name}]XYZZY[/{name}] XYZZY[/{name}] b" for name in DECISIONS
    ]
    code = "echo wp_json_encode(array_map($args[0], json_decode($args[1])));"
    for function in ("Gatepost\\without_tags", "Gatepost\\with_inert_tags"):
        found = json.loads(paired_site.php(code, function, json.dumps(texts)))
        assert found == ["a  b"] * len(DECISIONS)


def test_a_form_vanishes_with_its_authors_words_while_nobody_answers_and_a_bare_one_alone(
    paired_site: Site,
) -> None:
    form = "[MM_Form type='checkout']<p>Name: [MM_Form_Field name='firstName']</p>[/MM_Form]"
    code = "echo Gatepost\\without_tags($args[0]);"
    assert paired_site.php(code, f"a {form} b {form} c") == "a  b  c"
    assert paired_site.php(code, "a [MM_Form type='login'] b") == "a  b"
    assert paired_site.php(code, f"a {form} b [MM_Form type='login'] c") == "a  b  c"
    assert paired_site.php(code, f"a [MM_Form type='login'] b {form} c") == "a  c"
