"""The secret, what the plugin is told, and whether both sides talk."""

import os
import re
import stat
import subprocess
import threading

import msgspec
import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server

from sidecar.setup.pairing import Pairing, Told, ensure_secret, tell_plugin
from sidecar.setup.talking import check_sidecar, check_site
from sidecar.wordpress.serialization import loads
from tests.setup.builders import SECRET, a_site, an_installation

PAIRING = Pairing("unix:/run/gatepost/gatepost.sock", SECRET, "https://o'neill.test/a\\b")


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def row_of(installation):
    with installation.wordpress() as session:
        options = installation.tables.options
        return session.execute(
            sa.select(options.c.option_value, options.c.autoload).where(
                options.c.option_name == "gatepost_pairing"
            )
        ).all()


# --- the secret ---


def test_the_secret_is_made_once_for_the_owner_alone(installation):
    config = installation.here.config
    secret = ensure_secret(config)
    assert re.fullmatch(r"[0-9a-f]{64}", secret)
    assert mode_of(installation.state / "secret") == 0o600
    assert ensure_secret(config) == secret
    assert names_in(installation.state) == ["secret"]


def test_a_new_secret_is_made_only_when_asked_for(installation):
    config = installation.here.config
    first = ensure_secret(config)
    assert ensure_secret(config, new=True) != first
    assert names_in(installation.state) == ["secret"]


def test_two_at_once_end_with_the_same_secret(installation):
    config, found = installation.here.config, []
    threads = [threading.Thread(target=lambda: found.append(ensure_secret(config))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_secret_from_the_environment_is_never_written(installation):
    installation.did("pair", GATEPOST_SECRET=SECRET)
    assert not (installation.state / "secret").exists()
    assert installation.run("pair", "--new-secret", GATEPOST_SECRET=SECRET).exit_code == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    there = an_installation(tmp_path, bridge=f'listen = "unix:{tmp_path}/s"')
    there.config_path.write_text(there.config_path.read_text().replace("/state/secret", "/nowhere/secret"))
    result = there.run("pair")
    assert (result.exit_code, "bridge.secret_file" in result.stderr) == (1, True)


# --- what the plugin is told ---


def test_the_file_is_written_for_the_folders_group_and_no_part_of_it_is_left(installation, tmp_path):
    content = tmp_path / "wp-content"
    content.mkdir()
    if os.geteuid() == 0:
        os.chown(content, 12345, 23456)
    assert tell_plugin(PAIRING, installation.tables, content) is Told.FILE
    path = content / "gatepost-pairing.php"
    assert mode_of(path) == 0o640
    assert (path.stat().st_uid, path.stat().st_gid) == (content.stat().st_uid, content.stat().st_gid)
    assert names_in(content) == [path.name]
    assert tell_plugin(PAIRING, installation.tables, content) is Told.SAME_FILE


@pytest.mark.bed
def test_php_reads_from_the_file_what_was_meant_and_prints_nothing(tmp_path):
    path = tmp_path / "gatepost-pairing.php"
    path.write_text(PAIRING.as_php())
    code = f"$found = include '{path}'; echo json_encode($found, JSON_UNESCAPED_SLASHES);"
    printed = subprocess.run(["php", "-r", code], capture_output=True, text=True, check=True).stdout
    expected = f'{{"address":"{PAIRING.address}","secret":"{SECRET}","site":"https://o\'neill.test/a\\\\b"}}'
    assert printed == expected


def test_without_a_folder_the_row_is_written_and_written_again(installation):
    for pairing in (Pairing("unix:/a", SECRET, "https://old.test"), PAIRING):
        with installation.here.at_work():
            assert tell_plugin(pairing, installation.tables, None) is Told.ROW
    [(text, autoload)] = row_of(installation)
    assert loads(text) == {"address": PAIRING.address, "secret": SECRET, "site": PAIRING.site}
    assert autoload == "no"


def test_the_secret_is_in_no_words_about_the_pairing(installation):
    assert SECRET not in repr(PAIRING)
    assert SECRET not in installation.did("pair", GATEPOST_SECRET=SECRET)


def test_a_folder_that_is_not_there_is_named(installation):
    result = installation.run("pair", "--wp-content", "/nowhere/wp-content")
    assert (result.exit_code, "/nowhere/wp-content" in result.stderr) == (1, True)


# --- do both sides talk? ---


def test_pair_says_that_both_sides_talk_and_hands_over_the_rules(tmp_path):
    with a_site(secret=SECRET) as site:
        there = an_installation(tmp_path, url=site.url)
        there.did("init")
        there.did("rule", "add", "--type", "lesson", "--members")
        output = there.did("pair", GATEPOST_SECRET=SECRET)
    assert "hears the service and believes it" in output
    [change] = site.received
    assert (change["kind"], change["index"]["types"]) == ("index", ["lesson"])


def test_pair_before_the_service_runs_says_that_it_does_not(installation):
    assert "The service does not run" in installation.did("pair")


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (404, {"code": "rest_no_route"}, "plugin is not active"),
        (503, {"error": "no_secret"}, "has not got the secret"),
        (401, {"error": "bad_signature"}, "holds another secret"),
        (401, {"error": "unsigned"}, "headers do not reach"),
        (401, {"error": "stale"}, "more than five minutes"),
        (403, {"error": "other_site"}, "its address (home) is another"),
        (301, {}, "leads elsewhere (HTTP 301)"),
        (403, {"blocked": True}, "not as our plugin does"),
        (200, {"done": []}, "not as our plugin does"),
    ],
)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_way_in_which_a_site_fails_has_its_words(tmp_path, status, content, words, language):
    with a_site(refuses=(status, content)) as site:
        there = an_installation(tmp_path, url=site.url)
        output = there.did("pair", language=language, GATEPOST_SECRET=SECRET)
    assert (words in output) == (language == "en")
    assert ("problem" if language == "en" else "problème") in output
    assert site.url in output


def test_a_refusal_that_is_signed_is_believed(tmp_path):
    with a_site(secret=SECRET, refuses=(403, {"error": "other_site", "message": "no"})) as site:
        config = an_installation(tmp_path, url=site.url).here.config
        assert "is another" in check_site(config, SECRET).sentence


def test_a_site_that_is_not_there_cannot_be_reached(installation):
    assert "cannot be reached" in check_site(installation.here.config, SECRET).sentence


@pytest.fixture
def running(prepared, monkeypatch):
    """The real application on the installation's own socket."""
    monkeypatch.setenv("GATEPOST_SECRET", SECRET)
    here = prepared.here
    server = make_server(here.config.bridge.listen.replace("unix:", "unix://"), 0, here.app, threaded=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield here.config
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_running_service_is_asked_through_its_socket(running):
    assert "reaches its database" in check_sidecar(running, SECRET).sentence


def test_a_service_with_another_secret_must_be_restarted(running):
    finding = check_sidecar(running, "cd" * 32)
    assert (finding.severity, "Restart it" in finding.advice) == ("problem", True)


def test_a_service_for_another_site_says_so(running):
    other = msgspec.structs.replace(
        running, site=msgspec.structs.replace(running.site, url="https://other.test")
    )
    assert "https://other.test" in check_sidecar(other, SECRET).sentence
