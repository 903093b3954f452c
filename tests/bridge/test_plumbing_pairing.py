"""Where the bridge learns address and secret, and whom it refuses."""

from collections.abc import Callable

import phpserialize
import pytest

from tests.bed.mariadb import MariaDB, database_name
from tests.bed.site import Site
from tests.bridge.conftest import in_web_server, install_bridge
from tests.bridge.scripted_sidecar import Hang, ScriptedSidecar

PING = "echo Gatepost\\exchange('/bridge/v1/ping', array())['fault'] ?: 'answer';"

Pairing = dict[str, str]


def ping(site: Site) -> str:
    return in_web_server(site, PING)


@pytest.fixture
def bare_site(site: Site) -> Site:
    """The bridge is active and knows no sidecar."""
    install_bridge(site)
    site.activate("gatepost")
    return site


@pytest.fixture
def write_row(bare_site: Site, mariadb: MariaDB) -> Callable[[Pairing], None]:
    """Write the pairing's row as the sidecar's command does: by SQL, behind WordPress's back."""
    table = f"`{database_name(bare_site.database_url)}`.{bare_site.prefix}options"

    def write(pairing: Pairing) -> None:
        mariadb.execute(
            f"INSERT INTO {table} (option_name, option_value, autoload) VALUES ('gatepost_pairing', %s, 'no') "
            "ON DUPLICATE KEY UPDATE option_value = VALUES(option_value)",
            [phpserialize.dumps(pairing).decode()],
        )

    return write


def write_file(site: Site, pairing: Pairing) -> None:
    items = ", ".join(f"'{key}' => '{value}'" for key, value in pairing.items())
    (site.content / "gatepost-pairing.php").write_text(f"<?php return array( {items} );")


def a_pairing(sidecar: ScriptedSidecar, **other: str) -> Pairing:
    return {"address": sidecar.address, "secret": sidecar.secret, "site": sidecar.site_url, **other}


def test_without_a_pairing_nothing_is_asked(bare_site: Site) -> None:
    assert ping(bare_site) == "unpaired"
    assert bare_site.get("/").status_code == 200
    assert bare_site.log() == ""


def test_a_file_pairs(bare_site: Site, sidecar: ScriptedSidecar) -> None:
    write_file(bare_site, a_pairing(sidecar))

    assert ping(bare_site) == "answer"


def test_a_row_pairs(bare_site: Site, sidecar: ScriptedSidecar, write_row: Callable[[Pairing], None]) -> None:
    write_row(a_pairing(sidecar))

    assert ping(bare_site) == "answer"


def test_a_row_written_by_sql_is_seen_behind_an_object_cache(
    bare_site: Site, sidecar: ScriptedSidecar, write_row: Callable[[Pairing], None]
) -> None:
    bare_site.object_cache()
    assert bare_site.php("var_dump(get_option('gatepost_pairing'));").strip() == "bool(false)"
    assert ping(bare_site) == "unpaired"

    write_row(a_pairing(sidecar))

    assert ping(bare_site) == "answer"


def test_constants_come_before_the_file_and_the_file_before_the_row(
    bare_site: Site, sidecar: ScriptedSidecar, write_row: Callable[[Pairing], None]
) -> None:
    source = "echo Gatepost\\pairing()['source'];"
    write_row(a_pairing(sidecar))
    assert in_web_server(bare_site, source) == "row"
    write_file(bare_site, a_pairing(sidecar))
    assert in_web_server(bare_site, source) == "file"
    bare_site.constants(GATEPOST_ADDRESS=sidecar.address, GATEPOST_SECRET=sidecar.secret)
    assert in_web_server(bare_site, source) == "constants"


def test_a_page_that_asks_nothing_reads_no_row(
    bare_site: Site, sidecar: ScriptedSidecar, write_row: Callable[[Pairing], None]
) -> None:
    write_row(a_pairing(sidecar))
    bare_site.php("Gatepost\\refetch_index();")
    bare_site.constants(SAVEQUERIES=True)
    bare_site.mu_plugin(
        "count",
        "add_action('wp_footer', function () { foreach ($GLOBALS['wpdb']->queries as $q) { echo $q[0]; } });",
    )

    page = bare_site.get("/").text

    assert "SELECT" in page
    assert "gatepost" not in page


@pytest.mark.parametrize(
    "content",
    [
        "<?php return 5;",
        "<?php return array('address' => array());",
        "<?php this is (no PHP",
        "",
        "<?php throw new E;",
    ],
)
def test_a_broken_file_is_no_pairing_and_no_error(bare_site: Site, content: str) -> None:
    (bare_site.content / "gatepost-pairing.php").write_text(content)

    assert ping(bare_site) == "unpaired"
    assert bare_site.log() == ""


@pytest.mark.parametrize("secret", ["", "short", "z" * 64, "a" * 63, "a" * 65])
def test_a_secret_that_is_none_pairs_nothing(bare_site: Site, sidecar: ScriptedSidecar, secret: str) -> None:
    write_file(bare_site, a_pairing(sidecar, secret=secret))

    assert ping(bare_site) == "unpaired"
    assert sidecar.requests == []


def test_a_clone_with_the_originals_file_asks_nothing(bare_site: Site, sidecar: ScriptedSidecar) -> None:
    write_file(bare_site, a_pairing(sidecar, site="https://original.example"))

    assert ping(bare_site) == "unpaired"
    assert sidecar.requests == []
    assert (
        in_web_server(bare_site, "echo Gatepost\\pairing_fault(Gatepost\\found_pairing());") == "other_site"
    )


def test_a_clone_with_the_originals_constants_is_refused_by_the_sidecar(
    paired_site: Site, sidecar: ScriptedSidecar, new_site
) -> None:
    clone = new_site(copy_of=paired_site)

    assert ping(clone) == "other_site"
    assert ping(paired_site) == "answer"
    clone.close()


def test_the_secret_is_nowhere_in_pages_caches_or_the_log(
    bare_site: Site, sidecar: ScriptedSidecar, write_row: Callable[[Pairing], None]
) -> None:
    bare_site.object_cache()
    write_row(a_pairing(sidecar))
    sidecar.fault = Hang()

    shown = bare_site.get("/").text
    for screen in ["", "?tab=debug"]:
        shown += bare_site.get(f"/wp-admin/site-health.php{screen}", user="admin").text
    shown += bare_site.get("/wp-admin/options.php", user="admin").text
    cached = bare_site.php(
        "wp_load_alloptions(); get_option('gatepost_index');"
        "echo wp_json_encode(array(wp_cache_get('alloptions', 'options'), wp_cache_get('notoptions', 'options'),"
        "wp_cache_get('gatepost_pairing', 'options')));"
    )

    assert sidecar.secret not in cached
    assert sidecar.secret not in bare_site.log()
    assert sidecar.secret not in shown
