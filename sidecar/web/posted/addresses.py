"""What an e-mail address looks like that somebody types in. Pure."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]+\.[^@\s<>\".]{2,}")


def is_email(text: str) -> bool:
    """A quick look; whether it is somebody's, a mail shows.

    >>> is_email("anna@example.test"), is_email("anna@example"), is_email("a b@example.test")
    (True, False, False)
    """
    return _EMAIL.fullmatch(text) is not None
