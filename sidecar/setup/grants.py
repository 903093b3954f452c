"""The SQL for a database user who can do what the sidecar does and nothing else."""

from __future__ import annotations

import re
import secrets

from sidecar.db import metadata
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.migrations.running import VERSION_TABLE
from sidecar.wordpress.tables import Tables

_ACCOUNT = re.compile(r"[A-Za-z0-9_]{1,32}")
_HOST = re.compile(r"[A-Za-z0-9_.:%/-]{1,60}")

# Rights on our own tables. With CREATE they can be given before the tables are there.
_OURS = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES"


def read_columns(tables: Tables) -> dict[str, tuple[str, ...]]:
    """Table -> the columns that the sidecar reads. `user_activation_key` is not here. `user_pass` holds hashes: staff may sign on
    to the dashboard with their password, and another password ends their sessions."""
    return {
        tables.users.name: (
            "ID", "user_login", "user_pass", "user_nicename", "user_email", "user_url", "user_registered", "display_name",
        ),
        tables.usermeta.name: ("umeta_id", "user_id", "meta_key", "meta_value"),
        tables.posts.name: (
            "ID", "post_author", "post_date", "post_date_gmt", "post_content", "post_title", "post_excerpt", "post_status",
            "post_password", "post_name", "post_parent", "post_type",
        ),
        tables.postmeta.name: ("meta_id", "post_id", "meta_key"),
        tables.terms.name: ("term_id", "name", "slug"),
        tables.term_taxonomy.name: ("term_taxonomy_id", "term_id", "taxonomy", "parent"),
        tables.term_relationships.name: ("object_id", "term_taxonomy_id"),
        tables.options.name: ("option_id", "option_name", "option_value", "autoload"),
    }  # fmt: skip


def own_tables() -> list[str]:
    """The names of all tables of Gatepost's own, in order of the alphabet."""
    return sorted({name for name in metadata.tables if name.startswith("gatepost_")} | {VERSION_TABLE})


def grants(
    database: str, tables: Tables, *, user: str, host: str, changes_roles: bool, password: str | None = None
) -> list[str]:
    """Statements and comments, one a line. `changes_roles`: members get WordPress roles, so that the fallback by SQL is
    needed; without, nothing of WordPress's can be written at all. Refuses names that are none.

    Seen on MariaDB 10.11. A later version of Gatepost may have more tables: print it again then.
    """
    if not _ACCOUNT.fullmatch(user) or not _HOST.fullmatch(host) or "`" in database:
        raise Refused(_("A database user has letters, digits and _; a host is a name or an address."))
    account = f"'{user}'@'{host}'"
    chosen = password or secrets.token_urlsafe(24)
    lines = [
        _("-- The password is made anew at each run: keep it in the file of database.password_file."),
        f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{chosen}';",
        _(
            "-- What is read of WordPress, column by column; of passwords only their hashes, for the dashboard."
        ),
        *(
            _grant(f"SELECT ({', '.join(columns)})", database, table, account)
            for table, columns in read_columns(tables).items()
        ),
    ]
    if changes_roles:
        lines += [
            _("-- Roles of members (access.assignable_roles), for when the plugin cannot be reached."),
            _grant(
                "INSERT (user_id, meta_key, meta_value), UPDATE (meta_value)",
                database,
                tables.usermeta.name,
                account,
            ),
        ]
    return [
        *lines,
        _(
            "-- The plugin's spool of events. CREATE only lets the right be given before the plugin has made the table."
        ),
        _grant("SELECT, DELETE, CREATE", database, f"{tables.prefix}gatepost_spool", account),
        _("-- Gatepost's own tables."),
        *(_grant(_OURS, database, table, account) for table in own_tables()),
    ]


def _grant(rights: str, database: str, table: str, account: str) -> str:
    return f"GRANT {rights} ON `{database}`.`{table}` TO {account};"
