"""What each kind of mail says, in the language of now. Pure: facts in, a letter out.

A letter says what has happened, what it costs, what comes next, and holds the one link that helps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sidecar.mail.facts import Declared, Facts, Letter, Purchase
from sidecar.mail.letters.ahead import card_expiring, order_changed, renewal_notice, trial_ending
from sidecar.mail.letters.declared import declared
from sidecar.mail.letters.ended import canceled, expired
from sidecar.mail.letters.failed import authentication_needed, payment_failed, retry_failed
from sidecar.mail.letters.owner import alarm, log_seal
from sidecar.mail.letters.paid import receipt, recovered, refunded, welcome
from sidecar.mail.words import Wording

ToMember = Callable[[Facts, Purchase, Wording], Letter]

LETTERS_TO_MEMBERS: Mapping[str, ToMember] = {
    "welcome": welcome,
    "receipt": receipt,
    "recovered": recovered,
    "refunded": refunded,
    "payment_failed": payment_failed,
    "retry_failed": retry_failed,
    "authentication_needed": authentication_needed,
    "renewal_notice": renewal_notice,
    "trial_ending": trial_ending,
    "card_expiring": card_expiring,
    "order_changed": order_changed,
    "canceled": canceled,
    "expired": expired,
}
LETTERS_TO_DECLARERS: Mapping[str, Callable[[Facts, Declared, Wording], Letter]] = {"declared": declared}
LETTERS_TO_OWNER: Mapping[str, Callable[[Facts], Letter]] = {"alarm": alarm, "log_seal": log_seal}
