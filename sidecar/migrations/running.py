"""Bringing a database to the present schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

VERSION_TABLE = "gatepost_migrations"


def upgrade(engine: Engine) -> list[str]:
    """Run what is missing, in order; gives the names of the steps that ran. Safe to repeat."""
    before = current_revision(engine)
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    scripts = ScriptDirectory.from_config(config)
    ran = [script for script in scripts.walk_revisions() if before is None or script.revision > before]
    return [Path(script.path).stem for script in reversed(ran)]


def current_revision(engine: Engine) -> str | None:
    """The newest step that this database has seen; None before the first."""
    with engine.connect() as connection:
        return MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE}
        ).get_current_revision()


def newest_revision() -> str:
    """The newest step there is."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
