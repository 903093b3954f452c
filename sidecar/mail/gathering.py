"""The facts of a mail, read at the moment it is written: a late mail says how things stand then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import unescape
from typing import Any
from urllib.parse import urlencode

import msgspec
from sqlalchemy.orm import Session

from sidecar.access.store import list_core_pages
from sidecar.billing import store, store_cards
from sidecar.billing.declarations.declaring import said_in
from sidecar.billing.declarations.rules import Kind as DeclarationKind
from sidecar.billing.declarations.saying import rows_of
from sidecar.billing.declarations.store import find_declaration
from sidecar.billing.invoicing.rules import name_of
from sidecar.billing.invoicing.store import find_invoice_of
from sidecar.billing.rules import Order
from sidecar.catalog.rules import Grant, Product
from sidecar.catalog.store import find_product, get_bundle, get_level
from sidecar.i18n import N_, language_of, speaking
from sidecar.mail.facts import CardOnFile, Declared, Facts, Happening, Purchase, Receipt
from sidecar.mail.words import one_line
from sidecar.members.store import Member, find_entitlement, find_member_by_id
from sidecar.members.store_addresses import find_bad_address
from sidecar.wordpress.options import get_option, get_site
from sidecar.wordpress.permalinks import get_permalink
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import Profile, User, find_user_with_profile

_NUMBER_LENGTH = 8


@dataclass(frozen=True)
class Addressee:
    """Who gets a mail, and in which language; who it is, for the log. `order_uuid`: of which order the mail tells."""

    address: str = ""
    language: str = "en"
    member_id: int | None = None
    user_id: int | None = None
    order_uuid: str = ""


@dataclass(frozen=True)
class Nobody:
    """Why there is nobody to write to, or nothing to write about; `addressee` as far as he is known."""

    reason: str
    addressee: Addressee = Addressee()


class Gathering:
    """Reads through one session; what all mails of one batch have in common is read once."""

    def __init__(self, reader: Session, tables: Tables) -> None:
        self.reader, self.tables = reader, tables
        self.site = get_site(reader, tables)
        self.urls = {
            kind.lower(): get_permalink(reader, tables, self.site, post_id)
            for kind, post_id in list_core_pages(reader)
        }

    def gather(self, payload: dict[str, Any]) -> tuple[Addressee, Facts] | Nobody:
        """Who is told, and what. `payload`: of the parcel (`kind`, `member`, `order`, `data`); without a member it is the owner's.

        Raises msgspec.ValidationError for data of other types than `Happening` has.
        """
        happening = msgspec.convert(payload.get("data") or {}, Happening)
        if "declaration" in payload:
            return self._to_declarer(payload["declaration"], happening)
        member_id = payload.get("member")
        if member_id is None:
            return self._to_owner(happening)
        member = find_member_by_id(self.reader, member_id)
        found = None if member is None else find_user_with_profile(self.reader, self.tables, member.user_id)
        if member is None or found is None:
            return Nobody(N_("there is no such member any more"), Addressee(member_id=member_id))
        order = store.find_order(self.reader, payload.get("order") or 0)
        return self._to_member(member, *found, order, happening)

    def _to_owner(self, happening: Happening) -> tuple[Addressee, Facts] | Nobody:
        address = get_option(self.reader, self.tables, "admin_email") or ""
        if not is_address(address):
            return Nobody(N_("the site has no administrator's address"))
        return Addressee(address, language_of(self.site.locale)), self._facts(happening, None)

    def _to_declarer(self, declaration_id: int, happening: Happening) -> tuple[Addressee, Facts] | Nobody:
        """Whoever has declared something, at the address that he has given: he may be a member or not."""
        row = find_declaration(self.reader, declaration_id)
        if row is None or not is_address(row.email):
            return Nobody(N_("the declaration was erased"))
        with speaking(row.language):
            rows = tuple(rows_of(said_in(row), row.language))
        declared = Declared(row.kind == DeclarationKind.WITHDRAW, row.received_at, row.email, rows)
        return Addressee(row.email, row.language, row.member_id), self._facts(
            happening, None, declared=declared
        )

    def _to_member(
        self, member: Member, user: User, profile: Profile, order: Order | None, happening: Happening
    ) -> tuple[Addressee, Facts] | Nobody:
        language = language_of(profile.locale or self.site.locale)
        addressee = Addressee(user.email, language, member.id, user.id, order.uuid if order else "")
        if order is None:
            return Nobody(N_("there is no such order"), addressee)
        if not is_address(user.email):
            return Nobody(N_("the member has no e-mail address"), replace(addressee, address=""))
        if find_bad_address(self.reader, user.email) is not None:
            return Nobody(N_("the address bounces"), addressee)
        product = find_product(self.reader, order.product_id)
        purchase = self._purchase(member, order, product, happening)
        if happening.last4 is not None and (purchase.card is None or purchase.card.last4 != happening.last4):
            return Nobody(N_("the card has been replaced"), addressee)
        return addressee, self._facts(happening, product, name=profile.first_name, purchase=purchase)

    def of_nobody(self, happening: Happening, name: str, purchase: Purchase) -> Facts:
        """Facts of a made-up member and order, on this site."""
        return self._facts(happening, None, name=name, purchase=purchase)

    def _facts(
        self,
        happening: Happening,
        product: Product | None,
        *,
        name: str = "",
        purchase: Purchase | None = None,
        declared: Declared | None = None,
    ) -> Facts:
        home = f"{self.site.home}/"
        if happening.sentence is not None:
            happening = msgspec.structs.replace(happening, sentence=one_line(happening.sentence))
        return Facts(
            site_name=one_line(unescape(self.site.name)) or self.site.home,  # WordPress keeps it escaped
            zone=self.site.zone,
            home_url=home,
            account_url=self.urls.get("myaccount", home),
            checkout_url=self._checkout_url(product) or home,
            admin_url=f"{self.site.site_url}/wp-admin/site-health.php",
            happening=happening,
            name=name,
            purchase=purchase,
            declared=declared,
        )

    def _checkout_url(self, product: Product | None) -> str | None:
        """The checkout page, for this product while it is sold."""
        url = self.urls.get("checkout")
        if url is None or product is None or product.is_archived:
            return url
        return f"{url}{'&' if '?' in url else '?'}{urlencode({'rid': product.reference})}"

    def _purchase(
        self, member: Member, order: Order, product: Product | None, happening: Happening
    ) -> Purchase:
        next_at, cycle = order.next_due_at, order.next_cycle
        left = None if order.last_cycle is None or next_at is None else order.last_cycle - cycle + 1
        return Purchase(
            number=order.uuid[:_NUMBER_LENGTH],
            product=one_line(product.name) if product is not None else order.uuid[:_NUMBER_LENGTH],
            currency=order.currency,
            next_at=next_at,
            next_minor=order.price_of(cycle).gross_minor + order.carried_minor if next_at is not None else 0,
            payments_left=left,
            access_until=order.paid_until_at,
            is_in_trial=order.has_trial and cycle == 1,
            keeps_access_overdue=self._keeps_access(member, order),
            card=self._card(order),
            receipt=self._receipt(order, happening),
        )

    def _keeps_access(self, member: Member, order: Order) -> bool:
        """While overdue: as this member's hold says, else as the level or bundle does."""
        held = find_entitlement(self.reader, member.id, order.grant, order.grant_id)
        if held is not None and held.keeps_access_overdue is not None:
            return held.keeps_access_overdue
        get = get_level if order.grant is Grant.LEVEL else get_bundle
        return get(self.reader, order.grant_id).keeps_access_overdue

    def _card(self, order: Order) -> CardOnFile | None:
        card = store_cards.find_card(self.reader, order.card_id) if order.card_id is not None else None
        return None if card is None else CardOnFile(card.brand, card.last4, card.exp_year, card.exp_month)

    def _receipt(self, order: Order, happening: Happening) -> Receipt | None:
        if happening.cycle is None:
            return None
        paid = store.find_receivable_of(self.reader, order.id, happening.cycle)
        if paid is None:
            return None
        row = find_invoice_of(self.reader, paid.id)
        number = "" if row is None else name_of(row.kind, row.prefix, row.series, row.number)
        return Receipt(paid.tax_minor, paid.tax_ppm, paid.from_at, paid.until_at, paid.credit_minor, number)


def is_address(text: str) -> bool:
    """Whether a text can stand in a mail's To: one address, nothing beside it. The site's own mailer is stricter.

    >>> is_address("anna@example.test"), is_address("anna@example.test, bob@example.test"), is_address("a@b\\nBcc: c@d")
    (True, False, False)
    """
    local, _at, host = text.partition("@")
    return bool(local and host) and not any(
        letter in ' ,;<>"\\()@' or not letter.isprintable() for letter in local + host
    )
