"""What screens would take too long to find out: counted and written down before."""

from __future__ import annotations

from sidecar.db import reading
from sidecar.members.facing import sync_faces
from sidecar.reports.counting import count_figures
from sidecar.service import Service
from sidecar.wordpress.options import get_site


def count_business(service: Service) -> int:
    """The figures of the overview."""
    with reading() as reader:
        zone = get_site(reader, service.tables).zone
    return count_figures(service.clock.now(), zone)


def index_members(service: Service) -> int:
    """The words by which members are found: of new ones, of those whose profile has changed, and of some old ones."""
    return sync_faces(service.tables, service.clock.now())
