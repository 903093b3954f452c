"""PHP's date() letters, in English and French."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

DEFAULT_FORMATS = {"en": "M j, Y g:i a", "fr": "j M Y H:i"}

_MONTHS = {
    "en": "January February March April May June July August September October November December".split(),  # noqa: SIM905
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),  # noqa: SIM905
}
_SHORT_MONTHS = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),  # noqa: SIM905
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split(),  # noqa: SIM905
}
_DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),  # noqa: SIM905
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche".split(),  # noqa: SIM905
}
_SHORT_DAYS = {
    "en": "Mon Tue Wed Thu Fri Sat Sun".split(),  # noqa: SIM905
    "fr": "lun. mar. mer. jeu. ven. sam. dim.".split(),  # noqa: SIM905
}


def format_date(moment: datetime, letters: str, language: str = "en") -> str:
    """`moment` is aware and already in the zone to print. A backslash prints the next letter as it is.

    >>> format_date(datetime(2013, 10, 14, 12, 14, tzinfo=UTC), "M j, Y g:i a")
    'Oct 14, 2013 12:14 pm'
    """
    if language not in _MONTHS:
        language = "en"
    parts: list[str] = []
    characters = iter(letters)
    for letter in characters:
        if letter == "\\":
            parts.append(next(characters, "\\"))
        elif named := _NAMED.get(letter):
            parts.append(named(moment, language))
        elif plain := _PLAIN.get(letter):
            parts.append(plain(moment))
        else:
            parts.append(letter)
    return "".join(parts)


def _ordinal(moment: datetime) -> str:
    if moment.day in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(moment.day % 10, "th")


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in_month(moment: datetime) -> int:
    return (31, 28 + _is_leap(moment.year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[moment.month - 1]


def _beat(moment: datetime) -> str:
    """Swatch internet time: thousandths of a day at UTC+1."""
    utc = moment.astimezone(UTC)
    seconds = (utc.hour * 3600 + utc.minute * 60 + utc.second + 3600) % 86400
    return f"{seconds * 10 // 864:03d}"


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()


def _offset_text(moment: datetime, colon: str) -> str:
    minutes = int(_offset(moment).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{colon}{abs(minutes) % 60:02d}"


def _zone_name(moment: datetime) -> str:
    return getattr(moment.tzinfo, "key", None) or (
        "UTC" if not _offset(moment) else _offset_text(moment, ":")
    )


def _zone_letters(moment: datetime) -> str:
    """As the zone calls itself at that time; a bare offset is called by its digits."""
    name = moment.tzname() or ""
    return _offset_text(moment, ":") if name.startswith("UTC") and name != "UTC" else name


_PLAIN: dict[str, Callable[[datetime], str]] = {
    "d": lambda moment: f"{moment.day:02d}",
    "j": lambda moment: str(moment.day),
    "N": lambda moment: str(moment.isoweekday()),
    "S": _ordinal,
    "w": lambda moment: str(moment.isoweekday() % 7),
    "z": lambda moment: str(moment.timetuple().tm_yday - 1),
    "W": lambda moment: f"{moment.isocalendar().week:02d}",
    "m": lambda moment: f"{moment.month:02d}",
    "n": lambda moment: str(moment.month),
    "t": lambda moment: str(_days_in_month(moment)),
    "L": lambda moment: str(int(_is_leap(moment.year))),
    "o": lambda moment: str(moment.isocalendar().year),
    "Y": lambda moment: f"{moment.year:04d}",
    "x": lambda moment: f"{moment.year:04d}",
    "X": lambda moment: f"+{moment.year:04d}",
    "y": lambda moment: f"{moment.year % 100:02d}",
    "a": lambda moment: "am" if moment.hour < 12 else "pm",
    "A": lambda moment: "AM" if moment.hour < 12 else "PM",
    "B": _beat,
    "g": lambda moment: str(moment.hour % 12 or 12),
    "G": lambda moment: str(moment.hour),
    "h": lambda moment: f"{moment.hour % 12 or 12:02d}",
    "H": lambda moment: f"{moment.hour:02d}",
    "i": lambda moment: f"{moment.minute:02d}",
    "s": lambda moment: f"{moment.second:02d}",
    "u": lambda moment: f"{moment.microsecond:06d}",
    "v": lambda moment: f"{moment.microsecond // 1000:03d}",
    "e": _zone_name,
    "I": lambda moment: str(int(bool(moment.dst()))),
    "O": lambda moment: _offset_text(moment, ""),
    "P": lambda moment: _offset_text(moment, ":"),
    "p": lambda moment: "Z" if not _offset(moment) else _offset_text(moment, ":"),
    "T": _zone_letters,
    "Z": lambda moment: str(int(_offset(moment).total_seconds())),
    "c": lambda moment: format_date(moment, "Y-m-d\\TH:i:sP"),
    "r": lambda moment: format_date(moment, "D, d M Y H:i:s O"),
    "U": lambda moment: str(int(moment.timestamp() // 1)),
}

_NAMED: dict[str, Callable[[datetime, str], str]] = {
    "D": lambda moment, language: _SHORT_DAYS[language][moment.weekday()],
    "l": lambda moment, language: _DAYS[language][moment.weekday()],
    "F": lambda moment, language: _MONTHS[language][moment.month - 1],
    "M": lambda moment, language: _SHORT_MONTHS[language][moment.month - 1],
}
