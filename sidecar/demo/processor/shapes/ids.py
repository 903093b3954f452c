"""Ids, and the version of the API that everything here follows."""

from __future__ import annotations

import base64
import os

API_VERSION = "2026-10-28.endive"


def new_id(prefix: str) -> str:
    """Letters of both cases and digits, as Stripe's: two ids may differ in case only."""
    return f"{prefix}_{base64.b64encode(os.urandom(18), b'aZ').decode()}"
