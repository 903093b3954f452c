"""API keys: whose account, test or live, a server's or a browser's."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from sidecar.demo.processor.refusals import ApiError, unauthorized

MODES = {"test": False, "live": True}


@dataclass(frozen=True, slots=True)
class Visitor:
    livemode: bool
    publishable: bool


class Keyring:
    """Without named secret keys every well-formed key opens; with them only those, and any publishable one."""

    def __init__(self, secret_keys: list[str]) -> None:
        self._secret_keys = frozenset(secret_keys)

    def admit(self, authorization: str) -> Visitor:
        """Raises 401."""
        key = key_from(authorization)
        kind, _, rest = key.partition("_")
        mode, _, name = rest.partition("_")
        secret = kind in {"sk", "rk"}
        if mode not in MODES or not name or not (secret or kind == "pk"):
            raise unauthorized(key)
        if secret and self._secret_keys and key not in self._secret_keys:
            raise unauthorized(key)
        return Visitor(MODES[mode], not secret)


def key_from(authorization: str) -> str:
    """Of `Bearer KEY`, or of basic authentication's user name."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        return _basic_user(value)
    return ""


def _basic_user(value: str) -> str:
    try:
        return base64.b64decode(value).decode().partition(":")[0]
    except ValueError:
        return ""


def secret_key_needed() -> ApiError:
    """A browser's key cannot do this."""
    error = ApiError(
        403,
        "invalid_request_error",
        "This API call cannot be made with a publishable API key. Please use a secret API key.",
        code="secret_key_required",
    )
    error.kept = False
    return error
