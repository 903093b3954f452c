"""What is a reading: a person who looks at a page now, and no machine that fetches it in case he will."""

import pytest

from tests.bed.processes import wait_until
from tests.bed.site import Site
from tests.bridge.scripted_sidecar import ScriptedSidecar

NO_READINGS = [
    ("HEAD", {}),
    ("GET", {"Sec-Purpose": "prefetch"}),
    ("GET", {"Sec-Purpose": "prefetch;prerender"}),
    ("GET", {"Purpose": "prefetch"}),
    ("GET", {"X-Purpose": "preview"}),
    ("GET", {"X-Moz": "prefetch"}),
]
"""Speculation rules prefetch and prerender with Sec-Purpose; older browsers say it in the others."""


def urls_told(sidecar: ScriptedSidecar) -> list[str]:
    return [event["data"]["url"] for event in sidecar.events("page")]


def test_heads_and_prefetches_are_no_readings_and_the_page_that_is_then_looked_at_is_one(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.user("alice")
    paired_site.cookies("alice")
    sidecar.forget()

    for number, (method, headers) in enumerate(NO_READINGS):
        answer = paired_site.request(method, f"/?no={number}", "alice", headers=headers)
        assert answer.status_code == 200
    paired_site.get("/?yes=1", "alice")

    assert wait_until(lambda: urls_told(sidecar), within_seconds=20)
    assert urls_told(sidecar) == ["/?yes=1"]


@pytest.mark.parametrize("site", ["6.1", "newest"], indirect=True)
def test_a_visitor_who_comes_by_an_affiliates_link_is_told_and_another_visitor_is_not(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    sidecar.forget()

    paired_site.get("/?plain=1")
    paired_site.get("/?affid=7&sid=news", headers={"Sec-Purpose": "prefetch"})
    paired_site.get("/?affid=7&sid=news")

    assert wait_until(lambda: urls_told(sidecar), within_seconds=20)
    (event,) = sidecar.events("page")
    assert (event["user"], event["data"]["affid"], event["data"]["sid"]) == (None, "7", "news")
    assert paired_site.log() == ""
