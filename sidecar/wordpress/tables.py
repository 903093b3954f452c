"""The site's tables as SQLAlchemy Core tables, under any prefix.

Only what the site has is described; nothing here is migrated. Columns have WordPress's names, but for `ID`, which is `c.id`. `Tables.create_all` makes tables of the same shape for the
demo and for tests, on SQLite and on MySQL/MariaDB (shape: WordPress 6.1 to 7.1, `wp_get_db_schema`).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    Cast,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    cast,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from sidecar.db import TABLE_OPTIONS, LongText
from sidecar.i18n import _
from sidecar.wordpress.errors import BadPrefix

ZERO_DATE = "0000-00-00 00:00:00"
_MYSQL = ("mysql", "mariadb")
_NAME = re.compile(r"[A-Za-z0-9_]+")


class GmtDate(TypeDecorator[datetime | None]):
    """A WordPress DATETIME that holds UTC: an aware datetime, or None for the zero date and for dates that do not exist.

    PyMySQL hands such dates over as plain text, SQLite keeps all of them as text.
    """

    impl = String(19)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(mysql.DATETIME() if dialect.name in _MYSQL else String(19))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str:  # noqa: ARG002
        return ZERO_DATE if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC)
        try:
            return datetime.fromisoformat(value or "").replace(tzinfo=UTC)
        except ValueError:
            return None


_ID = BigInteger().with_variant(mysql.BIGINT(unsigned=True), *_MYSQL).with_variant(Integer(), "sqlite")


@dataclass(frozen=True)
class Tables:
    """Where the site's tables are.

    `prefix`: the blog's table prefix (`wp_`; in a network `wp_2_`). `users_prefix`: the network's base prefix, where the
    users are; the same as `prefix` on a single site. `users_name`, `usermeta_name`: whole table names, for a site that sets
    CUSTOM_USER_TABLE and CUSTOM_USER_META_TABLE. Raises `BadPrefix` for anything but letters, digits and underscores.
    """

    prefix: str
    users_prefix: str | None = None
    users_name: str | None = None
    usermeta_name: str | None = None

    def __post_init__(self) -> None:
        for name in (self.prefix, self.users_prefix, self.users_name, self.usermeta_name):
            if name is not None and not _NAME.fullmatch(name):
                raise BadPrefix(_("not a WordPress table prefix: {name}").format(name=repr(name)))

    @property
    def capabilities_key(self) -> str:
        """The user meta key that holds a user's roles on this blog."""
        return f"{self.prefix}capabilities"

    @property
    def roles_option(self) -> str:
        """The option that holds the blog's roles and their capabilities."""
        return f"{self.prefix}user_roles"

    @cached_property
    def users(self) -> Table:
        name = self.users_name or f"{self._base}users"
        return self._table(
            name,
            _id("ID", key="id"),
            _name("user_login", 60),
            _text("user_pass", String(255)),
            _name("user_nicename", 50),
            _name("user_email", 100),
            _text("user_url", String(100)),
            _date("user_registered"),
            _text("user_activation_key", String(255)),
            _number("user_status", Integer()),
            _text("display_name", String(250)),
            Index(f"{name}_user_login_key", "user_login"),
            Index(f"{name}_user_nicename", "user_nicename"),
            Index(f"{name}_user_email", "user_email"),
        )

    @cached_property
    def usermeta(self) -> Table:
        return self._meta(self.usermeta_name or f"{self._base}usermeta", "umeta_id", "user_id")

    @cached_property
    def posts(self) -> Table:
        name = f"{self.prefix}posts"
        return self._table(
            name,
            _id("ID", key="id"),
            _number("post_author"),
            # Local time of the site, by the zone it had then: not an instant, so read as no instant.
            Column("post_date", _DATE_TEXT, nullable=False, default=ZERO_DATE, server_default=ZERO_DATE),
            _date("post_date_gmt"),
            Column("post_content", LongText, nullable=False, default=""),
            Column("post_title", Text(), nullable=False, default=""),
            Column("post_excerpt", Text(), nullable=False, default=""),
            _text("post_status", String(20), "publish"),
            _text("comment_status", String(20), "open"),
            _text("ping_status", String(20), "open"),
            _text("post_password", String(255)),
            _text("post_name", String(200)),
            Column("to_ping", Text(), nullable=False, default=""),
            Column("pinged", Text(), nullable=False, default=""),
            Column("post_modified", _DATE_TEXT, nullable=False, default=ZERO_DATE, server_default=ZERO_DATE),
            _date("post_modified_gmt"),
            Column("post_content_filtered", LongText, nullable=False, default=""),
            _number("post_parent"),
            _text("guid", String(255)),
            _number("menu_order", Integer()),
            _text("post_type", String(20), "post"),
            _text("post_mime_type", String(100)),
            _number("comment_count"),
            _prefix_index(name, "post_name"),
            Index(f"{name}_type_status_date", "post_type", "post_status", "post_date", "id"),
            Index(f"{name}_post_parent", "post_parent"),
            Index(f"{name}_post_author", "post_author"),
        )

    @cached_property
    def postmeta(self) -> Table:
        return self._meta(f"{self.prefix}postmeta", "meta_id", "post_id")

    @cached_property
    def terms(self) -> Table:
        name = f"{self.prefix}terms"
        return self._table(
            name,
            _id("term_id"),
            _text("name", String(200)),
            _text("slug", String(200)),
            _number("term_group"),
            _prefix_index(name, "slug"),
            _prefix_index(name, "name"),
        )

    @cached_property
    def term_taxonomy(self) -> Table:
        name = f"{self.prefix}term_taxonomy"
        return self._table(
            name,
            _id("term_taxonomy_id"),
            _number("term_id"),
            _text("taxonomy", String(32)),
            Column("description", LongText, nullable=False, default=""),
            _number("parent"),
            _number("count"),
            UniqueConstraint("term_id", "taxonomy", name=f"{name}_term_id_taxonomy"),
            Index(f"{name}_taxonomy", "taxonomy"),
        )

    @cached_property
    def term_relationships(self) -> Table:
        name = f"{self.prefix}term_relationships"
        return self._table(
            name,
            Column("object_id", _ID, primary_key=True, autoincrement=False, server_default="0"),
            Column("term_taxonomy_id", _ID, primary_key=True, autoincrement=False, server_default="0"),
            _number("term_order", Integer()),
            Index(f"{name}_term_taxonomy_id", "term_taxonomy_id"),
        )

    @cached_property
    def options(self) -> Table:
        name = f"{self.prefix}options"
        return self._table(
            name,
            _id("option_id"),
            _text("option_name", String(191)),
            Column("option_value", LongText, nullable=False, default=""),
            _text("autoload", String(20), "yes"),
            UniqueConstraint("option_name", name=f"{name}_option_name"),
            Index(f"{name}_autoload", "autoload"),
        )

    @property
    def all(self) -> tuple[Table, ...]:
        """Every table that this room knows."""
        return (
            self.users,
            self.usermeta,
            self.posts,
            self.postmeta,
            self.terms,
            self.term_taxonomy,
            self.term_relationships,
            self.options,
        )

    def create_all(self, session: Session) -> None:
        """Makes the tables where they are missing: for the demo's site and for tests, never on a real site."""
        for table in self.all:
            table.create(session.connection(), checkfirst=True)

    @property
    def _base(self) -> str:
        return self.prefix if self.users_prefix is None else self.users_prefix

    @cached_property
    def _metadata(self) -> MetaData:
        return MetaData()

    def _table(self, name: str, *parts: Column[Any] | Index | UniqueConstraint) -> Table:
        return Table(name, self._metadata, *parts, **_OPTIONS)

    def _meta(self, name: str, own_id: str, owner_id: str) -> Table:
        return self._table(
            name,
            _id(own_id),
            _number(owner_id),
            Column("meta_key", String(255), nullable=True),
            Column("meta_value", LongText, nullable=True),
            Index(f"{name}_{owner_id}", owner_id),
            _prefix_index(name, "meta_key"),
        )


_DATE_TEXT = String(19).with_variant(mysql.DATETIME(), *_MYSQL)
_OPTIONS: dict[str, Any] = {**TABLE_OPTIONS}


def exact_bytes(column: Column[Any]) -> Cast[bytes]:
    """The text of a column as UTF-8 bytes, to compare without a collation: it takes 'Gold', 'göld' and 'gold ' for 'gold'."""
    # Old sites have latin1 and three-byte UTF-8 tables, whose own bytes are others.
    return cast(cast(column, Text().with_variant(mysql.CHAR(charset="utf8mb4"), *_MYSQL)), LargeBinary)


def _id(name: str, key: str | None = None) -> Column[int]:
    return Column(name, _ID, primary_key=True, autoincrement=True, key=key or name)


def _number(name: str, kind: TypeEngine[int] = _ID) -> Column[int]:
    return Column(name, kind, nullable=False, default=0, server_default="0")


def _text(name: str, kind: TypeEngine[str], default: str = "") -> Column[str]:
    return Column(name, kind, nullable=False, default=default, server_default=default)


def _name(name: str, length: int) -> Column[str]:
    """Text by which users are found: without regard to case on WordPress's collation, so on SQLite too."""
    return _text(name, String(length).with_variant(String(length, collation="NOCASE"), "sqlite"))


def _date(name: str) -> Column[datetime | None]:
    return Column(name, GmtDate(), nullable=False, server_default=ZERO_DATE)


def _prefix_index(table: str, column: str) -> Index:
    # 191 characters of four bytes: the most that older InnoDB indexes, and WordPress's own do the same.
    return Index(f"{table}_{column}", column, mysql_length=191, mariadb_length=191)
