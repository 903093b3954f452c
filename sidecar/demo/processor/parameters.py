"""Form fields with nested names (`card[number]=…`), read with Stripe's words for what is wrong."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from sidecar.demo.processor.refusals import WrongParameter

Params = dict[str, Any]
"""Texts and Params, nested; a list is a dict with the keys "0", "1", …"""


def parse(form: str) -> Params:
    """
    >>> parse("amount=5&metadata[a]=b&expand[]=x&expand[]=y")
    {'amount': '5', 'metadata': {'a': 'b'}, 'expand': {'0': 'x', '1': 'y'}}
    """
    result: Params = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        _put(result, name, value)
    return result


def _put(into: Params, name: str, value: str) -> None:
    *steps, last = name.replace("]", "").split("[") if "[" in name else [name]
    for step in steps:
        into = into.setdefault(step or str(len(into)), {})
        if not isinstance(into, dict):
            raise WrongParameter("Invalid object", steps[0], "parameter_invalid")
    into[last or str(len(into))] = value


def reject_unknown(params: Params, known: frozenset[str]) -> None:
    """Raises for the first name that the endpoint does not know."""
    for name in params:
        if name not in known:
            raise WrongParameter(f"Received unknown parameter: {name}", name, "parameter_unknown")


def text(params: Params, name: str) -> str | None:
    """None where it is missing or empty (empty means: unset)."""
    value = params.get(name)
    if isinstance(value, dict):
        raise WrongParameter(f"Invalid string: {name}", name, "parameter_invalid_string")
    return value or None


def needed(params: Params, name: str) -> str:
    """Like `text`, and it must be there."""
    value = text(params, name)
    if value is None:
        raise WrongParameter(f"Missing required param: {name}.", name, "parameter_missing")
    return value


def whole(params: Params, name: str) -> int | None:
    """An integer; None where it is missing."""
    value = text(params, name)
    if value is None:
        return None
    try:
        return int(value)
    except ValueError:
        raise WrongParameter(f"Invalid integer: {value}", name, "parameter_invalid_integer") from None


def flag(params: Params, name: str) -> bool | None:
    """`true` or `false`; None where it is missing."""
    value = text(params, name)
    if value not in {None, "true", "false"}:
        raise WrongParameter(f"Invalid boolean: {value}", name)
    return None if value is None else value == "true"


def one_of(params: Params, name: str, *allowed: str) -> str | None:
    """One of the texts; None where it is missing."""
    value = text(params, name)
    if value is not None and value not in allowed:
        raise WrongParameter(f"Invalid {name}: must be one of {', '.join(allowed)}", name)
    return value


def inner(params: Params, name: str) -> Params:
    """The nested fields of that name; empty where there are none."""
    value = params.get(name) or {}
    if not isinstance(value, dict):
        raise WrongParameter("Invalid object", name, "parameter_invalid")
    return value


def many(params: Params, name: str) -> list[str]:
    """A list of texts, also where one text stands for it."""
    value = params.get(name) or {}
    return [str(entry) for entry in value.values()] if isinstance(value, dict) else [value]


def merged_metadata(old: dict[str, str], params: Params) -> dict[str, str]:
    """Stripe merges by key; an empty value removes its key, an empty `metadata` all.

    >>> merged_metadata({"a": "1", "b": "2"}, {"metadata": {"a": "", "c": "3"}})
    {'b': '2', 'c': '3'}
    """
    if params.get("metadata") == "":
        return {}
    result = {**old, **inner(params, "metadata")}
    for key, value in result.items():
        if not isinstance(value, str) or len(key) > 40 or len(value) > 500:
            raise WrongParameter(f"Metadata must be short texts: {key}", f"metadata[{key}]")
    if len(result) > 50:
        raise WrongParameter("Metadata can have up to 50 keys", "metadata")
    return {key: value for key, value in result.items() if value}
