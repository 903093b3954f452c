"""The breaker: a sidecar that is away or hangs does not take the site with it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.bed.site import Site
from tests.bridge.conftest import in_web_server
from tests.bridge.scripted_sidecar import Failure, Hang, ScriptedSidecar

PING = "Gatepost\\ask('/bridge/v1/ping', array()) === null ? 'null' : 'answer'"

# As if the given seconds had passed since the breaker opened.
LET_TIME_PASS = (
    "Gatepost\\memory()->remember('opened_at', Gatepost\\memory()->recall('opened_at') - %d, 3600);"
)


def ping(site: Site) -> str:
    return in_web_server(site, f"echo {PING};")


def open_breaker(site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.fault = Failure()
    for _ in range(3):
        assert ping(site) == "null"
    sidecar.fault = None
    sidecar.forget()


def use_apcu(site: Site) -> None:
    """The bed's php-fpm has it."""


def use_object_cache(site: Site) -> None:
    without_apcu(site)
    site.object_cache()


def use_file(site: Site) -> None:
    without_apcu(site)


def without_apcu(site: Site) -> None:
    """Have this site's bridge find no APCu: a function of its namespace comes before PHP's."""
    site.mu_plugin("no-apcu", "namespace Gatepost; function apcu_enabled() { return false; }")


MEMORIES = {"Apcu_Memory": use_apcu, "Cache_Memory": use_object_cache, "File_Memory": use_file}


@pytest.fixture(params=list(MEMORIES))
def site_with_memory(request: pytest.FixtureRequest, paired_site: Site) -> Site:
    """The paired site with each kind of shared memory in turn."""
    prepare: Callable[[Site], None] = MEMORIES[request.param]
    prepare(paired_site)
    assert in_web_server(paired_site, "echo get_class(Gatepost\\memory());") == f"Gatepost\\{request.param}"
    return paired_site


def test_three_faults_open_it_and_then_nobody_calls(site_with_memory: Site, sidecar: ScriptedSidecar) -> None:
    open_breaker(site_with_memory, sidecar)

    assert [ping(site_with_memory) for _ in range(3)] == ["null"] * 3
    assert sidecar.requests == []
    assert site_with_memory.log() == ""


def test_two_faults_do_not_open_it(site_with_memory: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.fault = Failure()
    assert [ping(site_with_memory) for _ in range(2)] == ["null"] * 2
    sidecar.fault = None

    assert ping(site_with_memory) == "answer"


def test_faults_of_more_than_half_a_minute_ago_do_not_count(
    site_with_memory: Site, sidecar: ScriptedSidecar
) -> None:
    sidecar.fault = Failure()
    assert [ping(site_with_memory) for _ in range(2)] == ["null"] * 2
    in_web_server(
        site_with_memory,
        "Gatepost\\memory()->remember('faults',"
        "array_map(function ($at) { return $at - 31; }, Gatepost\\memory()->recall('faults')), 30);",
    )
    assert ping(site_with_memory) == "null"
    sidecar.fault = None

    assert ping(site_with_memory) == "answer"


def test_after_ten_seconds_a_success_closes_it(site_with_memory: Site, sidecar: ScriptedSidecar) -> None:
    open_breaker(site_with_memory, sidecar)
    in_web_server(site_with_memory, LET_TIME_PASS % 10)

    assert [ping(site_with_memory) for _ in range(3)] == ["answer"] * 3
    assert in_web_server(site_with_memory, "var_dump(Gatepost\\breaker_is_open());").strip() == "bool(false)"


def test_after_ten_seconds_a_failure_opens_it_again_for_all(
    site_with_memory: Site, sidecar: ScriptedSidecar
) -> None:
    open_breaker(site_with_memory, sidecar)
    in_web_server(site_with_memory, LET_TIME_PASS % 10)
    sidecar.fault = Failure()

    assert [ping(site_with_memory) for _ in range(3)] == ["null"] * 3
    assert len(sidecar.requests) == 1


def test_only_one_request_at_a_time_tries_again(site_with_memory: Site, sidecar: ScriptedSidecar) -> None:
    open_breaker(site_with_memory, sidecar)
    in_web_server(site_with_memory, LET_TIME_PASS % 10)
    sidecar.fault = Hang()

    with ThreadPoolExecutor() as pool:
        prober = pool.submit(ping, site_with_memory)
        sidecar.wait_for("/bridge/v1/ping")
        assert ping(site_with_memory) == "null"
        assert prober.result() == "null"
    assert len(sidecar.requests) == 1


def test_a_prober_that_died_is_replaced(site_with_memory: Site, sidecar: ScriptedSidecar) -> None:
    open_breaker(site_with_memory, sidecar)
    in_web_server(site_with_memory, LET_TIME_PASS % 10)
    in_web_server(
        site_with_memory, "Gatepost\\breaker_allows(); Gatepost\\memory()->remember('probe', 1, 1);"
    )
    assert ping(site_with_memory) == "null"
    in_web_server(site_with_memory, "Gatepost\\memory()->drop('probe');")

    assert ping(site_with_memory) == "answer"


def test_the_state_is_in_no_option(site_with_memory: Site, sidecar: ScriptedSidecar) -> None:
    before = site_with_memory.php("echo count(wp_load_alloptions());")
    open_breaker(site_with_memory, sidecar)

    assert site_with_memory.php("echo count(wp_load_alloptions());") == before


@pytest.mark.parametrize("path", ["/bridge/v1/form", "/bridge/v1/webhooks/stripe"])
def test_what_strangers_send_opens_a_breaker_of_its_own_and_never_that_of_pages(
    site_with_memory: Site, sidecar: ScriptedSidecar, path: str
) -> None:
    sidecar.faults[path] = Failure()
    asked = f"Gatepost\\ask('{path}', array());"

    for _ in range(4):
        in_web_server(site_with_memory, asked)

    assert len(sidecar.requests_to(path)) == 3
    assert in_web_server(site_with_memory, f"{asked} echo {PING};") == "answer"
    sidecar.forget()
    assert in_web_server(site_with_memory, f"Gatepost\\ask('/bridge/v1/page', array()); {asked}") == ""
    assert sidecar.requests_to(path) == []  # a page that went well has not closed it


def test_a_refusal_that_the_sidecar_signed_is_no_fault_of_its_health(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    sidecar.fault = Failure(400, "bad_request")
    assert [ping(paired_site) for _ in range(4)] == ["null"] * 4
    sidecar.fault = None

    assert ping(paired_site) == "answer"


def test_a_temp_folder_that_cannot_be_written_is_no_error(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    without_apcu(paired_site)
    paired_site.constants(WP_TEMP_DIR="/proc/")
    sidecar.fault = Failure()

    assert [ping(paired_site) for _ in range(4)] == ["null"] * 4
    assert paired_site.log() == ""


def test_of_twenty_five_visitors_whom_two_workers_serve_only_the_first_wait_for_a_sidecar_that_hangs(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.mu_plugin(
        "asks", "add_action('wp', function () { Gatepost\\ask('/bridge/v1/page', array()); }); "
    )
    sidecar.fault = Hang()

    def look(_number: int) -> int:
        return paired_site.get("/").status_code

    with ThreadPoolExecutor(max_workers=20) as pool:
        assert set(pool.map(look, range(25))) == {200}
    assert len(sidecar.requests_to("/bridge/v1/page")) <= 4
    assert paired_site.log() == ""
