"""Customers and their cards."""

from __future__ import annotations

from sidecar.demo.processor.books import Row
from sidecar.demo.processor.cards import brand_of, fingerprint_of


def customer(id: str, now: int, *, livemode: bool) -> Row:
    return {
        "id": id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": livemode,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


NO_ADDRESS: Row = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


NO_BILLING: Row = {"address": NO_ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None}


def payment_method(
    id: str, now: int, number: str, exp_month: int, exp_year: int, *, has_cvc: bool, livemode: bool
) -> Row:
    return {
        "id": id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": NO_BILLING,
        "card": card(number, exp_month, exp_year, has_cvc=has_cvc),
        "created": now,
        "customer": None,
        "customer_account": None,
        "livemode": livemode,
        "metadata": {},
        "radar_options": {},
        "type": "card",
    }


def card(number: str, exp_month: int, exp_year: int, *, has_cvc: bool) -> Row:
    """The `card` of a payment method; its fingerprint is a function of the number."""
    brand = brand_of(number)
    return {
        "brand": brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass" if has_cvc else None,
        },
        "country": "US",
        "display_brand": {"amex": "american_express"}.get(brand, brand),
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": fingerprint_of(number),
        "funding": "credit",
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
