"""Where the dashboard stands for this request: its addresses, its cookie, whose address the request came from.

It is reached in two ways: through the bridge (an envelope, `bridge_side`), or by a reverse proxy that `dashboard.address` names.
Routes are the same below `/dashboard`; what a browser sees is made here alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlsplit

from flask import Request, request, url_for

PREFIX = "/dashboard"
COOKIE = "gatepost_dashboard"
_ENVIRON = "gatepost.place"


@dataclass(frozen=True)
class Place:
    """`origin`: scheme and host of the site as a browser names them. `base`: the path before every screen, such as `/gatepost`;
    with `by_query` the address that `gatepost=` is added to (a site without pretty permalinks), such as `/`. `sign_on`: the
    address in WordPress that leads in; '' where there is none. `locale`: that of the site."""

    origin: str
    base: str
    ip: str
    by_query: bool = False
    sign_on: str = ""
    locale: str = ""

    def address(self, inner: str) -> str:
        """The address in the browser of a path below `/dashboard`, with its query.

        >>> Place("https://a.test", "/sub/gatepost", "").address("/members?level=3")
        '/sub/gatepost/members?level=3'
        >>> Place("https://a.test", "/sub/", "", by_query=True).address("/members?level=3")
        '/sub/?gatepost=/members&level=3'
        """
        path, mark, query = inner.partition("?")
        if not self.by_query:
            return f"{self.base}{path}{mark}{query}"
        more = f"&{query}" if query else ""
        return f"{self.base}?gatepost={quote(path, safe='/')}{more}"

    @property
    def cookie_path(self) -> str:
        """The narrowest path that every screen lies below."""
        return self.base if self.by_query else f"{self.base}/"

    @property
    def is_secure(self) -> bool:
        """Whether the browser came by TLS."""
        return self.origin.startswith("https://")


def place_of_url(url: str, ip: str, sign_on: str = "") -> Place:
    """The place that a configured address names."""
    parts = urlsplit(url)
    return Place(f"{parts.scheme}://{parts.netloc}", parts.path, ip, sign_on=sign_on)


def put_place(environ: dict[str, object], place: Place) -> None:
    """Say where a request of ours stands."""
    environ[_ENVIRON] = place


def find_place(of: Request) -> Place | None:
    """The place that the bridge's envelope has told; None for a request that came by itself. No header can set it."""
    return cast("Place | None", of.environ.get(_ENVIRON))


def link(endpoint: str, **values: object) -> str:
    """The browser's address of a screen; an endpoint of the dashboard is named without its blueprint."""
    given: dict[str, Any] = {key: value for key, value in values.items() if value not in (None, "")}
    inner = url_for(f"dashboard.{endpoint}", **given)
    return here().address(inner.removeprefix(PREFIX))


def here() -> Place:
    """Of the present request, once the door has found it."""
    return cast(Place, request.environ[_ENVIRON])
