"""Every column of ours has somebody who has thought about what of a person is in it."""

from sidecar.app import create_app
from sidecar.db import db
from sidecar.privacy.inventory import INVENTORY

assert create_app  # brings every table in


def test_every_column_of_every_table_is_in_the_list_and_no_other():
    there = {(table.name, column.name) for table in db.metadata.sorted_tables for column in table.columns}
    listed = {(table, column) for table, columns in INVENTORY.items() for column in columns}
    assert (there - listed, listed - there) == (set(), set())
