"""All hooks are visible in one place, and these are those of the plumbing."""

import json
import re

from tests.bed.plugin_zip import BRIDGE
from tests.bed.site import Site

LAST = "PHP_INT_MAX"

PLUMBING_HOOKS = [
    ("init", "load_translations", "10"),
    ("init", "upgrade_spool", "1"),
    ("init", "want_an_index", "1"),
    ("shutdown", "run_after_tasks", LAST),
    ("add_option_gatepost_index", "forget_index_memo", "10"),
    ("update_option_gatepost_index", "forget_index_memo", "10"),
    ("delete_option_gatepost_index", "forget_index_memo", "10"),
    ("authenticate", "check_password_login", "100"),
    ("wp_authenticate_application_password_errors", "check_application_password", "10"),
    ("admin_init", "check_old_cookie_in_admin", "1"),
    ("rest_authentication_errors", "check_old_cookie_in_rest", "200"),
    ("login_redirect", "lead_after_login", "10"),
    ("retrieve_password_message", "link_to_own_reset_page", "10"),
    ("wp_login", "note_login", "10"),
    ("wp_login_failed", "note_failed_login", "10"),
    ("wp_logout", "note_logout", "10"),
    ("set_logged_in_cookie", "note_first_sign_in", "10"),
    ("profile_update", "note_profile", "10"),
    ("added_user_meta", "note_profile_meta", "10"),
    ("updated_user_meta", "note_profile_meta", "10"),
    ("deleted_user", "note_deleted_user", "10"),
    ("wpmu_delete_user", "note_deleted_user", "10"),
    ("set_user_role", "note_role", "10"),
    ("add_user_role", "note_role", "10"),
    ("remove_user_role", "note_role", "10"),
    ("rest_api_init", "register_changes_route", "10"),
    ("rest_api_init", "register_health_route", "10"),
    ("rest_api_init", "register_webhooks_route", "10"),
    ("rest_api_init", "register_form_routes", "10"),
    ("rest_jsonp_enabled", "forbid_jsonp", "10"),
    ("wp_enqueue_scripts", "enqueue_form_script", "10"),
    ("wp_footer", "enqueue_form_script", "1"),
    ("phpmailer_init", "complete_mail", "10"),
    ("rest_pre_serve_request", "serve_signed_answer", "10"),
    ("init", "serve_dashboard", "2"),
    ("init", "serve_invoice", "3"),
    ("admin_menu", "add_dashboard_menu", "10"),
    ("load-toplevel_page_gatepost", "sign_on_to_dashboard", "10"),
    ("site_status_tests", "add_health_tests", "10"),
    ("debug_information", "add_debug_information", "10"),
    ("wp_privacy_personal_data_exporters", "add_exporter", "10"),
    ("wp_privacy_personal_data_erasers", "add_eraser", "10"),
    ("admin_notices", "print_membermouse_notice", "10"),
    ("admin_notices", "print_network_notice", "10"),
    ("network_admin_notices", "print_network_notice", "10"),
    ("after_plugin_row_gatepost/gatepost.php", "print_deactivation_warning", "10"),
    ("plugin_action_links_gatepost/gatepost.php", "add_health_link", "10"),
]


def test_the_plumbing_has_these_hooks_and_no_others(paired_site: Site) -> None:
    asked = [(hook, callback, number_of(priority)) for hook, callback, priority in PLUMBING_HOOKS]
    found = json.loads(
        paired_site.php(
            "$found = array(); foreach (json_decode($args[0], true) as list($hook, $callback)) {"
            "$at = array(); foreach ($GLOBALS['wp_filter'][$hook]->callbacks ?? array() as $priority => $callbacks) {"
            "if (isset($callbacks['Gatepost\\\\' . $callback])) { $at[] = (string) $priority; } }"
            "$found[] = array($hook, $callback, implode(',', $at)); } echo wp_json_encode($found);",
            json.dumps(asked),
        )
    )

    assert [tuple(entry) for entry in found] == asked
    assert len(plumbing_lines()) == len(PLUMBING_HOOKS)


def test_no_hook_is_hung_outside_the_one_place() -> None:
    elsewhere = [
        path.relative_to(BRIDGE).as_posix()
        for path in BRIDGE.glob("includes/*.php")
        if path.name != "hooks.php" and re.search(r"\badd_(action|filter)\(", path.read_text())
    ]

    assert elsewhere == []


def test_every_callback_can_be_called(paired_site: Site) -> None:
    callbacks = re.findall(r"'(Gatepost\\\w+)'", (BRIDGE / "includes/hooks.php").read_text())

    missing = paired_site.php(
        "echo implode(' ', array_filter(json_decode($args[0], true), function ($f) { return ! is_callable($f); }));",
        json.dumps(callbacks),
    )

    assert len(callbacks) > len(PLUMBING_HOOKS)
    assert missing == ""


def test_a_whole_round_through_the_site_writes_no_notice(paired_site: Site) -> None:
    paired_site.user("alice")
    for path in [
        "/",
        "/hello-world/",
        "/sample-page/",
        "/feed/",
        "/?s=hello",
        "/wp-json/",
        "/nowhere/",
        "/wp-login.php",
    ]:
        for user in [None, "alice", "admin"]:
            assert paired_site.get(path, user=user).status_code in {200, 301, 302, 404}
    for path in ["/wp-admin/", "/wp-admin/profile.php", "/wp-admin/users.php", "/wp-admin/edit.php"]:
        assert paired_site.get(path, user="admin").status_code == 200

    assert paired_site.log("/plugins/gatepost/") == ""
    assert "gatepost" not in paired_site.log("_load_textdomain_just_in_time")


def plumbing_lines() -> list[str]:
    """The hooks between the plumbing's marks."""
    text = (BRIDGE / "includes/hooks.php").read_text()
    block = text.partition("// Plumbing: begin.")[2].partition("// Plumbing: end.")[0]
    return re.findall(r"add_(?:action|filter)\(", block)


def number_of(priority: str) -> str:
    return str(2**63 - 1) if priority == LAST else priority
