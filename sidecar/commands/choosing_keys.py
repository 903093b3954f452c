"""Which keys `gatepost setup` works with, and the test processor that stands in for Stripe where there is no account."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sidecar.commands.asking import Asking
from sidecar.commands.speaking import say
from sidecar.demo.processor_child import Control, ProcessorAway, ProcessorChild
from sidecar.errors import Misconfigured
from sidecar.i18n import _
from sidecar.setup.keys import PROCESSOR_URL, Keys, check_keys, keys_of_processor


def choose_keys(asking: Asking, processor: str | None, secret_key_file: Path | None, *, live: bool) -> Keys:
    """The test processor's, or those that an option, the environment or an answer gives. Raises Refused."""
    if processor:
        return keys_of_processor(processor.rstrip("/"))
    publishable = str(asking.ask("publishable_key", _("Stripe's publishable key (pk_test_…)"))).strip()
    keys = Keys(_secret_key(asking, secret_key_file), publishable)
    check_keys(keys, live=live)
    if keys.is_live:
        say(_("These keys are live: from now on real money moves."))
    return keys


def _secret_key(asking: Asking, path: Path | None) -> str:
    """Never an option's value: those can be read by every process of the machine."""
    if path is not None:
        with click.open_file(str(path)) as file:
            return str(file.read()).strip()
    there = os.environ.get("GATEPOST_STRIPE_SECRET_KEY", "").strip()
    question = _("Stripe's secret key (sk_test_…; it is not shown)")
    return there or str(asking.ask("secret_key_file", question, hide_input=True)).strip()


@contextmanager
def processor_for(keys: Keys, state_dir: Path) -> Iterator[None]:
    """Where a test processor is wanted and none answers, one for the block."""
    if not keys.api_url or _answers(keys.api_url):
        yield
        return
    processor = ProcessorChild(state_dir / "processor.ledger", _port_of(keys.api_url))
    say(_("A test processor runs at {url} as long as this command does.").format(url=processor.url))
    try:
        yield
    finally:
        processor.stop()


def _answers(url: str) -> bool:
    try:
        Control(url).offset()
    except ProcessorAway:
        return False
    return True


def _port_of(url: str) -> int:
    port = url.rpartition(":")[2]
    if not port.isdecimal():
        raise Misconfigured(_("The test processor's address must be such as {url}").format(url=PROCESSOR_URL))
    return int(port)
