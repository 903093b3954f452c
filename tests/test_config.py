import re
from pathlib import Path

import msgspec
import pytest

from sidecar.config import Config, load, parse
from sidecar.errors import Misconfigured

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"
A_TEST_PROCESSOR = '[billing]\napi_url = "http://127.0.0.1:9000"\n'
SMALLEST = '[site]\nurl = "https://example.com"\n[database]\nurl = "sqlite://"\n'


def keys_of_structs():
    return {
        f"{section.name}.{field.name}"
        for section in msgspec.structs.fields(Config)
        for field in msgspec.structs.fields(section.type)
    }


def keys_of_example(text):
    section, found = "", set()
    for line in text.splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading[1]
        elif key := re.match(r"#?(\w+) = ", line):
            found.add(f"{section}.{key[1]}")
    return found


def test_the_example_is_valid():
    assert load(EXAMPLE).site.url == "https://example.com"


def test_the_example_names_every_key_and_no_other():
    assert keys_of_example(EXAMPLE.read_text()) == keys_of_structs()


def test_the_example_stays_valid_and_says_the_defaults_when_everything_is_uncommented():
    every = re.sub(r"(?m)^#(\w+ = )", r"\1", EXAMPLE.read_text())
    shown, defaults = parse(every), parse(SMALLEST)
    for name in re.findall(r"(?m)^#(\w+) = ", EXAMPLE.read_text()):
        if name == "wp_content":  # shows what it looks like
            continue
        section = next(key for key in keys_of_structs() if key.endswith(f".{name}")).partition(".")[0]
        assert getattr(getattr(shown, section), name) == getattr(getattr(defaults, section), name), name


def test_every_key_of_the_example_has_a_comment_above_it():
    lines = EXAMPLE.read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"#?\w+ = ", line):
            assert lines[number - 1].startswith("# "), line


@pytest.mark.parametrize(
    ("addition", "key"),
    [
        ('[site]\nurl = "https://example.com"\nurll = 1\n[database]\nurl = "sqlite://"', "site.urll"),
        (SMALLEST + "[bills]\n", "bills"),
        ('[site]\nurl = "https://example.com"', "database"),
        ('[site]\n[database]\nurl = "sqlite://"', "site.url"),
        (SMALLEST.replace("https://example.com", "https://example.com/"), "site.url"),
        (SMALLEST.replace("https://example.com", "example.com"), "site.url"),
        (SMALLEST.replace("https://example.com", "ftp://example.com"), "site.url"),
        (SMALLEST.replace("[database]", 'table_prefix = "wp-"\n[database]'), "site.table_prefix"),
        (SMALLEST.replace("[database]", 'table_prefix = ""\n[database]'), "site.table_prefix"),
        (SMALLEST.replace("[database]", 'users_prefix = "wp;"\n[database]'), "site.users_prefix"),
        (SMALLEST.replace("sqlite://", "postgresql://localhost/x"), "database.url"),
        (SMALLEST.replace("sqlite://", "not a url"), "database.url"),
        (SMALLEST + '[bridge]\nlisten = "http://0.0.0.0:80"', "bridge.listen"),
        (SMALLEST + '[bridge]\nlisten = "unix:relative.sock"', "bridge.listen"),
        (SMALLEST + '[bridge]\nsocket_mode = "0666"', "bridge.socket_mode"),
        (SMALLEST + "[bridge]\nsocket_mode = 432", "bridge.socket_mode"),
        (SMALLEST + "[service]\nworkers = 0", "service.workers"),
        (SMALLEST + '[service]\nworkers = "2"', "service.workers"),
        (SMALLEST + "[service]\nthreads = 65", "service.threads"),
        (SMALLEST + '[access]\nassignable_roles = "gold"', "access.assignable_roles"),
        (SMALLEST + "[access]\ncanceled_may_sign_in = 1", "access.canceled_may_sign_in"),
        (SMALLEST + "[log]\ntrusted_proxies = [1]", "log.trusted_proxies"),
        (SMALLEST + "[log]\nkeep_page_months = 6", "log.keep_…_months"),
        (SMALLEST + "[log]\nkeep_billing_months = -1", "log.keep_…_months"),
        (SMALLEST + "[log]\nmail_seal_days = 90", "log.mail_seal_days"),
        (SMALLEST + '[billing]\ngateway = "paypal"', "billing.gateway"),
        (SMALLEST + '[billing]\nretry_days = "5,2"', "billing.retry_days"),
        (SMALLEST + '[billing]\napi_url = "https://api.example.com"', "billing.api_url"),
        (SMALLEST + '[billing]\nscript_url = "http://127.0.0.1:9000/v3/"', "billing.script_url"),
        (SMALLEST + A_TEST_PROCESSOR + 'script_url = "https://js.example.com/v3/"', "billing.script_url"),
        (SMALLEST + A_TEST_PROCESSOR + 'script_url = "http://127.0.0.1:9@evil.test/"', "billing.script_url"),
        (SMALLEST + A_TEST_PROCESSOR + 'publishable_key = "pk_live_x"', "billing.api_url"),
        (SMALLEST + "[billing]\nnotice_days = 90", "billing.notice_days"),
        (SMALLEST + "[billing]\nthreads = 0", "billing.threads"),
        (SMALLEST + "[billing]\ncalls_per_endpoint = -1", "billing.calls_per_endpoint"),
        (SMALLEST + '[policies]\nterms_url = "javascript:alert(1)"', "policies.terms_url"),
        (SMALLEST + '[policies]\nrefund_file = "/etc/refunds.txt"', "policies.refund_url"),
    ],
)
def test_a_bad_key_gives_an_error_that_names_it(addition, key):
    with pytest.raises(Misconfigured) as caught:
        parse(addition, "here.toml")
    assert re.search(rf"here\.toml: .*\b{re.escape(key)}\b", str(caught.value)), str(caught.value)


def test_what_is_no_toml_and_a_file_that_is_not_there_give_one_sentence_with_the_files_name(tmp_path):
    (tmp_path / "bad.toml").write_text("[site")
    for name in ("bad.toml", "none.toml"):
        with pytest.raises(Misconfigured, match=name):
            load(tmp_path / name)


def test_the_password_comes_from_the_environment_then_the_file_then_the_url(tmp_path, monkeypatch):
    password_file = tmp_path / "password"
    password_file.write_text("from-file\n")
    url = "mysql+pymysql://gatepost:from-url@localhost/wordpress"
    plain = SMALLEST.replace("sqlite://", url)
    monkeypatch.delenv("GATEPOST_DATABASE_PASSWORD", raising=False)
    assert parse(plain).database_url.password == "from-url"
    with_file = parse(f'{plain}password_file = "{password_file}"')
    assert with_file.database_url.password == "from-file"
    monkeypatch.setenv("GATEPOST_DATABASE_PASSWORD", "from-environment")
    assert with_file.database_url.password == "from-environment"


def test_a_secret_of_another_form_is_refused_and_not_repeated(monkeypatch):
    monkeypatch.setenv("GATEPOST_SECRET", "hunter2")
    with pytest.raises(Misconfigured) as caught:
        parse(SMALLEST).secret()
    assert "hunter2" not in str(caught.value)
