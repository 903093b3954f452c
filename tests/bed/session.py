"""One test run: its own Redis, php-fpm with two workers and nginx, and the sites it makes.

Everything of a session lies in its folder and dies with the process that opened it. A session that was
killed leaves its folder and databases; the next session of the account clears them, as their lock is free.
"""

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from itertools import count

from tests.bed import mariadb, wordpress
from tests.bed.folder import (
    AS_ROOT,
    PHP_SOURCES,
    SESSIONS,
    TREES,
    WEB_ACCOUNT,
    BedError,
    locked,
    prepare_root,
    try_lock,
)
from tests.bed.processes import child, php_fpm, program, stop, wait_until
from tests.bed.site import Site, install, template_database

SITES_PER_VERSION = 48
SERVERS = ("nginx", "php-fpm", "redis")

NGINX = """\
{user}daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 1024; }}
http {{
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log off;
  keepalive_timeout 65;
  keepalive_requests 100000;
  client_max_body_size 64m;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
{servers}}}
"""

NGINX_SERVER = """\
  server {{
{listens}    server_name localhost;
    root {tree};
    index index.php;
    location / {{ try_files $uri $uri/ /index.php?$args; }}
    location ~ \\.php$ {{ try_files $uri =404; include {folder}/fastcgi.conf; }}
    location ^~ /wp-content/ {{
      root {folder}/sites/$server_port;
      location ~ \\.php$ {{ try_files $uri =404; include {folder}/fastcgi.conf; }}
    }}
  }}
"""

# Debian's nginx hands on HTTP_HOST without the port; WordPress would redirect to itself for ever.
NGINX_FASTCGI = """\
include /etc/nginx/fastcgi_params;
fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
fastcgi_param HTTP_HOST $http_host;
fastcgi_param BED_SITE {folder}/sites/$server_port;
fastcgi_pass unix:{folder}/php-fpm.sock;
fastcgi_read_timeout 300;
fastcgi_buffers 32 16k;
"""

PHP_FPM = """\
[global]
pid={folder}/php-fpm.pid
error_log={folder}/php-fpm.log
daemonize=no
[www]
{user}listen={folder}/php-fpm.sock
listen.backlog=511
pm=static
pm.max_children={workers}
clear_env=no
"""

# revalidate_freq 0: a test changes a file and sees it in the next request.
PHP_INI = """\
memory_limit=512M
opcache.memory_consumption=256
opcache.interned_strings_buffer=32
opcache.max_accelerated_files=30000
opcache.revalidate_freq=0
realpath_cache_size=4096k
log_errors=on
error_log={folder}/php.log
mail.add_x_header=0
sendmail_path="{php} -n {folder}/php/sendmail.php"
"""

REDIS = """\
bind 127.0.0.1
port {port}
daemonize no
pidfile {folder}/redis.pid
dir {folder}
save ""
appendonly no
"""


class Session:
    """The servers of one test run, each started when it is first asked for. Close it, whatever happened."""

    def __init__(self, *, php_workers: int = 2):
        self.id = secrets.token_hex(4)
        self.folder = SESSIONS / self.id
        prepare_root()
        with locked("sessions"):
            clear_dead_sessions()
            self.folder.mkdir(mode=0o755)
            self._lock = try_lock(self.folder / "lock")
        self._php_workers = php_workers
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._mariadb: mariadb.MariaDB | None = None
        self._redis_port: int | None = None
        self._ports: dict[str, Iterator[int]] = {}
        self._used_ports: dict[str, list[int]] = {}
        self._sites: list[Site] = []
        self._numbers = count(1)

    @property
    def mariadb(self) -> mariadb.MariaDB:
        if self._mariadb is None:
            self._mariadb = mariadb.join(self.id)
            _drop_databases_without_session(self._mariadb)
        return self._mariadb

    @property
    def redis_port(self) -> int:
        if self._redis_port is None:
            port = _free_ports(1)[0]
            configuration = self.folder / "redis.conf"
            configuration.write_text(REDIS.format(port=port, folder=self.folder))
            self._start("redis", [program("redis-server"), str(configuration)])
            self._wait_for_tcp("redis", port)
            self._redis_port = port
        return self._redis_port

    def new_site(
        self,
        version: str = "newest",
        *,
        prefix: str = "wp_",
        constants: dict[str, object] | None = None,
        copy_of: Site | None = None,
    ) -> Site:
        """A WordPress just installed: user admin (password admin-pass), permalinks /%postname%/, no plugins.

        `prefix` is the table prefix. `copy_of`: the clone of another site, content and plugins included,
        under its own address and database, as when an owner copies a site to a staging machine.
        """
        if copy_of:
            version, prefix = copy_of.asked_version, copy_of.prefix
            constants = {**copy_of.defined, **(constants or {})}
        tree = wordpress.tree(version)
        self._start_web_servers()
        site = Site(
            folder=self.folder / "sites" / str(port := self._next_port(version)),
            url=f"http://127.0.0.1:{port}",
            tree=tree,
            asked_version=version,
            database_url=self.mariadb.new_database("wordpress"),
            prefix=prefix,
            redis_port=self.redis_port,
            cache_prefix=f"{self.id}-{next(self._numbers)}:",
            constants=constants or {},
            when_closed=self._site_closed,
        )
        self._sites.append(site)
        if copy_of:
            site.copy_from(copy_of, self.mariadb)
        else:
            site.fill_from_template(
                template_database(self.mariadb, version, self._install_bare), self.mariadb
            )
        return site

    def close(self) -> None:
        """Stop the servers, drop the databases, remove the folder."""
        try:
            for site in list(self._sites):
                site.close()
            for name in SERVERS:
                self._stop(name)
        finally:
            if self._mariadb is not None:
                self._mariadb.leave()
            shutil.rmtree(self.folder, ignore_errors=True)
            if self._lock is not None:
                os.close(self._lock)

    def _install_bare(self, version: str, database_url: str) -> None:
        site = Site(
            folder=self.folder / "sites" / f"template-{version}",
            url="http://127.0.0.1",
            tree=wordpress.tree(version),
            asked_version=version,
            database_url=database_url,
            prefix="wp_",
            redis_port=0,
            cache_prefix="",
            constants={},
            when_closed=lambda _: None,
        )
        try:
            install(site)
        finally:
            shutil.rmtree(site.folder)

    def _site_closed(self, site: Site) -> None:
        self._sites.remove(site)
        self.mariadb.drop_database(site.database_url)
        self._used_ports[site.asked_version].append(site.port)

    def _next_port(self, version: str) -> int:
        """A port never used before; once all are used, those of closed sites again, after PHP forgot them."""
        port = next(self._ports[version], None)
        if port is not None:
            return port
        closed = self._used_ports[version]
        if not closed:
            raise BedError(f"{SITES_PER_VERSION} sites of WordPress {version} are open: close some")
        self._restart_php()
        self._ports[version], self._used_ports[version] = iter(closed), []
        return next(self._ports[version])

    def _start_web_servers(self) -> None:
        if "nginx" in self._children:
            return
        self._lay_out_php()
        self._start_php()
        self._start_nginx()

    def _lay_out_php(self) -> None:
        shutil.copytree(PHP_SOURCES, self.folder / "php")
        ini = PHP_INI.format(php=program("php"), folder=self.folder)
        (self.folder / "php/bed.ini").write_text(ini)
        (self.folder / "php/uncompiled").write_text(f"{SESSIONS}/*\n")
        subprocess.run([program("chmod"), "-R", "a+rX", str(self.folder)], check=True)
        sites = self.folder / "sites"
        sites.mkdir()
        if WEB_ACCOUNT:
            shutil.chown(sites, WEB_ACCOUNT, WEB_ACCOUNT)

    def _start_php(self) -> None:
        user = f"user={WEB_ACCOUNT}\ngroup={WEB_ACCOUNT}\nlisten.owner={WEB_ACCOUNT}\n" if AS_ROOT else ""
        configuration = self.folder / "php-fpm.conf"
        configuration.write_text(PHP_FPM.format(folder=self.folder, user=user, workers=self._php_workers))
        scan = {"PHP_INI_SCAN_DIR": f":{self.folder}/php"}
        self._start("php-fpm", [php_fpm(), "--fpm-config", str(configuration)], env=scan)
        self._wait("php-fpm", self._php_listens)

    def _php_listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.folder / "php-fpm.sock")) == 0

    def _restart_php(self) -> None:
        """With it goes what PHP remembers of a port's former site: APCu, opcache, resolved paths."""
        self._stop("php-fpm")
        (self.folder / "php-fpm.sock").unlink(missing_ok=True)
        self._start_php()

    def _start_nginx(self) -> None:
        ports = iter(_free_ports(SITES_PER_VERSION * len(wordpress.SUITES)))
        servers = ""
        for version in wordpress.SUITES:
            own = [next(ports) for _ in range(SITES_PER_VERSION)]
            self._ports[version], self._used_ports[version] = iter(own), []
            servers += NGINX_SERVER.format(
                listens="".join(f"    listen 127.0.0.1:{port};\n" for port in own),
                tree=TREES / version,
                folder=self.folder,
            )
        user = f"user {WEB_ACCOUNT};\n" if AS_ROOT else ""
        configuration = self.folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=self.folder, user=user, servers=servers))
        (self.folder / "fastcgi.conf").write_text(NGINX_FASTCGI.format(folder=self.folder))
        log = str(self.folder / "nginx.log")
        self._start("nginx", [program("nginx"), "-e", log, "-p", str(self.folder), "-c", str(configuration)])
        self._wait_for_tcp("nginx", own[-1])

    def _start(self, name: str, command: list[str], env: dict[str, str] | None = None) -> None:
        self._children[name] = child(command, env=env, log=self.folder / f"{name}.output")

    def _stop(self, name: str) -> None:
        if name in self._children:
            process = self._children.pop(name)
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait_for_tcp(self, name: str, port: int) -> None:
        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        self._wait(name, listens)

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        def died() -> bool:
            return self._children[name].poll() is not None

        if not wait_until(lambda: ready() or died(), within_seconds=20) or died():
            logs = [self.folder / f"{name}.output", self.folder / f"{name}.log"]
            said = "".join(log.read_text(errors="replace")[-2000:] for log in logs if log.exists())
            raise BedError(f"{name} did not start:\n{said}")


def clear_dead_sessions() -> None:
    """Stop what killed sessions left running, and remove their folders."""
    for folder in SESSIONS.iterdir():
        free = try_lock(folder / "lock")
        if free is None:
            continue
        for name in SERVERS:
            stop(folder / f"{name}.pid")
        shutil.rmtree(folder, ignore_errors=True)
        os.close(free)


def live_sessions() -> list[str]:
    """The ids of the sessions whose process lives."""
    live = []
    for folder in sorted(SESSIONS.glob("*")):
        free = try_lock(folder / "lock")
        if free is None:
            live.append(folder.name)
        else:
            os.close(free)
    return live


def _drop_databases_without_session(server: mariadb.MariaDB) -> None:
    names = [name for (name,) in server.execute(r"SHOW DATABASES LIKE 'gp\_%'")]
    for session_id in {name.split("_")[1] for name in names} - {path.name for path in SESSIONS.iterdir()}:
        server.drop_session(session_id)


def _free_ports(number: int) -> list[int]:
    """Below the range from which the kernel gives ports to outgoing connections, so that they stay free."""
    start = 20000 + secrets.randbelow(11000)
    found: list[int] = []
    for port in range(start, 32700):
        if len(found) == number:
            return found
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
    raise BedError(f"fewer than {number} TCP ports are free from {start} on")
