"""The whole product on one site, shared by the tests of a file: starting it costs more than any test in it."""

from collections.abc import Iterator

import pytest

from tests.bed.session import Session
from tests.whole.club import Club, a_club


@pytest.fixture(scope="module")
def club(bed: Session, request: pytest.FixtureRequest) -> Iterator[Club]:
    """A running club on the newest WordPress, or on the versions the test file parametrizes with."""
    version = getattr(request, "param", "newest")
    site = bed.new_site(version)
    with a_club(site, access={"assignable_roles": ["gold"]}) as running:
        yield running
    site.close()
