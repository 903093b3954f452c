"""What to do after a declined renewal: what the decline advises, and when it is tried again. Pure.

The first failure is day 0. Retry k comes `retry_days[k]` calendar days after it, at the same wall-clock time in the order's
time zone; when the last one fails, the subscription is canceled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from sidecar.billing.periods import Rhythm, add_days_local
from sidecar.errors import Refused
from sidecar.i18n import _

# --- the schedule ---------------------------------------------------------------------------------------------------

_MOST_RETRIES = 15
"""Visa fines the 21st decline of a card in 30 days; the rest is left to tries by hand."""


@dataclass(frozen=True)
class Schedule:
    """On which days after the first failure a renewal is tried again; none: the first failure cancels.

    Whole days from 1 on, strictly rising, at most 15. Raises Refused.
    """

    retry_days: tuple[int, ...] = (2, 5, 7)

    def __post_init__(self) -> None:
        rises = all(earlier < later for earlier, later in pairwise((0, *self.retry_days)))
        if not rises or len(self.retry_days) > _MOST_RETRIES:
            raise _no_schedule()


def parse_schedule(text: str) -> Schedule:
    """The schedule that an owner writes, such as "2,5,7"; an empty text is no retry. Raises Refused.

    >>> parse_schedule("2, 5,7"), parse_schedule("")
    (Schedule(retry_days=(2, 5, 7)), Schedule(retry_days=()))
    """
    try:
        return Schedule(tuple(int(day) for day in text.split(",")) if text.strip() else ())
    except ValueError as error:
        raise _no_schedule() from error


def default_schedule_for(rhythm: Rhythm) -> Schedule:
    """The default, without the days on which the next cycle is due already; one renewed every second day is tried once.

    >>> [default_schedule_for(rhythm).retry_days for rhythm in (Rhythm(1, "month"), Rhythm(1, "week"), Rhythm(1, "day"))]
    [(2, 5, 7), (2, 5), ()]
    """
    before_next = tuple(day for day in Schedule().retry_days if day < rhythm.shortest_days)
    return Schedule(before_next or tuple(range(1, rhythm.shortest_days)))


def _no_schedule() -> Refused:
    sentence = _("retry days are at most {most} rising numbers from 1 on, such as 2,5,7")
    return Refused(sentence.format(most=_MOST_RETRIES))


# --- what a decline advises -----------------------------------------------------------------------------------------


class Advice(StrEnum):
    """What the bank, the network or the gateway says about trying again.

    NEW_CARD: not with this card (or not with these data of it). AUTHENTICATE: with the member present, so that the bank can
    ask. END: the cardholder has forbidden these payments.
    """

    NONE = "none"
    TRY_LATER = "try_later"
    NEW_CARD = "new_card"
    AUTHENTICATE = "authenticate"
    END = "end"


@dataclass(frozen=True)
class Decline:
    """How a try failed, in the gateway's own words; "" where it said nothing.

    `code` and `decline_code` are Stripe's, `advice_code` is Stripe's reading of the network; `network_decline_code` and
    `network_advice_code` are two characters of the network of `brand`.
    """

    code: str = ""
    decline_code: str = ""
    advice_code: str = ""
    network_decline_code: str = ""
    network_advice_code: str = ""
    brand: str = ""


# Sources: Stripe, "Stripe decline codes", "Card declines: retrying issuer declines" (advice_code) and "Smart Retries" (codes
# it never retries); Mastercard, merchant advice codes (network_advice_code); Visa, Excessive Reattempts Rule, categories of
# response codes (network_decline_code). Words of Stripe stand bare; those of a network behind its name.
_REVOKED = (
    "revocation_of_authorization revocation_of_all_authorizations stop_payment_order"
    " mastercard.advice.21"  # the cardholder canceled the recurring payment
    " visa.answer.R0 visa.answer.R1 visa.answer.R3"  # stop payment; revocation of one, of all authorizations
)
_NEVER_AGAIN = (
    "do_not_try_again previously_declined_do_not_retry"
    " lost_card stolen_card pickup_card invalid_account transaction_not_allowed"
    " mastercard.advice.03 mastercard.advice.99"
    # Visa, category 1, "issuer will never approve": pick up, invalid transaction, no such number or issuer, lost, stolen,
    # closed account, not permitted to the cardholder.
    " visa.answer.04 visa.answer.07 visa.answer.12 visa.answer.14 visa.answer.15"
    " visa.answer.41 visa.answer.43 visa.answer.46 visa.answer.57"
)
_AUTHENTICATION = (
    "authentication_required authentication_not_handled mobile_device_authentication_required"
    " offline_pin_required online_or_offline_pin_required"
    " payment_intent_authentication_failure setup_intent_authentication_failure"
    " visa.answer.1A"  # additional customer authentication required
)
_OTHER_CARD = (
    "confirm_card_data expired_card incorrect_number invalid_number incorrect_cvc invalid_cvc invalid_expiry_month"
    " invalid_expiry_year incorrect_address incorrect_zip new_account_information_available"
    " card_not_supported currency_not_supported not_permitted service_not_allowed restricted_card"
    " fraudulent highest_risk_level merchant_blacklist pin_try_exceeded testmode_decline"
    # New account information; prepaid or single-use number; sanctions.
    " mastercard.advice.01 mastercard.advice.40 mastercard.advice.41 mastercard.advice.42"
    " visa.answer.54 visa.answer.N7"  # category 3, "revalidate": expired, CVV2
)
_TEMPORARY = (
    "try_again_later approve_with_id issuer_not_available processing_error reenter_transaction duplicate_transaction"
    " insufficient_funds card_velocity_exceeded withdrawal_count_limit_exceeded card_decline_rate_limit_exceeded"
    " mastercard.advice.02 mastercard.advice.24 mastercard.advice.25 mastercard.advice.26 mastercard.advice.27"
    " mastercard.advice.28 mastercard.advice.29 mastercard.advice.30"
    " visa.answer.51 visa.answer.61 visa.answer.65 visa.answer.91 visa.answer.96"
)
_RULES: tuple[tuple[Advice, frozenset[str]], ...] = (
    (Advice.END, frozenset(_REVOKED.split())),
    (Advice.NEW_CARD, frozenset(_NEVER_AGAIN.split())),
    (Advice.AUTHENTICATE, frozenset(_AUTHENTICATION.split())),
    (Advice.NEW_CARD, frozenset(_OTHER_CARD.split())),
    (Advice.TRY_LATER, frozenset(_TEMPORARY.split())),
)
"""The first rule that knows a word of the decline holds. Authentication comes before wrong data, since Mastercard says 01
("additional information needed") for both."""

# 03 and 21 are Mastercard's; whatever network says them, trying again is what they forbid.
_FORBIDDING = frozenset({"03", "21"})

# Mastercard, merchant advice codes 24 to 30: retry after one hour, a day, 2, 4, 6, 8, 10 days.
_WAIT_HOURS = {"24": 1, "25": 24, "26": 48, "27": 96, "28": 144, "29": 192, "30": 240}


def advice_of(decline: Decline) -> Advice:
    """The strictest advice in a decline: Stripe says one thing, the network perhaps a harder one.

    An unknown word advises nothing; the schedule then goes on, which is what Stripe does.

    >>> advice_of(Decline(decline_code="insufficient_funds", advice_code="do_not_try_again"))
    <Advice.NEW_CARD: 'new_card'>
    >>> advice_of(Decline(decline_code="do_not_honor", network_advice_code="21", brand="mastercard"))
    <Advice.END: 'end'>
    """
    words = _words_of(decline)
    return next((advice for advice, known in _RULES if known & words), Advice.NONE)


def is_never_again(decline: Decline) -> bool:
    """Whether the network fines any other try with this card: it stays untried until the network says it was renewed.

    Wrong data and missing authentication are no such thing: the same card may pay once the member has put them right.
    """
    words = _words_of(decline)
    return any(known & words for _advice, known in _RULES[:2])


def wait_of(decline: Decline) -> timedelta:
    """How long the network wants to be left alone; zero when it has not said. Add it to the decline for `earliest`.

    >>> wait_of(Decline(network_advice_code="26", brand="mastercard")).days
    2
    """
    is_mastercard = decline.brand.lower() == "mastercard"
    return timedelta(hours=_WAIT_HOURS.get(decline.network_advice_code, 0) if is_mastercard else 0)


def _words_of(decline: Decline) -> set[str]:
    network, advice = decline.brand.lower(), decline.network_advice_code.upper()
    return {
        decline.code,
        decline.decline_code,
        decline.advice_code,
        f"{network}.answer.{decline.network_decline_code.upper()}",
        f"{'mastercard' if advice in _FORBIDDING else network}.advice.{advice}",
    }


# --- what comes next ------------------------------------------------------------------------------------------------


class Act(StrEnum):
    """What to do about an open renewal."""

    RETRY = "retry"
    WAIT_FOR_MEMBER = "wait_for_member"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Next:
    """`at`: when to retry, or until when (exclusive) the member may act before it is canceled; None: cancel at once."""

    act: Act
    at: datetime | None


_CANCEL = Next(Act.CANCEL, None)
_LATER = timedelta(hours=24)


def retry_moments(
    schedule: Schedule, first_failed_at: datetime, next_due_at: datetime | None, zone: str
) -> list[datetime]:
    """When the retries are (UTC), in order: those before the next due date, since two cycles are never collected at once.

    >>> from datetime import UTC
    >>> failed = datetime(2026, 1, 31, 9, tzinfo=UTC)
    >>> [at.isoformat() for at in retry_moments(Schedule((2, 28)), failed, datetime(2026, 2, 28, 9, tzinfo=UTC), "UTC")]
    ['2026-02-02T09:00:00+00:00']
    """
    moments = (add_days_local(first_failed_at, days, zone) for days in schedule.retry_days)
    return [at for at in moments if next_due_at is None or at < next_due_at]


def after_decline(
    schedule: Schedule,
    first_failed_at: datetime,
    failed_retries: int,
    advice: Advice,
    next_due_at: datetime | None,
    now: datetime,
    zone: str,
    earliest: datetime | None = None,
    declined_at: datetime | None = None,
) -> Next:
    """What follows on a decline of an open renewal.

    Decides: END cancels at once. NEW_CARD and AUTHENTICATE leave it to the member until the last retry would have been, and
    then cancel. Otherwise the next retry of the schedule, or, after the last one, cancel.

    `failed_retries`: how many retries of the schedule have failed; the first failure and tries by hand are none.
    `earliest`: the card may not be tried before (a ceiling, `wait_of`); beyond the last retry, it is the member's until then.

    Time: all instants are aware, days are those of `zone`. A retry at or after `next_due_at` is left out. Retries whose time
    passed with nobody at work collapse: the one that then ran stands for all before it, and those ahead stay. `declined_at`
    is when the newest decline was (None: the first failure, and after a retry now); what was missed since then, while its
    outcome was unknown, is made up for by one retry now. TRY_LATER keeps the schedule but leaves a day between two tries, even beyond its last day.

    A second call with the same values gives the same answer; nothing is stored here.

    >>> from datetime import UTC
    >>> failed, due = datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    >>> after_decline(Schedule(), failed, 0, Advice.NONE, due, failed, "UTC").at.isoformat()
    '2026-03-03T09:00:00+00:00'
    >>> after_decline(Schedule(), failed, 3, Advice.NONE, due, datetime(2026, 3, 8, 9, tzinfo=UTC), "UTC").act
    <Act.CANCEL: 'cancel'>
    """
    if advice is Advice.END:
        return _CANCEL
    moments = retry_moments(schedule, first_failed_at, next_due_at, zone)
    end_at = moments[-1] if moments else now
    if advice in {Advice.NEW_CARD, Advice.AUTHENTICATE}:
        return _wait_until(end_at, now)
    newest = declined_at or (now if failed_retries else first_failed_at)
    retry_at = _next_retry(moments[failed_retries:], newest, now)
    if retry_at is not None and advice is Advice.TRY_LATER:
        retry_at = max(retry_at, newest + _LATER)
    if retry_at is None or (next_due_at is not None and retry_at >= next_due_at):
        return _CANCEL
    if earliest is not None and earliest > max(retry_at, end_at):
        return _wait_until(end_at, now)
    return Next(Act.RETRY, max(retry_at, earliest or retry_at))


def _next_retry(moments: list[datetime], newest: datetime, now: datetime) -> datetime | None:
    """The first retry that the newest decline does not stand for; now, if its time has passed."""
    return next((max(at, now) for at in moments if at > newest), None)


def _wait_until(end_at: datetime, now: datetime) -> Next:
    return Next(Act.WAIT_FOR_MEMBER, end_at) if end_at > now else _CANCEL
