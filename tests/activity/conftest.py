"""The site's stand-in, which mails are handed to."""

from tests.jobs.conftest import site

__all__ = ["site"]
