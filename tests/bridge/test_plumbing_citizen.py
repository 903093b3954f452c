"""A good citizen: Site Health, personal data, MemberMouse, networks, deactivation, uninstall, translations."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from babel.messages.pofile import read_po

from tests.bed.mariadb import MariaDB, database_name
from tests.bed.plugin_zip import BRIDGE, contents
from tests.bed.site import PhpError, Site
from tests.bridge.conftest import in_web_server, install_bridge, refetch_index
from tests.bridge.scripted_sidecar import Failure, ScriptedSidecar, WrongSecret, an_index

OURS = "/plugins/gatepost/"
"""Lines of the log about us; WordPress itself complains there that it cannot look for updates."""

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)


def health(site: Site, test: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site.php(f"echo wp_json_encode(Gatepost\\{test}_health());"))
    return found


@VERSIONS
def test_site_health_lists_our_tests_and_all_are_well(paired_site: Site) -> None:
    tests = json.loads(
        paired_site.php(
            "require_once ABSPATH . 'wp-admin/includes/class-wp-site-health.php';"
            "$tests = WP_Site_Health::get_tests(); echo wp_json_encode(array("
            "array_values(preg_grep('/gatepost/', array_keys($tests['direct']))),"
            "array_values(preg_grep('/gatepost/', array_keys($tests['async'])))));"
        )
    )

    assert tests == [
        ["gatepost_pairing", "gatepost_index", "gatepost_spool", "gatepost_memory"],
        ["gatepost_ping"],
    ]
    for name in ("pairing", "index", "spool", "ping"):
        assert health(paired_site, name)["status"] == "good"
    assert paired_site.get("/wp-admin/site-health.php", user="admin").status_code == 200
    assert paired_site.get("/wp-admin/site-health.php?tab=debug", user="admin").status_code == 200
    assert paired_site.log(OURS) == ""


@VERSIONS
def test_the_asynchronous_test_is_for_those_who_may_see_site_health(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.user("alice")
    route = "/?rest_route=/gatepost/v1/health"
    nonce = in_web_server(paired_site, "echo wp_create_nonce('wp_rest');", user="admin")
    alices = in_web_server(paired_site, "echo wp_create_nonce('wp_rest');", user="alice")

    assert paired_site.get(route).status_code == 401
    assert paired_site.get(route, user="alice", headers={"X-WP-Nonce": alices}).status_code == 403
    assert paired_site.get(route, user="admin", headers={"X-WP-Nonce": nonce}).json()["status"] == "good"
    sidecar.fault = Failure(503)
    assert paired_site.get(route, user="admin", headers={"X-WP-Nonce": nonce}).json()["status"] == "critical"


def test_site_health_says_what_is_wrong_in_words(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.fault = WrongSecret()
    assert "not signed with this site’s secret" in health(paired_site, "ping")["description"]
    sidecar.fault = Failure(403, "other_site")
    assert "this site is a copy" in health(paired_site, "ping")["description"]
    sidecar.fault = None
    sidecar.answer("/bridge/v1/ping", {"protocol": 1, "database": "away"})
    assert health(paired_site, "ping")["status"] == "critical"
    sidecar.down()
    assert "no answer" in health(paired_site, "ping")["description"]
    paired_site.php("delete_option('gatepost_index');")
    assert health(paired_site, "index")["status"] == "critical"
    paired_site.constants(GATEPOST_ADDRESS="http://198.51.100.1:80")
    assert "on this machine" in health(paired_site, "pairing")["description"]


def ping_answer(**parts: Any) -> dict[str, Any]:
    return {"version": "0.1.0", "protocol": 1, "time": 1, "database": "ok", "last_tick": None, **parts}


@pytest.mark.parametrize(
    ("state", "status", "label"),
    [
        ("ok", "good", "answers"),
        ("off", "good", "answers"),
        ("paused", "critical", "billing is paused"),
        ("stale", "critical", "has not run for too long"),
        ("something newer", "recommended", "needs a look"),
        (None, "recommended", "needs a look"),
    ],
)
def test_site_health_says_when_billing_does_not_run(
    paired_site: Site, sidecar: ScriptedSidecar, state: str | None, status: str, label: str
) -> None:
    billing = {"state": state, "message": "Another <b>machine</b> bills."}
    sidecar.answer("/bridge/v1/ping", ping_answer(billing=billing))

    found = health(paired_site, "ping")

    assert (found["status"], label in found["label"]) == (status, True)
    assert ("Another &lt;b&gt;machine" in found["description"]) == (status != "good")
    assert sidecar.secret not in json.dumps(found)


def test_site_health_tells_when_the_jobs_last_ran(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    jobs = {"mail": 65, "renewals": 7300, "rubbish": "x", "never": None}
    sidecar.answer("/bridge/v1/ping", ping_answer(jobs=jobs, billing={"state": "ok", "message": ""}))

    said = health(paired_site, "ping")["description"]
    assert "Its jobs last ran: mail 1 minute ago, renewals 2 hours ago." in said


def test_site_health_notices_marks_that_somebody_took_away_and_puts_them_back(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    post = paired_site.new_post("Hidden")
    sidecar.answer("/bridge/v1/index", an_index(2, posts=[post]))
    refetch_index(paired_site)
    assert health(paired_site, "index")["status"] == "good"

    paired_site.php(f"delete_post_meta({post}, '_gatepost_governed'); Gatepost\\memory()->drop('refetch');")

    assert health(paired_site, "index")["status"] == "critical"
    assert health(paired_site, "index")["status"] == "good"


def test_without_apcu_site_health_recommends_it(paired_site: Site) -> None:
    assert health(paired_site, "memory")["status"] == "recommended"  # the command line has none
    assert in_web_server(paired_site, "echo Gatepost\\memory_health()['status'];") == "good"


def test_no_secret_and_no_address_in_site_healths_information(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    information = paired_site.php("echo wp_json_encode(Gatepost\\add_debug_information(array()));")

    assert "constants" in information
    assert sidecar.secret not in information
    assert sidecar.address not in information


def test_without_curl_the_site_is_not_paired_and_site_health_says_why(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.mu_plugin(
        "no-curl",
        "namespace Gatepost; function function_exists($f) { return 'curl_init' !== $f && \\function_exists($f); }",
    )

    assert (
        in_web_server(paired_site, "var_dump(Gatepost\\ask('/bridge/v1/ping', array()));").strip() == "NULL"
    )
    assert "php-curl" in health(paired_site, "pairing")["description"]
    assert paired_site.get("/").status_code == 200
    assert paired_site.log() == ""


@VERSIONS
def test_personal_data_is_exported_and_erased_by_the_sidecar(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    sidecar.answer(
        "/bridge/v1/privacy/export",
        {
            "done": False,
            "items": [
                {"group": "orders", "label": "Orders", "id": "o1", "data": [{"name": "Total", "value": "9"}]}
            ],
        },
    )
    sidecar.answer(
        "/bridge/v1/privacy/erase",
        {"done": True, "removed": 3, "retained": 1, "messages": ["Invoices are kept."]},
    )
    call = "echo wp_json_encode(call_user_func(apply_filters('wp_privacy_personal_data_%s', array())['gatepost']['callback'], 'a@example.test', 2));"

    exported = json.loads(paired_site.php(call % "exporters"))
    erased = json.loads(paired_site.php(call % "erasers"))

    assert exported == {
        "data": [
            {
                "group_id": "gatepost-orders",
                "group_label": "Orders",
                "item_id": "o1",
                "data": [{"name": "Total", "value": "9"}],
            }
        ],
        "done": False,
    }
    assert erased == {
        "items_removed": True,
        "items_retained": True,
        "messages": ["Invoices are kept."],
        "done": True,
    }
    assert sidecar.requests_to("/bridge/v1/privacy/erase")[0].body == {
        "email": "a@example.test",
        "page": 2,
        "language": "en_US",
    }
    assert paired_site.log() == ""


@VERSIONS
def test_an_erasure_while_the_sidecar_is_away_is_not_done_and_stays_open(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    request = int(
        paired_site.php(
            "$id = wp_create_user_request('alice@example.test', 'remove_personal_data', array(), 'confirmed'); echo $id;"
        )
    )
    nonce = in_web_server(
        paired_site, f"echo wp_create_nonce('wp-privacy-erase-personal-data-{request}');", user="admin"
    )
    position = int(
        in_web_server(
            paired_site,
            "echo 1 + array_search('gatepost', array_keys(apply_filters('wp_privacy_personal_data_erasers', array())));",
        )
    )
    form = {
        "action": "wp-privacy-erase-personal-data",
        "eraser": position,
        "id": request,
        "page": 1,
        "security": nonce,
    }
    sidecar.down()

    answer = paired_site.post("/wp-admin/admin-ajax.php", user="admin", data=form).json()

    assert answer["success"] is False
    assert "not erased yet" in json.dumps(answer)
    assert paired_site.php(f"echo get_post_status({request});") == "request-confirmed"

    sidecar.up()
    assert paired_site.post("/wp-admin/admin-ajax.php", user="admin", data=form).json()["success"] is True


def test_an_export_while_the_sidecar_is_away_is_an_error(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.down()

    said = paired_site.php("echo Gatepost\\export_personal_data('a@example.test')->get_error_message();")

    assert "export again later" in said


def test_beside_membermouse_it_reports_and_does_not_crash(paired_site: Site) -> None:
    assert paired_site.php("var_dump(Gatepost\\is_beside_membermouse());").strip() == "bool(false)"
    folder = paired_site.content / "plugins/membermouse"
    folder.mkdir()
    (folder / "index.php").write_text(
        "<?php\n/* Plugin Name: MemberMouse */\nclass MemberMouse {}\n"
        "add_shortcode('MM_Member_Data', function () { return 'of MemberMouse'; });"
    )
    paired_site.activate("membermouse")

    assert paired_site.php("var_dump(Gatepost\\is_beside_membermouse());").strip() == "bool(true)"
    assert "MemberMouse is active" in paired_site.get("/wp-admin/plugins.php", user="admin").text
    assert paired_site.get("/").status_code == 200
    assert paired_site.log(OURS) == ""


def test_a_second_copy_in_another_folder_does_not_crash(paired_site: Site) -> None:
    copy = paired_site.content / "plugins/gatepost-copy"
    for name, content in contents().items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(content)
    paired_site.activate("gatepost-copy")

    assert paired_site.get("/").status_code == 200
    assert paired_site.log() == ""


def make_network(site: Site) -> None:
    """Turn the site into a network of one site, as its owner does by Tools, Network Setup."""
    site.php(
        "require_once ABSPATH . 'wp-admin/includes/upgrade.php'; global $wpdb;"
        "foreach ($wpdb->tables('ms_global') as $table => $name) { $wpdb->$table = $name; }"
        "install_network(); populate_network(1, $args[0], 'admin@example.test', 'Network', '/', false);",
        f"127.0.0.1:{site.port}",
    )
    site.constants(
        MULTISITE=True,
        SUBDOMAIN_INSTALL=False,
        DOMAIN_CURRENT_SITE=f"127.0.0.1:{site.port}",
        PATH_CURRENT_SITE="/",
        SITE_ID_CURRENT_SITE=1,
        BLOG_ID_CURRENT_SITE=1,
    )


@VERSIONS
def test_activation_for_a_network_is_refused_in_words(site: Site) -> None:
    make_network(site)
    install_bridge(site)

    with pytest.raises(PhpError, match="one site at a time"):
        site.php(
            "require_once ABSPATH . 'wp-admin/includes/plugin.php';"
            "activate_plugin('gatepost/gatepost.php', '', true);"
        )

    assert site.php("echo json_encode(get_site_option('active_sitewide_plugins'));") == "[]"
    site.activate("gatepost")
    assert site.php("echo json_encode(get_option('active_plugins'));") == '["gatepost\\/gatepost.php"]'
    assert site.get("/").status_code == 200
    assert site.log(OURS) == ""


def test_a_network_where_it_is_active_for_all_by_hand_says_so(site: Site) -> None:
    make_network(site)
    install_bridge(site)
    site.php("update_site_option('active_sitewide_plugins', array('gatepost/gatepost.php' => time()));")

    assert "one site at a time" in site.get("/wp-admin/", user="admin").text


@VERSIONS
def test_the_list_of_plugins_says_what_deactivation_would_open(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    screen: Callable[[], str] = lambda: paired_site.get("/wp-admin/plugins.php", user="admin").text  # noqa: E731
    assert "everybody can read" not in screen()
    term = int(paired_site.php("echo wp_insert_term('Gold <b>', 'category')['term_id'];"))
    sidecar.answer(
        "/bridge/v1/index", an_index(2, types=["lesson"], terms=[term], urls=["/members/*"], posts=[5, 9])
    )
    refetch_index(paired_site)

    said = screen()

    assert "everybody can read: 2 protected posts; everything of the types lesson; everything in Gold" in said
    assert "/members/*" in said
    assert "Gold <b>" not in said
    assert "site-health.php" in said
    assert paired_site.log(OURS) == ""


def test_uninstalling_takes_secret_index_marks_and_spool_and_leaves_everything_else(
    paired_site: Site, sidecar: ScriptedSidecar, mariadb: MariaDB
) -> None:
    database = database_name(paired_site.database_url)
    mariadb.execute(f"CREATE TABLE `{database}`.wp_gatepost_ledger (id INT)")
    post = paired_site.new_post("Hidden")
    sidecar.answer("/bridge/v1/index", an_index(2, types=["lesson"], posts=[post]))
    refetch_index(paired_site)
    paired_site.php("update_option('gatepost_pairing', '{}');")
    (paired_site.content / "gatepost-pairing.php").write_text("<?php return array();")

    paired_site.php(
        "require_once ABSPATH . 'wp-admin/includes/plugin.php'; require_once ABSPATH . 'wp-admin/includes/file.php';"
        "deactivate_plugins('gatepost/gatepost.php'); uninstall_plugin('gatepost/gatepost.php');"
    )

    assert mariadb.execute(f"SHOW TABLES FROM `{database}` LIKE '%gatepost%'") == [("wp_gatepost_ledger",)]
    assert (
        mariadb.execute(f"SELECT option_name FROM `{database}`.wp_options WHERE option_name LIKE 'gatepost%'")
        == []
    )
    assert (
        mariadb.execute(f"SELECT * FROM `{database}`.wp_postmeta WHERE meta_key = '_gatepost_governed'") == []
    )
    assert not (paired_site.content / "gatepost-pairing.php").exists()
    assert paired_site.php(f"echo get_post({post})->post_title;") == "Hidden"
    assert paired_site.log() == ""


def strings_of_the_plugin() -> set[str]:
    """The English strings that PHP hands to WordPress's translation functions."""
    single = (
        r"""(?:__|esc_html__|esc_attr__|_e|esc_html_e|esc_attr_e)\(\s*'((?:[^'\\]|\\.)*)'\s*,\s*'gatepost'"""
    )
    plural = r"""_n\(\s*'((?:[^'\\]|\\.)*)'\s*,\s*'((?:[^'\\]|\\.)*)'"""
    found: set[str] = set()
    for path in BRIDGE.rglob("*.php"):
        code = path.read_text()
        found |= set(re.findall(single, code))
        found |= {one for one, _many in re.findall(plural, code)}
    return {text.replace("\\'", "'") for text in found}


def test_every_string_is_translated_into_french() -> None:
    with (BRIDGE / "languages/gatepost-fr_FR.po").open("rb") as file:
        catalog = read_po(file)
    translated = {
        message.id[0] if isinstance(message.id, tuple) else message.id
        for message in catalog
        if message.id and (all(message.string) if isinstance(message.string, tuple) else message.string)
    }

    assert strings_of_the_plugin() - translated == set()
    assert translated - strings_of_the_plugin() == set()
    assert not any(message.fuzzy for message in catalog)


def test_placeholders_survive_the_translation() -> None:
    with (BRIDGE / "languages/gatepost-fr_FR.po").open("rb") as file:
        catalog = read_po(file)
    for message in catalog:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id:
            assert {tuple(re.findall(r"%\w", text)) for text in strings} <= {
                tuple(re.findall(r"%\w", text)) for text in ids
            }


@VERSIONS
def test_a_french_site_speaks_french(paired_site: Site) -> None:
    paired_site.mu_plugin("french", "add_filter('locale', function () { return 'fr_FR'; });")

    assert in_web_server(paired_site, "echo __('This site is not paired.', 'gatepost');") == (
        "Ce site n’est pas appairé."
    )
    assert paired_site.log() == ""
