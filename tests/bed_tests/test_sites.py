"""The bed itself: real WordPress sites that do not see each other."""

import zipfile
from pathlib import Path

import pytest

from tests.bed.mariadb import database_name
from tests.bed.session import Session
from tests.bed.site import PhpError, Site

HELLO_PLUGIN = """<?php
/* Plugin Name: Hello */
register_activation_hook(__FILE__, fn() => update_option('hello_activated', 'yes'));
add_action('wp_head', fn() => print('hello from the plugin'));
"""


@pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)
def test_every_wordpress_version_answers_its_front_page(site: Site) -> None:
    answer = site.get("/")

    assert answer.status_code == 200
    assert "Gatepost test site" in answer.text
    assert site.asked_version == "newest" or site.version.startswith(site.asked_version)
    assert site.url in answer.text


@pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)
def test_a_user_is_signed_in_without_a_form(site: Site) -> None:
    site.user("alice", role="editor", first_name="Alice")

    assert site.get("/wp-admin/", user="alice").status_code == 200
    assert site.get("/wp-admin/").status_code == 302


@pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)
def test_a_member_can_log_in_by_password(site: Site) -> None:
    site.user("alice")

    answer = site.post(
        "/wp-login.php",
        data={"log": "alice", "pwd": "alice-pass", "testcookie": "1"},
        cookies={"wordpress_test_cookie": "WP%20Cookie%20check"},
    )

    assert answer.status_code == 302
    assert any(cookie.name.startswith("wordpress_logged_in") for cookie in answer.cookies)


def test_two_sites_do_not_see_each_other(new_site) -> None:
    one, other = new_site(), new_site()
    one.new_post("Only here", "<p>hello from one</p>")
    one.user("alice")
    one.option("blogname", "Site one")
    one.mu_plugin("hello", "add_action('wp_head', fn() => print('<!-- mu of one -->'));")
    one.constants(ONLY_ONE="yes")

    assert "hello from one" in one.get("/only-here/").text
    assert "<!-- mu of one -->" in one.get("/").text
    assert one.php("echo ONLY_ONE;") == "yes"
    assert other.get("/only-here/").status_code == 404
    assert "Site one" not in other.get("/").text
    assert "<!-- mu of one -->" not in other.get("/").text
    assert (
        other.php("echo username_exists('alice') ? 'yes' : 'no', defined('ONLY_ONE') ? 'yes' : 'no';")
        == "nono"
    )
    one.close()
    other.close()


def test_a_copy_has_the_content_and_the_users_but_its_own_address(site: Site, new_site) -> None:
    post = site.new_post("Kept", "text that is copied")
    site.user("alice")

    copy = new_site(copy_of=site)

    assert copy.url != site.url
    assert copy.get("/", user="alice").status_code == 200
    assert "text that is copied" in copy.get(f"/?p={post}", allow_redirects=True).text
    assert copy.php("echo home_url();") == copy.url
    copy.close()


@pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)
def test_a_plugin_is_installed_and_activated_with_its_hook(site: Site, tmp_path: Path) -> None:
    archive = tmp_path / "hello.zip"
    with zipfile.ZipFile(archive, "w") as zip_file:
        zip_file.writestr("hello/hello.php", HELLO_PLUGIN)

    assert site.install_plugin(archive) == "hello/hello.php"
    assert "hello from the plugin" not in site.get("/").text
    site.activate("hello")
    assert "hello from the plugin" in site.get("/").text
    assert site.php("echo get_option('hello_activated');") == "yes"
    site.deactivate("hello")
    assert "hello from the plugin" not in site.get("/").text


def test_a_port_that_is_used_again_remembers_nothing_of_its_former_site(bed: Session) -> None:
    remember = "add_action('wp_head', fn() => print(apcu_entry('remembered', fn() => DB_NAME)));"
    first = bed.new_site("6.8")
    first.mu_plugin("remember", remember)
    assert database_name(first.database_url) in first.get("/").text
    first.close()

    again = bed.new_site("6.8")
    while again.port != first.port:
        again.close()
        again = bed.new_site("6.8")
    again.mu_plugin("remember", remember)

    assert database_name(first.database_url) not in again.get("/").text
    assert database_name(again.database_url) in again.get("/").text
    again.close()


def test_a_site_may_have_another_table_prefix(new_site) -> None:
    site = new_site(prefix="shop_")

    assert site.get("/wp-admin/", user="admin").status_code == 200
    assert site.php("global $wpdb; echo $wpdb->users;") == "shop_users"
    site.close()


def test_php_that_fails_raises_with_what_it_said(site: Site) -> None:
    with pytest.raises(PhpError, match="no such thing"):
        site.php("throw new RuntimeException('no such thing');")
    with pytest.raises(PhpError, match="not allowed"):
        site.php("wp_die('not allowed');")
    with pytest.raises(PhpError, match="undefined_function_here"):
        site.php("undefined_function_here();")


def test_arguments_and_output_of_php_are_text(site: Site) -> None:
    assert site.php("echo $args[0], '|', $args[1];", "Zoë's “day”", 7) == "Zoë's “day”|7"


def test_what_php_complains_about_is_in_the_sites_log(site: Site) -> None:
    site.mu_plugin("noisy", "add_action('wp_head', fn() => print($undefined_thing));")

    site.get("/")

    assert "undefined_thing" in site.log(about="/mu-plugins/noisy.php")
    assert site.log(about="/plugins/gatepost/") == ""


def test_mail_that_wordpress_sends_is_kept(site: Site) -> None:
    site.php("wp_mail('alice@example.test', 'Welcome', 'Hello Alice');")

    (mail,) = site.mails()
    assert (mail["To"], mail["Subject"]) == ("alice@example.test", "Welcome")
    assert mail.get_content().strip() == "Hello Alice"


def test_an_option_changed_by_sql_stays_unseen_behind_the_object_cache(site: Site, mariadb) -> None:
    site.object_cache()
    site.option("gatepost_example", "by WordPress")
    assert site.php("echo get_option('gatepost_example');") == "by WordPress"
    database = database_name(site.database_url)

    mariadb.execute(
        f"UPDATE `{database}`.wp_options SET option_value = 'by SQL' WHERE option_name = 'gatepost_example'"
    )

    assert site.php("echo get_option('gatepost_example');") == "by WordPress"
    site.object_cache(dropin=False)
    assert site.php("echo get_option('gatepost_example');") == "by SQL"
