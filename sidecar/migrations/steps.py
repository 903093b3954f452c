"""What migrations share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op


def create_index_once(name: str, table: str, columns: list[str]) -> None:
    """CREATE INDEX, unless it is there (MySQL knows no IF NOT EXISTS for indexes)."""
    there = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}
    if name not in there:
        op.create_index(name, table, columns)


def add_column_once(table: str, column: sa.Column[Any]) -> None:
    """ALTER TABLE … ADD COLUMN, unless it is there."""
    there = {found["name"] for found in sa.inspect(op.get_bind()).get_columns(table)}
    if column.name not in there:
        op.add_column(table, column)
