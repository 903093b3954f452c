"""Build the WordPress plugin: python -m tests.bed.plugin_zip FOLDER writes FOLDER/gatepost-VERSION.zip.

The same sources always make the same bytes: names in order, one date, one mode. What the tests install is
what is shipped.
"""

import io
import os
import re
import struct
import sys
import zipfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from sidecar import __version__

CHECKOUT = Path(__file__).resolve().parents[2]
BRIDGE = CHECKOUT / "wp-bridge"
SAME_DATE = (1980, 1, 1, 0, 0, 0)  # the oldest a zip can say


def build(folder: Path) -> Path:
    """Write the zip into the folder, whole or not at all; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"gatepost-{version()}.zip"
    part = archive.with_name(f".{archive.name}.{os.getpid()}")
    with zipfile.ZipFile(part, "w") as zip_file:
        for name, content in sorted(contents().items()):
            entry = zipfile.ZipInfo(f"gatepost/{name}", SAME_DATE)
            entry.external_attr = 0o644 << 16
            zip_file.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    part.replace(archive)
    return archive


def contents() -> dict[str, bytes]:
    """The plugin's files, by their path in the plugin; each translation also compiled."""
    sources = [path for path in BRIDGE.rglob("*") if path.is_file() and not path.name.startswith(".")]
    files = {path.relative_to(BRIDGE).as_posix(): path.read_bytes() for path in sources}
    compiled = {
        name.removesuffix(".po") + ".mo": _compile(content)
        for name, content in files.items()
        if name.endswith(".po")
    }
    return files | compiled


def version() -> str:
    """The plugin's version; refuses one that is not the distribution's."""
    found = re.search(r"^\s*\*?\s*Version:\s*(\S+)", (BRIDGE / "gatepost.php").read_text(), re.MULTILINE)
    if found is None or found[1] != __version__:
        raise SystemExit(f"wp-bridge/gatepost.php must say Version: {__version__}, as sidecar does")
    return __version__


def _compile(translation: bytes) -> bytes:
    """A .mo file. Babel writes 0 for the place of the (empty) hash table, which WordPress 6.1 takes for damage."""
    stream = io.BytesIO()
    write_mo(stream, read_po(io.BytesIO(translation)))
    compiled = bytearray(stream.getvalue())
    (count,) = struct.unpack_from("<I", compiled, 8)
    struct.pack_into("<I", compiled, 24, 28 + 16 * count)
    return bytes(compiled)


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
