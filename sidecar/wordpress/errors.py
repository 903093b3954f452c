"""What can be wrong with what stands in the site's tables."""

from collections.abc import Mapping

from sidecar.errors import GatepostError
from sidecar.i18n import _


class BadPrefix(GatepostError):
    """A table prefix or table name that WordPress itself would not accept."""


class Unreadable(GatepostError):
    """A serialized PHP value that is broken, hostile, or of a kind we leave alone (objects). Never written back."""


class RolesNotAllowed(GatepostError):
    """Roles that may not be given to members, each with the reasons.

    `reasons`: role -> sorted names of its administrative capabilities; an empty tuple means that the site has no such
    role, so nobody can say what it would allow.
    """

    def __init__(self, reasons: Mapping[str, tuple[str, ...]]) -> None:
        self.reasons = dict(reasons)
        super().__init__("; ".join(_sentence(role, why) for role, why in sorted(self.reasons.items())))


def _sentence(role: str, why: tuple[str, ...]) -> str:
    return f"{role}: {', '.join(why)}" if why else _("{role}: no such role").format(role=role)
