"""Settings written into the owner's configuration file, whose comments and everything else stay as they are. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping


def with_settings(text: str, section: str, values: Mapping[str, str]) -> str:
    """The TOML text with these texts in a section; a setting that is there is replaced, also one that is commented out.

    It knows the plain form that `config.example.toml` has. Whoever calls it reads the result and sees whether it says so.

    >>> print(with_settings('[billing]\\n# Who?\\n#gateway = ""\\n[log]\\n', "billing", {"gateway": "stripe", "api_url": "x"}))
    [billing]
    api_url = "x"
    # Who?
    gateway = "stripe"
    [log]
    <BLANKLINE>
    """
    lines = text.splitlines()
    begins = next((place for place, line in enumerate(lines) if _is_heading(line, section)), None)
    if begins is None:
        lines += ["", f"[{section}]"]
        begins = len(lines) - 1
    ends = next((place for place in range(begins + 1, len(lines)) if _is_heading(lines[place])), len(lines))
    body = lines[begins + 1 : ends]
    for name, value in values.items():
        body = _with_setting(body, name, f"{name} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join([*lines[: begins + 1], *body, *lines[ends:]]) + "\n"


def _is_heading(line: str, section: str = "") -> bool:
    name = re.escape(section) if section else ".*"
    return re.fullmatch(rf"\s*\[\s*{name}\s*\]\s*(#.*)?", line) is not None


def _with_setting(body: list[str], name: str, line: str) -> list[str]:
    """A setting that is in force goes before one that is commented out; else it is the first line."""
    for pattern in (rf"\s*{name}\s*=.*", rf"\s*#\s*{name}\s*=.*"):
        for place, there in enumerate(body):
            if re.fullmatch(pattern, there):
                return [*body[:place], line, *body[place + 1 :]]
    return [line, *body]
