"""One WordPress site, and what a test can do with it."""

import email
import email.policy
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.bed.folder import COMPILED, PHP_SOURCES, WEB_ACCOUNT, locked
from tests.bed.mariadb import MariaDB, database_name
from tests.bed.processes import program
from tests.bed.wordpress import full_version


class PhpError(RuntimeError):
    """PHP code run in a site failed; the message is what it wrote on stderr."""


class Site:
    """A site of its own: database, wp-content (plugins, mu-plugins, uploads), constants, log, mail.

    `url` (http://127.0.0.1:PORT), `port`, `path` (the WordPress tree, shared: never write there), `content`
    (this site's wp-content), `version` (such as 6.8.3), `asked_version` (6.1, 6.8, newest), `database_url`
    (SQLAlchemy), `prefix` (of the tables).
    """

    def __init__(
        self,
        *,
        folder: Path,
        url: str,
        tree: Path,
        asked_version: str,
        database_url: str,
        prefix: str,
        redis_port: int,
        cache_prefix: str,
        constants: dict[str, object],
        when_closed: Callable[["Site"], None],
    ):
        self.folder = folder
        self.url = url
        self.port = urlsplit(url).port or 80
        self.path = tree
        self.content = folder / "wp-content"
        self.version = full_version(tree)
        self.asked_version = asked_version
        self.database_url = database_url
        self.prefix = prefix
        self.defined = dict(constants)
        self._redis_port = redis_port
        self._cache_prefix = cache_prefix
        self._when_closed = when_closed
        self._cookies: dict[str, dict[str, str]] = {}
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy, no .netrc
        self._lay_out()

    def get(self, path: str, user: str | None = None, **options: Any) -> requests.Response:
        """GET a path of the site, as a visitor or as a user (a login name). Redirects are not followed."""
        return self.request("GET", path, user, **options)

    def post(self, path: str, user: str | None = None, **options: Any) -> requests.Response:
        """POST to a path of the site; options as in requests."""
        return self.request("POST", path, user, **options)

    def request(self, method: str, path: str, user: str | None = None, **options: Any) -> requests.Response:
        """Any method. Cookies are those of `user` and of `cookies=`; none are kept from one call to the next."""
        cookies = {**(self.cookies(user) if user else {}), **options.pop("cookies", {})}
        options = {"allow_redirects": False, "timeout": 60, **options}
        url = path if path.startswith("http") else self.url + path
        self._http.cookies.clear()
        return self._http.request(method, url, cookies=cookies, **options)

    def cookies(self, login: str) -> dict[str, str]:
        """The user's login cookies, made by WordPress without a form, the same ones at each call."""
        if login not in self._cookies:
            self._cookies[login] = self.log_in(login)
        return self._cookies[login]

    def log_in(self, login: str) -> dict[str, str]:
        """A new session of the user: its cookies, by name."""
        made: dict[str, str] = json.loads(self._script("log_in", login))
        return made

    def php(self, code: str, *args: object, **environment: str) -> str:
        """Run PHP code (no `<?php`) with WordPress loaded, on the command line; what it prints.

        `args` are its `$args`, as strings. Raises PhpError on an exception, a fatal error and wp_die().
        """
        done = subprocess.run(
            [*self._php_command(), str(self._bed_php / "run.php"), str(self.path), *map(str, args)],
            input=code,
            capture_output=True,
            text=True,
            env={
                **_plain_environment(),
                "BED_SITE": str(self.folder),
                "PHP_INI_SCAN_DIR": f":{self._bed_php}",
                **environment,
            },
            cwd=self.folder,
            user=WEB_ACCOUNT,
            group=WEB_ACCOUNT,
            extra_groups=[] if WEB_ACCOUNT else None,
            check=False,
        )
        if done.returncode:
            raise PhpError(f"{done.stderr.strip()}\n{done.stdout.strip()}".strip())
        return done.stdout

    def user(self, login: str, role: str = "subscriber", **fields: object) -> int:
        """A new user with the password LOGIN-pass; fields as in wp_insert_user (meta_input among them)."""
        account = {
            "user_login": login,
            "user_pass": f"{login}-pass",
            "user_email": f"{login}@example.test",
            "role": role,
            **fields,
        }
        return int(self._insert("wp_insert_user", account))

    def new_post(self, title: str, content: str = "", type: str = "post", **fields: object) -> int:
        """A new published post of the admin's; fields as in wp_insert_post."""
        post = {
            "post_title": title,
            "post_content": content,
            "post_type": type,
            "post_status": "publish",
            "post_author": 1,
            **fields,
        }
        return int(self._insert("wp_insert_post", post))

    def option(self, name: str, value: object) -> None:
        """Set an option by WordPress's own function."""
        self.php("update_option($args[0], json_decode($args[1], true));", name, json.dumps(value))

    def constants(self, **values: object) -> None:
        """Define PHP constants for this site (strings, numbers, booleans), from the next request on."""
        self.defined.update(values)
        self._write_settings()

    def mu_plugin(self, name: str, code: str) -> Path:
        """A must-use plugin of this site; the code has no `<?php`."""
        path = self.content / "mu-plugins" / f"{name}.php"
        self._write(path, f"<?php\n{code}\n")
        return path

    def object_cache(self, dropin: bool = True) -> None:
        """Put a persistent object cache (in Redis) into the site, or take it out."""
        path = self.content / "object-cache.php"
        if dropin:
            self._write(path, (PHP_SOURCES / "object-cache.php").read_text())
        else:
            path.unlink(missing_ok=True)

    def install_plugin(self, archive: Path) -> str:
        """Install a plugin's zip as the admin's upload does; the plugin's main file, such as gatepost/gatepost.php."""
        upload = self.folder / archive.name
        shutil.copyfile(archive, upload)
        self._own(upload)
        return self._script("install_plugin", upload)

    def activate(self, plugin: str) -> None:
        """Activate an installed plugin, named by its folder, with its activation hook."""
        self._script("activate", plugin)

    def deactivate(self, plugin: str) -> None:
        """Deactivate an active plugin, named by its folder."""
        self._script("deactivate", plugin)

    def log(self, about: str = "") -> str:
        """What PHP and WordPress complained about, the lines that hold `about`: "/plugins/gatepost/" for ours."""
        path = self.folder / "debug.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return "\n".join(line for line in lines if about in line)

    def mails(self) -> list[EmailMessage]:
        """The mail that WordPress has sent, oldest first."""
        files = sorted((self.folder / "mail").glob("*.eml"))
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]

    def close(self) -> None:
        """Drop the site: database, files."""
        self._http.close()
        self._when_closed(self)
        shutil.rmtree(self.folder, ignore_errors=True)

    def fill_from_template(self, template: str, server: MariaDB) -> None:
        """Become a copy of an installed, untouched site."""
        database = database_name(self.database_url)
        tables = [name for (name,) in server.execute(f"SHOW TABLES FROM `{template}`")]
        server.copy_tables(
            template, database, {name: self.prefix + name.removeprefix("wp_") for name in tables}
        )
        self._take_address(server)
        if self.prefix != "wp_":
            self._rename_prefixed_rows(server, "options", "option_name", "wp\\_user\\_roles")
            self._rename_prefixed_rows(server, "usermeta", "meta_key", "wp\\_%")

    def copy_from(self, other: "Site", server: MariaDB) -> None:
        """Become a copy of another site, its wp-content included."""
        server.copy_tables(database_name(other.database_url), database_name(self.database_url))
        self._take_address(server)
        shutil.rmtree(self.content)
        shutil.copytree(other.content, self.content, symlinks=True)
        self._own(self.content, recursive=True)

    def _take_address(self, server: MariaDB) -> None:
        server.execute(
            f"UPDATE `{database_name(self.database_url)}`.`{self.prefix}options` SET option_value = %s "
            "WHERE option_name IN ('home', 'siteurl')",
            [self.url],
        )

    def _rename_prefixed_rows(self, server: MariaDB, table: str, column: str, like: str) -> None:
        server.execute(
            f"UPDATE `{database_name(self.database_url)}`.`{self.prefix}{table}` "
            f"SET {column} = CONCAT(%s, SUBSTRING({column}, 4)) WHERE {column} LIKE %s",
            [self.prefix, like],
        )

    def _php_command(self) -> list[str]:
        """PHP's command line with WordPress's compiled code kept on disk, which halves the time of a call."""
        settings = {
            "opcache.enable_cli": 1,
            "opcache.file_cache": COMPILED,
            "opcache.file_cache_only": 1,
            "opcache.blacklist_filename": self._bed_php / "uncompiled",
        }
        return [program("php"), *(f"-d{name}={value}" for name, value in settings.items())]

    @property
    def _bed_php(self) -> Path:
        return self.folder.parents[1] / "php"

    def _lay_out(self) -> None:
        for name in ("plugins", "mu-plugins", "uploads"):
            (self.content / name).mkdir(parents=True)
        (self.folder / "mail").mkdir()
        (self.content / "themes").symlink_to(self.path / "wp-content/themes")
        self._write_settings()
        self._own(self.folder, recursive=True)

    def _write_settings(self) -> None:
        url = urlsplit(self.database_url)
        settings = {
            "url": self.url,
            "database": url.path.removeprefix("/"),
            "user": url.username,
            "password": url.password,
            "socket": parse_qs(url.query)["unix_socket"][0],
            "prefix": self.prefix,
            "redis_port": self._redis_port,
            "cache_prefix": self._cache_prefix,
            "constants": self.defined,
        }
        self._write(self.folder / "site.json", json.dumps(settings), mode=0o600)

    def _write(self, path: Path, text: str, *, mode: int = 0o644) -> None:
        """Whole or not at all: a PHP worker may read it now."""
        part = path.with_name(f".{path.name}.part")
        part.write_text(text)
        part.chmod(mode)
        self._own(part)
        part.rename(path)

    def _own(self, path: Path, *, recursive: bool = False) -> None:
        if WEB_ACCOUNT is None:
            return
        for one in [path, *(path.rglob("*") if recursive else ())]:
            if not one.is_symlink():
                shutil.chown(one, WEB_ACCOUNT, WEB_ACCOUNT)

    def _script(self, name: str, *args: object) -> str:
        return self.php((PHP_SOURCES / f"{name}.php").read_text().removeprefix("<?php"), *args)

    def _insert(self, function: str, fields: dict[str, object]) -> str:
        return self.php(
            f"$made = {function}(wp_slash(json_decode($args[0], true)), true);"
            "if (is_wp_error($made)) { throw new RuntimeException($made->get_error_message()); }"
            "echo $made;",
            json.dumps(fields),
        )


def install(site: Site) -> None:
    """Install WordPress in an empty database, unattended; under a second."""
    site.php((PHP_SOURCES / "install.php").read_text().removeprefix("<?php"), BED_INSTALLS="1")


def template_database(server: MariaDB, version: str, install_bare: Callable[[str, str], None]) -> str:
    """The name of a database with an untouched site of this version, kept in the server between sessions."""
    recipe = hashlib.sha256((PHP_SOURCES / "install.php").read_bytes()).hexdigest()[:8]
    name = f"template_{re.sub(r'[^a-z0-9]', '_', version)}_{recipe}"
    complete = f"{name}_complete"  # made last: a killed run leaves no template that counts
    with locked(name):
        if not server.execute("SHOW DATABASES LIKE %s", [complete.replace("_", r"\_")]):
            url = server.new_database("template")
            install_bare(version, url)
            server.execute(f"DROP DATABASE IF EXISTS `{name}`")
            server.execute(f"CREATE DATABASE `{name}`")
            server.copy_tables(database_name(url), name)
            server.drop_database(url)
            server.execute(f"CREATE DATABASE `{complete}`")
    return name


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL", "TZ"}}
