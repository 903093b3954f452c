"""The site's settings, read. Only an option of our own is written: WordPress would go on using what its object cache holds."""

from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from sidecar.wordpress.tables import Tables

# Every WordPress loads an option at each page only if this is yes (since 6.6 also on, auto and auto-on).
_NOT_AUTOLOADED = "no"
_SITE_OPTIONS = (
    "home",
    "siteurl",
    "blogname",
    "timezone_string",
    "gmt_offset",
    "date_format",
    "time_format",
    "WPLANG",
    "permalink_structure",
    "blog_charset",
)


@dataclass(frozen=True)
class Site:
    """What the site says of itself, as far as its tables know: constants in wp-config.php (WP_HOME, WPLANG) win over them.

    `home`, `site_url`: without the slash at the end. `date_format`, `time_format`: in PHP's letters. `locale`: like
    `fr_FR`. `permalink_structure`: empty for plain links.
    """

    home: str
    site_url: str
    name: str
    zone: tzinfo
    date_format: str
    time_format: str
    locale: str
    permalink_structure: str
    charset: str

    @property
    def language(self) -> str:
        return language_of(self.locale)


def get_option(session: Session, tables: Tables, name: str) -> str | None:
    """The option's stored text (serialized, if it is an array), or None if there is none."""
    options = tables.options.c
    return session.execute(select(options.option_value).where(options.option_name == name)).scalar()


def get_site(session: Session, tables: Tables) -> Site:
    """In one statement; an option that is missing has WordPress's default."""
    options = tables.options.c
    query = select(options.option_name, options.option_value).where(options.option_name.in_(_SITE_OPTIONS))
    found: dict[str, str] = dict(session.execute(query).all())
    return Site(
        home=found.get("home", "").rstrip("/"),
        site_url=found.get("siteurl", "").rstrip("/"),
        name=found.get("blogname", ""),
        zone=parse_zone(found.get("timezone_string", ""), found.get("gmt_offset", "")),
        date_format=found.get("date_format") or "F j, Y",
        time_format=found.get("time_format") or "g:i a",
        locale=found.get("WPLANG") or "en_US",
        permalink_structure=found.get("permalink_structure", ""),
        charset=found.get("blog_charset") or "UTF-8",
    )


def site_language(session: Session, tables: Tables) -> str:
    """The language in which the owner reads what nobody asked for: alarms, and what jobs write."""
    return language_of(get_option(session, tables, "WPLANG") or "en_US")


def set_option(session: Session, tables: Tables, name: str, value: str) -> None:
    """Write one option of our own, which is not loaded at each page. WordPress's object cache does not hear of it."""
    options = tables.options
    if get_option(session, tables, name) is None:
        row = {"option_name": name, "option_value": value, "autoload": _NOT_AUTOLOADED}
        session.execute(insert(options).values(row))
    else:
        mine = update(options).where(options.c.option_name == name)
        session.execute(mine.values(option_value=value, autoload=_NOT_AUTOLOADED))


def parse_zone(timezone_string: str, gmt_offset: str) -> tzinfo:
    """The site's zone: by its name, with summer time; else by its offset in hours; UTC where neither can be read.

    >>> print(parse_zone("", "5.75"), parse_zone("", "-0.5"), parse_zone("Mars/Olympus", ""), sep=", ")
    UTC+05:45, UTC-00:30, UTC
    """
    if timezone_string:
        return _named(timezone_string)
    return _fixed(gmt_offset)


def language_of(locale: str) -> str:
    """
    >>> language_of("de_DE_formal")
    'de'
    """
    return locale.replace("-", "_").partition("_")[0].lower()


def _named(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such name, no name at all, or a folder of names
        return UTC


def _fixed(gmt_offset: str) -> tzinfo:
    try:
        return timezone(timedelta(minutes=int(float(gmt_offset or 0) * 60)))
    except (ValueError, OverflowError):  # not a number, or a day and more
        return UTC
