"""What migrations share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create_index_once(name: str, table: str, columns: list[str]) -> None:
    """CREATE INDEX, unless it is there (MySQL knows no IF NOT EXISTS for indexes)."""
    there = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}
    if name not in there:
        op.create_index(name, table, columns)
