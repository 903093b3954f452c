"""`gatepost init`, `pair`, `serve`, `tick` and `doctor` against a real WordPress with our plugin."""

import pytest

PAIRED = "hears the service and believes it"
AUTOLOADED = "echo array_key_exists('gatepost_pairing', wp_load_alloptions(true)) ? 'yes' : 'no';"


@pytest.mark.wordpress
@pytest.mark.parametrize("site", ["6.1", "newest"], indirect=True)
def test_the_row_pairs_any_wordpress_and_is_not_loaded_at_each_page(site, on_site):
    on_site.did("init")
    assert PAIRED in on_site.did("pair")
    assert site.php(AUTOLOADED) == "no"


@pytest.mark.wordpress
def test_from_an_unpaired_plugin_to_a_site_where_doctor_finds_nothing(site, on_site, serve):
    on_site.did("init")
    assert (
        on_site.run("serve").stderr
        == "gatepost: There is no secret yet, so nobody could be trusted. Run: gatepost pair\n"
    )
    site.deactivate("gatepost")
    assert "plugin is not active" in on_site.did("pair", "--wp-content", str(site.content))
    site.activate("gatepost")
    output = on_site.did("pair", "--wp-content", str(site.content))
    assert PAIRED in output
    assert "The service does not run" in output
    serve()
    assert site.php("echo Gatepost\\ping_health()['status'];") == "good"
    on_site.did("tick")
    findings = on_site.did("doctor")
    assert not [line for line in findings.splitlines() if line.startswith("warning")]
    assert "The group" in findings
    assert site.log("/plugins/gatepost/") == ""


@pytest.mark.wordpress
def test_a_new_secret_is_told_to_the_plugin_and_the_service_must_be_restarted(site, on_site, serve):
    on_site.did("init")
    on_site.did("pair", "--wp-content", str(site.content))
    serve()
    output = on_site.did("pair", "--new-secret", "--wp-content", str(site.content))
    assert PAIRED in output
    assert "Restart it" in output
