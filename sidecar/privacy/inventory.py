"""Every column of ours: what of a person is in it, and what an erasure does with it.

A test fails when a column is missing here, and another when a person's mark is found anywhere after an erasure; so whoever adds a
column decides. `docs/privacy.md` tells owners the same in words.
"""

from __future__ import annotations

from enum import StrEnum


class Fate(StrEnum):
    """What becomes of a column's content."""

    NOBODY = "nobody"
    """Nothing about any person."""
    NUMBER = "number"
    """Points at a person by a number or a name of the gateway's; kept, since what it stands beside is kept."""
    BOOKS = "books"
    """What was bought, paid, given back and owed: kept as long as tax law and the gateway's disputes ask for."""
    ACCOUNT = "account"
    """What the member has and may see: stays as long as the WordPress user does."""
    ERASED = "erased"
    """Blanked by an erasure."""
    PASSING = "passing"
    """Gone by itself within days, or a digest that nobody can turn back."""


def _columns(**by_fate: str) -> dict[str, Fate]:
    """`books="a b"` → {"a": BOOKS, "b": BOOKS}."""
    return {name: Fate(fate) for fate, names in by_fate.items() for name in names.split()}


INVENTORY: dict[str, dict[str, Fate]] = {
    # --- the site's own --------------------------------------------------------------------------------------------
    "gatepost_installation": _columns(nobody="id uuid table_prefix created_at"),
    "gatepost_generation": _columns(nobody="id number"),
    "gatepost_levels": _columns(nobody="id name is_free role keeps_access_overdue is_default created_at"),
    "gatepost_bundles": _columns(nobody="id name role keeps_access_overdue created_at"),
    "gatepost_products": _columns(
        nobody="id name reference description level_id bundle_id alternate_product_id is_hidden is_archived kind price_minor"
        " currency every unit payments trial_days trial_price_minor retry_days keeps_access_overdue plan_end access_days"
        " tax_ppm tax_country created_at changed_at"
    ),
    "gatepost_coupons": _columns(
        nobody="id code kind percent_ppm amount_minor currency scope starts_at ends_at quantity used is_archived created_at"
    ),
    "gatepost_coupon_products": _columns(nobody="coupon_id product_id"),
    "gatepost_rules": _columns(
        nobody="id target_kind target audience opens_on excerpt_is_public denied teaser created_at"
    ),
    "gatepost_rule_grants": _columns(nobody="id rule_id level_id bundle_id from_day"),
    "gatepost_core_pages": _columns(nobody="kind post_id"),
    "gatepost_level_pages": _columns(nobody="level_id kind post_id"),
    "gatepost_custom_fields": _columns(nobody="id name kind created_at"),
    "gatepost_employees": _columns(nobody="id is_default", number="user_id", account="phone"),
    "gatepost_mail_texts": _columns(
        nobody="id kind language version is_default subject body written_at", number="by"
    ),
    "gatepost_policies": _columns(nobody="digest kind url text accepted_at"),
    # --- members ---------------------------------------------------------------------------------------------------
    "gatepost_members": _columns(number="id user_id", account="joined_at"),
    "gatepost_entitlements": _columns(
        number="id member_id",
        account="slot level_id bundle_id status status_under_lock status_changed_at is_complimentary started_at expires_at"
        " canceled_at days_method days_from_at days_fixed paused_days paused_at keeps_access_overdue error",
    ),
    "gatepost_member_faces": _columns(
        number="member_id user_id", account="name login email digest checked_at"
    ),
    "gatepost_member_words": _columns(number="member_id", account="word"),
    "gatepost_bad_addresses": _columns(passing="digest", erased="address reason", nobody="found_at"),
    "gatepost_contacts": _columns(
        number="member_id",
        erased="phone billing_address billing_address2 billing_city billing_state billing_zip_code billing_country"
        " shipping_address shipping_address2 shipping_city shipping_state shipping_zip_code shipping_country",
    ),
    "gatepost_custom_values": _columns(number="member_id field_id", erased="value"),
    "gatepost_trials": _columns(number="member_id order_id", account="began_at"),
    # --- who works here ------------------------------------------------------------------------------------------------
    "gatepost_staff": _columns(number="user_id by", account="role employed_at"),
    "gatepost_staff_links": _columns(number="user_id", passing="digest made_s"),
    "gatepost_staff_sessions": _columns(number="user_id", passing="digest mark how ip begun_s seen_s"),
    # --- the log ---------------------------------------------------------------------------------------------------
    "gatepost_events": _columns(
        nobody="id type month name at seal",
        number="member_id",
        passing="digest",
        erased="user_id subject ip body salt",
    ),
    "gatepost_held_events": _columns(
        nobody="id type month name at seal",
        number="member_id",
        passing="digest",
        erased="user_id subject ip body salt",
    ),
    "gatepost_mail_copies": _columns(nobody="id month", erased="content"),
    "gatepost_holds": _columns(nobody="id made_by made_at released_at", number="member_id order_uuid reason"),
    "gatepost_seals": _columns(nobody="number kind sealed_at count parts previous root"),
    "gatepost_seal_leaves": _columns(nobody="type month seal leaves"),
    "gatepost_event_counts": _columns(nobody="day type number"),
    "gatepost_counted_seals": _columns(nobody="id seal"),
    # --- money -----------------------------------------------------------------------------------------------------
    "gatepost_orders": _columns(
        number="id uuid member_id card_id setup_id replaces_id affiliate_id subaffiliate_id",
        passing="token",
        erased="ip",
        books="product_id level_id bundle_id gateway status terms coupon coupon_id currency zone anchor_at anchor_cycle"
        " next_cycle next_due_at paid_until_at wake_at first_failed_at retries faults carried_minor held ended_for ordered_at"
        " paused_at collected_at card_chosen_s waits_for_member announced_cycle activated_at ended_at",
    ),
    "gatepost_anchors": _columns(number="id order_id", books="cycle at reason noted_at"),
    "gatepost_receivables": _columns(
        number="id uuid order_id member_id intent_id",
        books="cycle status net_minor tax_minor gross_minor credit_minor currency tax_ppm country from_at until_at due_at"
        " intent_number intent_asked_at made_at",
    ),
    "gatepost_attempts": _columns(
        number="id receivable_id order_id member_id card_id intent_id charge_id",
        books="number origin status is_open amount_minor currency decline advice message started_at started_s finished_at",
        passing="holder",
    ),
    "gatepost_settlements": _columns(
        number="id receivable_id order_id member_id attempt_id charge_id",
        books="source amount_minor currency note settled_at",
    ),
    "gatepost_surpluses": _columns(
        number="id charge_id intent_id member_id receivable_id", books="amount_minor currency reason found_at"
    ),
    "gatepost_refunds": _columns(
        number="id uuid member_id order_id settlement_id charge_id gateway_id by",
        books="amount_minor currency status reason asked_at asked_s finished_at",
    ),
    "gatepost_disputes": _columns(
        number="id gateway_id charge_id member_id order_id fingerprint",
        books="amount_minor currency reason status opened_at closed_at due_at network_reason",
    ),
    "gatepost_ledger": _columns(number="id member_id", books="posting account amount_minor currency at"),
    "gatepost_invoice_series": _columns(nobody="code is_open invoices credit_notes mark reason opened_at"),
    "gatepost_invoices": _columns(
        nobody="kind series number prefix seller_name seller_address seller_tax_id footer site_locale",
        number="id cause credits_id member_id order_id receivable_id",
        books="issued_at issued_on zone description from_at until_at currency net_minor tax_minor gross_minor tax_ppm"
        " tax_country paid_by credit_minor card_brand card_last4 buyer_first_name buyer_last_name buyer_shown_as"
        " buyer_address buyer_address2 buyer_city buyer_state buyer_zip_code buyer_country buyer_tax_id buyer_locale",
    ),
    "gatepost_declarations": _columns(
        nobody="kind received_at is_waiting outcome settled_at language",
        number="id member_id order_id settled_by",
        books="wanted_on",
        passing="token",
        erased="name email contract reason ip",
    ),
    "gatepost_customers": _columns(number="id member_id account gateway_id", books="made_at"),
    "gatepost_cards": _columns(
        number="id member_id gateway_id customer_id fingerprint",
        nobody="brand never_again added_at",
        erased="last4 exp_year exp_month",
    ),
    "gatepost_declines": _columns(number="id what fingerprint", nobody="brand at forbids exp_year exp_month"),
    "gatepost_webhooks": _columns(
        number="payload", nobody="id gateway type received_at due_at tries done_at outcome error"
    ),
    # --- the machinery ---------------------------------------------------------------------------------------------
    "gatepost_outbox": _columns(
        nobody="id seq_at kind due_at attempts holder held_until done_at", erased="payload error"
    ),
    "gatepost_export_places": _columns(passing="name", nobody="at event_id made_at"),
    "gatepost_settings": _columns(number="by", nobody="name value set_at"),
    "gatepost_job_runs": _columns(nobody="name at_s took_s done done_at_s error"),
    "gatepost_tries": _columns(passing="name", nobody="begun_s number"),
    "gatepost_member_locks": _columns(number="member_id", passing="holder until_s"),
    "gatepost_billing_lease": _columns(
        nobody="id account site_url server bound_at guarded_s forecast forecast_at charged paused_for paused_because paused_at"
        " runs caught_up_s"
    ),
    "gatepost_billing_machines": _columns(nobody="id name enrolled_at"),
    "gatepost_rates": _columns(nobody="name next_s"),
    "gatepost_alarms": _columns(number="subject sentence", nobody="id kind raised_at closed_at"),
    "gatepost_figures": _columns(nobody="on name key currency value counted_at"),
    "gatepost_heartbeats": _columns(nobody="name at_s"),
}
"""Table → column → fate. `gatepost_entitlements.error` and alarms' sentences are ours and name numbers alone; what an owner writes
into notes and reasons of payments belongs to his books."""
