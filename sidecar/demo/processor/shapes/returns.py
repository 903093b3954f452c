"""Money that goes back: refunds, disputes; and how every movement changes the balance."""

from __future__ import annotations

from sidecar.demo.processor.books import Row


def refund(id: str, now: int, charge: Row, amount: int) -> Row:
    return {
        "id": id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "description": None,
        "destination_details": {
            "card": {
                "reference": None,
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "failure_balance_transaction": None,
        "failure_reason": None,
        "instructions_email": None,
        "metadata": {},
        "next_action": None,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "pending_reason": None,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


_EVIDENCE = """access_activity_log appeal billing_address cancellation_policy cancellation_policy_disclosure
    cancellation_rebuttal customer_communication customer_email_address customer_name customer_purchase_ip
    customer_signature duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id
    product_description receipt refund_policy refund_policy_disclosure refund_refusal_explanation service_date
    service_documentation shipping_address shipping_carrier shipping_date shipping_documentation
    shipping_tracking_number uncategorized_file uncategorized_text"""


def dispute(id: str, now: int, charge: Row, amount: int, *, reason: str, status: str) -> Row:
    inquiry = status.startswith("warning_")
    brand = charge["payment_method_details"]["card"]["brand"]
    return {
        "id": id,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE.split()), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now + 9 * 86_400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": inquiry,
        "livemode": charge["livemode"],
        "metadata": {},
        "network_reason_code": "10.4" if brand == "visa" else "4837",
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": brand,
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": brand,
                "network_reason_code": "10.4" if brand == "visa" else "4837",
            },
            "type": "card",
        },
        "reason": reason,
        "status": status,
    }


def balance_transaction(id: str, now: int, *, type: str, source: str, amount: int, currency: str) -> Row:
    """`amount` is signed: what the account's balance moves by, in minor units; nothing is kept as a fee."""
    category = {"adjustment": "dispute", "refund_failure": "refund_failure"}.get(type, type)
    return {
        "id": id,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now,
        "balance_type": "payments",
        "created": now,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": 0,
        "fee_details": [],
        "net": amount,
        "reporting_category": category,
        "source": source,
        "status": "available",
        "type": type,
    }
