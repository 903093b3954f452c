"""The processor and the official library's client."""

import pytest
import stripe

from tests.processor.running import RunningProcessor, processor

__all__ = ["processor"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever uses the processor, in whatever folder, starts a process."""
    for item in items:
        if "processor" in getattr(item, "fixturenames", ()):
            item.add_marker("process")


@pytest.fixture
def client(processor: RunningProcessor) -> stripe.StripeClient:
    return processor.client()
