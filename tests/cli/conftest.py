"""The same installations as in tests/setup."""

from tests.setup.conftest import installation, prepared

__all__ = ["installation", "prepared"]
