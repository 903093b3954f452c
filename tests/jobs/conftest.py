"""A house whose site is the stand-in."""

import msgspec
import pytest

from tests.jobs.site_stand_in import stand_in_site


@pytest.fixture
def site(house):
    """The site that the house's service is paired with."""
    with stand_in_site() as running:
        config = house.service.config
        house.service.config = msgspec.structs.replace(
            config, site=msgspec.structs.replace(config.site, url=running.url)
        )
        yield running
