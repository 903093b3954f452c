"""PHP's serialization, as text. Nothing else in the project knows this format.

Text goes in and out as `str`; the lengths inside count UTF-8 bytes, as PHP's do. PHP lists come back as dicts with the
keys 0, 1, 2. Objects, enums, references and custom formats are refused, so nothing is ever built from what a table holds.

The rule of the house: a value that cannot be read is never written back. `loads_for_rewrite` is stricter than `loads`, and
refuses what `dumps` would not repeat byte for byte (PHP's `d:1;`, for one), so that a rewrite changes only what it means to.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import cast

import phpserialize

from sidecar.i18n import _
from sidecar.wordpress.errors import Unreadable

Key = int | str
Value = bool | int | float | str | None | dict[Key, "Value"]

# WordPress's own values are kilobytes; a hostile one should be refused before it is taken apart.
MAX_BYTES = 4 * 1024 * 1024

# All that phpserialize was seen to raise on broken, hostile and truncated values (RecursionError: nested too deep).
_REFUSALS = (ValueError, TypeError, OverflowError, RecursionError)


def loads(text: str) -> Value:
    """The value in `text`. Raises `Unreadable` for everything else than one whole value of scalars and arrays."""
    try:
        return _loads(text.encode())
    except _REFUSALS as error:
        sentence = _("not a readable PHP value ({reason})")
        raise Unreadable(sentence.format(reason=type(error).__name__)) from error


def loads_for_rewrite(text: str) -> Value:
    """As `loads`, for a value that will be changed and stored again; also `Unreadable` if it would not survive that."""
    value = loads(text)
    if dumps(value) != text:
        raise Unreadable(_("a PHP value that would not be written back as it was"))
    return value


def dumps(value: Value) -> str:
    """`value` as PHP would serialize it. Raises `Unreadable` for what `loads` could not read again."""
    try:
        return cast(bytes, phpserialize.dumps(value)).decode()
    except _REFUSALS as error:
        sentence = _("not a value for PHP ({reason})")
        raise Unreadable(sentence.format(reason=type(error).__name__)) from error


def _loads(data: bytes) -> Value:
    if len(data) > MAX_BYTES:
        raise ValueError("too long")
    stream = BytesIO(data)
    value = cast(Value, phpserialize.load(stream, decode_strings=True, array_hook=_array))
    if stream.read(1):
        raise ValueError("something follows the value")
    return value


def _array(pairs: Sequence[tuple[Key, Value]]) -> dict[Key, Value]:
    # A bool is an int to Python, but no key to PHP: True would silently take the place of 1.
    if any(type(key) not in (int, str) for key, _value in pairs):
        raise ValueError("an array key that is no key")
    return dict(pairs)
