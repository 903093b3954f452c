"""Alembic runs this file; the connection is handed over by `sidecar.migrations.running`."""

from alembic import context

from sidecar.db import metadata
from sidecar.migrations.running import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
