"""How somebody came: what the page's address says, and what the addresses said that he came by before. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from sidecar.i18n import _

_MOST_PARAMETERS = 100


@dataclass(frozen=True)
class Landing:
    """`url`: the page's path and query. `kept`: parameters that the bridge's cookie has kept, as a query.

    `affiliate` and `subaffiliate`: what the page's own address names.
    """

    url: str = ""
    kept: str = ""
    affiliate: str = ""
    subaffiliate: str = ""

    @cached_property
    def _parameters(self) -> dict[str, str]:
        """By name in lower case; what the page's own address says counts."""
        return {**_pairs(self.kept), **self._of_page}

    @cached_property
    def _of_page(self) -> dict[str, str]:
        return _pairs(urlsplit(self.url).query)

    @property
    def sent_by(self) -> tuple[str, str]:
        """(affiliate, subaffiliate). A new affiliate takes the place of both that were there before."""
        if self.affiliate:
            return self.affiliate, self.subaffiliate
        return self._parameters.get("affid", ""), self._parameters.get("sid", "")

    def parameter(self, name: str) -> str | None:
        """By its name in lower case."""
        return self._parameters.get(name)

    def of_page(self, name: str) -> str:
        """A parameter of the page's own address, or ''."""
        return self._of_page.get(name, "")


def _pairs(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return {}
    return {name.lower(): value for name, value in reversed(pairs)}


def error_sentence(code: str) -> str:
    """Why somebody was led to the error page, by the `code` in its address; '' for none of ours."""
    sentences = {
        "100020": _("This content is not part of your membership."),
        "100030": _("Your membership was canceled."),
        "100031": _("Your account is locked. Please contact us."),
        "100034": _("Your membership has expired."),
    }
    return sentences.get(code, "")
