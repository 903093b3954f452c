"""The signed call: what is sent, what is believed, and what happens when the sidecar misbehaves."""

import json
from typing import Any

import pytest

from tests.bed.site import Site
from tests.bridge.conftest import in_web_server, install_bridge
from tests.bridge.scripted_sidecar import (
    Failure,
    Fault,
    HalfBody,
    Hang,
    OtherId,
    Rubbish,
    ScriptedSidecar,
    Slow,
    Stale,
    Unsigned,
    WrongSecret,
    sign_request,
)

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)

FAULTS = {
    "hung": (Hang(), "transport"),
    "slow": (Slow(20), "transport"),
    "cut short": (HalfBody(), "transport"),
    "not HTTP": (Rubbish(), "transport"),
    "not JSON": (Rubbish(signed=True), "json"),
    "unsigned": (Unsigned(), "signature"),
    "of another secret": (WrongSecret(), "signature"),
    "of another request": (OtherId(), "signature"),
    "refused as stale": (Stale(), "signature"),
    "failing": (Failure(500), "unavailable"),
    "without a database": (Failure(503), "unavailable"),
    "refusing a clone": (Failure(403, "other_site"), "other_site"),
    "refusing the body": (Failure(400, "bad_request"), "bad_request"),
    "too short for it": (Failure(413, "too_large"), "too_large"),
}


def ping(site: Site) -> dict[str, Any]:
    """Ask for a sign of life from within the web server: answer, fault and seconds it took."""
    return json.loads(
        in_web_server(
            site,
            "$start = microtime(true); $result = Gatepost\\exchange('/bridge/v1/ping', array());"
            "echo json_encode($result + array('seconds' => microtime(true) - $start));",
        )
    )


LONG_MS = 20_000
"""A limit that no call here is to reach."""


@VERSIONS
def test_a_call_is_signed_and_its_signed_answer_is_believed(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    assert ping(paired_site)["answer"]["protocol"] == 1

    (request,) = sidecar.requests_to("/bridge/v1/ping")
    assert request.refusal == ""
    assert request.raw == b"{}"
    assert request.headers["x-gatepost-site"] == paired_site.url
    assert paired_site.log() == ""


@pytest.mark.parametrize("name", FAULTS)
def test_an_answer_with_a_fault_is_thrown_away(
    paired_site: Site, sidecar: ScriptedSidecar, name: str
) -> None:
    fault: Fault
    fault, word = FAULTS[name]
    sidecar.fault = fault

    result = ping(paired_site)

    assert result["answer"] is None
    assert result["fault"] == word
    assert paired_site.log() == ""


def test_a_stopped_sidecar_is_noticed_at_once(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.constants(GATEPOST_TIMEOUT_MS=LONG_MS)
    sidecar.down()

    result = ping(paired_site)

    assert result["fault"] == "transport"
    assert result["seconds"] < LONG_MS / 2000
    assert paired_site.log() == ""


def test_ask_gives_null_and_no_word_on_a_fault(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.down()

    assert (
        in_web_server(paired_site, "var_dump(Gatepost\\ask('/bridge/v1/ping', array()));").strip() == "NULL"
    )
    assert paired_site.log() == ""


def test_a_call_may_have_a_shorter_limit(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.constants(GATEPOST_TIMEOUT_MS=LONG_MS)
    sidecar.fault = Hang()

    took = in_web_server(
        paired_site,
        "$start = microtime(true); Gatepost\\ask('/bridge/v1/ping', array(), 100); echo microtime(true) - $start;",
    )

    assert 0.09 < float(took) < LONG_MS / 2000


def test_the_limit_of_all_calls_is_a_constant(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.constants(GATEPOST_TIMEOUT_MS=3000)
    sidecar.fault = Hang()

    assert ping(paired_site)["seconds"] > 2.9  # without it, half of that


def test_a_request_that_saw_a_fault_waits_no_second_time(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.fault = Hang()

    in_web_server(paired_site, "for ($i = 0; $i < 5; $i++) { Gatepost\\ask('/bridge/v1/ping', array()); }")

    assert len(sidecar.requests_to("/bridge/v1/ping")) == 1


def test_text_of_any_encoding_can_be_sent(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    in_web_server(paired_site, "Gatepost\\ask('/bridge/v1/ping', array('text' => \"caf\\xe9 Zoë /x\"));")

    (request,) = sidecar.requests_to("/bridge/v1/ping")
    assert request.refusal == ""
    assert request.body == {"text": "caf\ufffd Zoë /x"}


def test_tcp_on_loopback_works_like_the_socket(site: Site) -> None:
    with ScriptedSidecar("ab" * 32, site.url, tcp=True) as sidecar:
        install_bridge(site)
        site.constants(GATEPOST_ADDRESS=sidecar.address, GATEPOST_SECRET=sidecar.secret)
        site.activate("gatepost")

        assert ping(site)["answer"]["protocol"] == 1


def test_a_proxy_of_the_environment_never_sees_a_call(site: Site) -> None:
    with ScriptedSidecar("ab" * 32, site.url, tcp=True) as sidecar:
        install_bridge(site)
        site.constants(GATEPOST_ADDRESS=sidecar.address, GATEPOST_SECRET=sidecar.secret)
        site.activate("gatepost")

        said = in_web_server(
            site,
            "putenv('http_proxy=http://127.0.0.1:9'); putenv('ALL_PROXY=http://127.0.0.1:9');"
            "echo Gatepost\\ask('/bridge/v1/ping', array())['protocol'];",
        )

        assert said == "1"


@pytest.mark.parametrize(
    "address",
    ["http://198.51.100.7:80", "https://127.0.0.1:8199", "unix:relative.sock", "file:///etc/passwd", ""],
)
def test_an_address_off_this_machine_is_not_a_pairing(paired_site: Site, address: str) -> None:
    paired_site.constants(GATEPOST_ADDRESS=address)

    assert ping(paired_site)["fault"] == "unpaired"
    assert paired_site.log() == ""


def test_both_sides_sign_alike(paired_site: Site) -> None:
    headers = sign_request(
        "ab" * 32, "https://example.test", "POST", "/x", b'{"a":1}', at=1, request_id="cd" * 16
    )

    assert headers["X-Gatepost-Signature"] == paired_site.php(
        "echo Gatepost\\sign_request($args[0], 'POST', '/x', '1', $args[1], 'https://example.test', '{\"a\":1}');",
        "ab" * 32,
        "cd" * 16,
    )
