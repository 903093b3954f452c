"""MM_Mail_Data, MM_Mail_Decision and MM_Mail_Details: what a mail tells of, in the texts of mails alone."""

from __future__ import annotations

from shortcodes.equations import Malformed
from shortcodes.facts import Facts
from shortcodes.tags.tag import Attribute, Condition, Given, Tag, Value, nearest

FIELDS: dict[str, str] = {
    "firstName": "the reader's first name; nothing where it could be a link or an advertisement",
    "siteName": "what the site is called",
    "product": "what was bought",
    "orderNumber": "the order's number",
    "amount": "the sum that the mail is about: what was paid, what could not be, what will be charged, what was given back",
    "howPaid": "a sentence: by what it was paid, or that there was nothing to pay",
    "whatIsNext": "a sentence: when the next payment is due and how much it is, or that there is none",
    "nextPaymentDate": "the day of the next payment",
    "nextPaymentAmount": "how much it will be",
    "paidUntil": "the day until which access is paid for",
    "reason": "a sentence: why a payment was declined, or why the order has ended",
    "retryDate": "the day on which a declined payment is tried again",
    "deadline": "the day until which the reader has to do something, or the subscription ends",
    "date": "the day that the mail announces: of a renewal, of a trial's end, the new one of a payment that was moved",
    "keepsAccess": "`true` or nothing: whether access stays open until an overdue payment is made",
    "accessUntil": "the last day of what was canceled for its end",
    "mayReturn": "`true` or nothing: whether who has lost access is invited to come back",
    "cardName": "the card, such as `Visa •••• 4242`",
    "cardExpires": "the month in which it expires",
    "accountLink": "the address of My Account",
    "checkoutLink": "the address of the checkout, for the same product",
    "homeLink": "the address of the site",
}
"""Name → what it is. Whoever renders knows nothing else of a mail."""
DETAILS = "details"
"""What `MM_Mail_Details` asks for: whole elements, written for their place."""
_NAMES = {name.lower(): name for name in FIELDS}


def _data(given: Given) -> Value:
    name: str | None = given.choice("name", _NAMES)
    return (lambda facts: facts.mail(name)) if name is not None else (lambda _facts: "")


def _decides(given: Given) -> Condition:
    text = given.get("has")
    if text is None:
        given.report("The attribute {name} is missing.", name="has")
        return lambda _facts: False

    def tells(facts: Facts, name: str) -> bool:
        return bool(facts.mail(name))

    def operand(part: str) -> str:
        name = _NAMES.get(part.lower())
        if name is None:
            meant = nearest(part, FIELDS)
            if meant is not None:
                sentence = "{name} cannot be “{value}”. Did you mean “{meant}”?"
                given.report(sentence, name="has", value=part, meant=meant)
            raise Malformed("“{part}” is nothing that a mail tells of", part)
        return name

    return given.equation("has", text, operand, tells)


MAIL_DATA = Tag(
    "MM_Mail_Data",
    "Prints what a mail tells of; nothing on a page. Dates and amounts are written in the mail's language.",
    (Attribute("name", "what to print", tuple(FIELDS)),),
    prints=_data,
)
MAIL_DECISION = Tag(
    "MM_Mail_Decision",
    "Shows its content if the mail tells of what is named; never on a page.",
    (Attribute("has", "names of `MM_Mail_Data`, an equation: `has='retryDate|deadline'`, `has='!amount'`"),),
    decides=_decides,
)
MAIL_DETAILS = Tag(
    "MM_Mail_Details",
    "Prints the table of figures that belongs to the mail: amount, tax, card, period, product, order. It stands in the text"
    " itself; on a page it prints nothing.",
    (),
    prints=lambda _given: lambda facts: facts.mail(DETAILS),
    is_markup=True,
)
