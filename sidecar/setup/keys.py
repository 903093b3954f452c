"""The gateway's keys: tried out, kept where only the service reads them, and named in the configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sidecar.billing.gateways.gateway import Account, NotExecuted, Unanswered
from sidecar.billing.gateways.stripe import StripeGateway
from sidecar.config import Config, load, parse
from sidecar.demo.processor_child import PUBLISHABLE_KEY, SECRET_KEY
from sidecar.errors import Misconfigured, Refused
from sidecar.i18n import _
from sidecar.setup.config_file import with_settings
from sidecar.setup.files import rewrite, write_secret

PROCESSOR_URL = "http://127.0.0.1:12111"
"""Where `gatepost setup` looks for a test processor, and starts one."""
_SECRET_KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{4,200}")
_PUBLISHABLE_KEY = re.compile(r"pk_(test|live)_[A-Za-z0-9_]{4,200}")


@dataclass(frozen=True)
class Keys:
    """`api_url`: '' for Stripe itself, else a test processor's. Its text holds a secret: never for a log."""

    secret: str
    publishable: str
    api_url: str = ""

    def __repr__(self) -> str:
        return f"Keys({self.publishable!r}, {self.api_url!r})"

    @property
    def is_live(self) -> bool:
        """Whether real money moves."""
        return self.secret[3:7] == "live"

    @property
    def settings(self) -> dict[str, str]:
        """What the configuration says of them, but for the secret."""
        script = f"{self.api_url}/v3/" if self.api_url else ""
        return {
            "gateway": "stripe", "publishable_key": self.publishable, "api_url": self.api_url, "script_url": script,
        }  # fmt: skip


def keys_of_processor(url: str = PROCESSOR_URL) -> Keys:
    """What opens a test processor."""
    return Keys(SECRET_KEY, PUBLISHABLE_KEY, url)


def check_keys(keys: Keys, *, live: bool) -> None:
    """Refuses what are no keys, a pair of different modes, and live ones unless they are wanted."""
    if _SECRET_KEY.fullmatch(keys.secret) is None:
        raise Refused(_("That is no secret key of Stripe's: it begins with sk_test_ (or rk_test_)."))
    if _PUBLISHABLE_KEY.fullmatch(keys.publishable) is None:
        raise Refused(_("That is no publishable key of Stripe's: it begins with pk_test_."))
    if keys.publishable[3:7] != keys.secret[3:7]:
        raise Refused(_("One of the keys is a test key and the other is live: they must be a pair."))
    if keys.is_live and not live:
        raise Refused(_("These keys move real money. Try it with test keys first; --live takes live ones."))


def ask_account(keys: Keys) -> Account:
    """Whose keys they are, by asking the gateway. Raises Refused with a sentence for the owner. Leaves the machine."""
    gateway = StripeGateway(keys.secret, keys.publishable, api_url=keys.api_url)
    try:
        return gateway.get_account()
    except NotExecuted as error:
        sentence = _("The gateway does not take this secret key: {reason}")
        raise Refused(sentence.format(reason=error)) from error
    except Unanswered as error:
        raise Refused(_("The gateway does not answer: {reason}").format(reason=error)) from error


def keep_keys(config: Config, config_path: Path, keys: Keys) -> Config:
    """Write the secret key into a file of its own and name all in the configuration; gives it as it is now.

    A second time it changes nothing. Raises Misconfigured with the lines that a person must write.
    """
    secret_file = Path(config.billing.secret_key_file or config.state_dir / "stripe_secret_key")
    settings = {**keys.settings, "secret_key_file": str(secret_file)}
    try:
        text = config_path.read_text("utf-8")
        changed = with_settings(text, "billing", settings)
        if any(getattr(parse(changed).billing, name) != value for name, value in settings.items()):
            raise Misconfigured(_by_hand(config_path, settings))
        write_secret(secret_file, keys.secret + "\n")
        if changed != text:
            rewrite(config_path, changed)
    except OSError as error:
        raise Misconfigured(_by_hand(config_path, settings)) from error
    return load(config_path)


def _by_hand(config_path: Path, settings: dict[str, str]) -> str:
    lines = "; ".join(f'{name} = "{value}"' for name, value in settings.items())
    sentence = _("{path} cannot be changed from here. Write into its section [billing]: {lines}")
    return sentence.format(path=config_path, lines=lines)
