"""WordPress trees out of Debian's packages, unpacked without installing anything.

A tree holds WordPress and its default theme, and serves any number of sites: its wp-config.php asks the
request which site it is for. Nothing of a site lies in the tree.
"""

import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bed.folder import ROOT, TREES, BedError, locked, prepare_root
from tests.bed.processes import program

SUITES = {"6.1": "bookworm", "6.8": "trixie", "newest": "sid"}
"""WordPress version → the Debian suite that carries it."""

LINKED = re.compile(r"\b(?:libjs-|libphp-|php-getid3|wordpress-theme-)[a-z0-9-]*")
"""The packages with files that Debian's WordPress links to, among those it depends on; and its theme."""

DEBIAN_SUITES = "(?:bookworm|trixie|forky|sid|stable|testing|unstable)"

WP_CONFIG = """\
<?php
// One tree, many sites: the web server or the environment says which site this request is for.
require dirname($_SERVER['BED_SITE'], 2) . '/php/wp-config.php';
if (!defined('ABSPATH')) {
\tdefine('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
"""


def tree(version: str = "newest") -> Path:
    """The tree of one version, fetched the first time (about 10 s); kept until `python -m tests.bed wipe`."""
    folder = TREES / version
    with locked(f"wordpress-{version}"):
        if not (folder / "wp-config.php").exists():
            _fetch(SUITES[version], folder)
    return folder


def fetch_all() -> None:
    """All versions, in parallel."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(tree, SUITES))


def full_version(folder: Path) -> str:
    """What the tree says of itself, such as 6.8.3."""
    found = re.search(r"\$wp_version = '([^']+)'", (folder / "wp-includes/version.php").read_text())
    if found is None:
        raise BedError(f"{folder} has no WordPress version")
    return found[1]


def _fetch(suite: str, folder: Path) -> None:
    prepare_root()
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=f"fetch-{suite}-") as name:
        work = Path(name)
        apt = _apt(suite, work)
        _run([*apt, "update"], work)
        _run([*apt, "download", "wordpress", *_linked_packages(apt)], work / "debs")
        for deb in (work / "debs").glob("*.deb"):
            _run([program("dpkg"), "-x", str(deb), str(work / "root")], work)
        _lay_out(work / "root", folder)


def _linked_packages(apt: list[str]) -> list[str]:
    settings = [word for word in apt if word.startswith("-o")]
    shown = _run([program("apt-cache"), *settings, "show", "wordpress"], ROOT)
    relations = re.findall(r"^(?:Depends|Recommends): (.*)$", shown, re.MULTILINE)
    return sorted(set(LINKED.findall(" ".join(relations))))


def _lay_out(unpacked: Path, folder: Path) -> None:
    """Debian's package links into other packages by absolute paths; here everything becomes a plain file."""
    source = unpacked / "usr/share/wordpress"
    for leftover in ("wp-config.php", ".htaccess"):
        (source / leftover).unlink(missing_ok=True)
    links = [path for path in source.rglob("*") if path.is_symlink()]
    if missing := [link for link in links if not _inside(unpacked, link).exists()]:
        names = "\n".join(f"{link.relative_to(source)} -> {link.readlink()}" for link in missing)
        raise BedError(f"WordPress's package links to files that no fetched package has:\n{names}")
    for link in links:
        target = _inside(unpacked, link)
        link.unlink()
        link.symlink_to(target)
    ready = folder.with_name(f".{folder.name}-{os.getpid()}")
    shutil.rmtree(ready, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, ready)
    _run([program("chmod"), "-R", "a+rX,u+w", str(ready)], unpacked)
    (ready / "wp-config.php").write_text(WP_CONFIG)
    ready.rename(folder)


def _inside(unpacked: Path, link: Path) -> Path:
    """What the link means once `unpacked` is the root; certificates are this machine's own."""
    target = Path(os.path.normpath("/" / link.parent.relative_to(unpacked) / link.readlink()))
    inside = unpacked / target.relative_to("/")
    return inside if inside.exists() else target


def _apt(suite: str, work: Path) -> list[str]:
    """apt-get with lists, caches and sources of its own: this machine's sources, the suite changed."""
    for name in ("lists/partial", "cache/archives/partial", "parts", "debs", "root"):
        (work / name).mkdir(parents=True)
    (work / "sources.list").write_text(_one_line_sources(suite))
    (work / "parts/bed.sources").write_text(_deb822_sources(suite))
    if not (work / "sources.list").read_text() and not (work / "parts/bed.sources").read_text():
        raise BedError(
            "No Debian archive among this machine's apt sources. WordPress 6.1, 6.8 and newest come out of Debian's "
            "packages: install debian-archive-keyring and set GATEPOST_DEBIAN_ARCHIVE to the address of a mirror."
        )
    settings = {
        "Dir::State::Lists": work / "lists",
        "Dir::Cache": work / "cache",
        "Dir::Etc::SourceList": work / "sources.list",
        "Dir::Etc::SourceParts": work / "parts",
        "APT::Sandbox::User": "root",  # the work folder is ours alone
        "Acquire::Retries": 3,
        "Acquire::Languages": "none",
    }
    return [program("apt-get"), "-qq", *(f"-o{name}={value}" for name, value in settings.items())]


def _one_line_sources(suite: str) -> str:
    if mirror := os.environ.get("GATEPOST_DEBIAN_ARCHIVE"):
        keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
        return f"deb [signed-by={keys}] {mirror} {suite} main\n"
    files = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*.list")]
    lines = [line for file in files if file.is_file() for line in file.read_text().splitlines()]
    debian = re.compile(rf"^(deb\s+(?:\[[^]]*\]\s+)?\S+)\s+{DEBIAN_SUITES}\s")
    found = [debian.match(line) for line in lines if "security" not in line]
    return "".join(dict.fromkeys(f"{match[1]} {suite} main\n" for match in found if match))


def _deb822_sources(suite: str) -> str:
    if os.environ.get("GATEPOST_DEBIAN_ARCHIVE"):
        return ""
    for file in sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", file.read_text()):
            if "security" not in stanza and re.search(rf"^Suites:\s*{DEBIAN_SUITES}\b", stanza, re.MULTILINE):
                return re.sub(r"^Suites:.*$", f"Suites: {suite}", stanza, flags=re.MULTILINE) + "\n"
    return ""


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise BedError(f"{' '.join(command)} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    return done.stdout
