"""The money's tables. What must never happen twice is a unique key here; the code above only asks politely.

Amounts are BIGINT minor units with an ISO code beside them. Instants are business time, but where a comment says
"real seconds": those are the database server's clock, which leases live by.
"""

from __future__ import annotations

import sqlalchemy as sa

from sidecar.db import TABLE_OPTIONS, Id, LongText, UtcDateTime, metadata, token

orders = sa.Table(
    "gatepost_orders",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("uuid", token(36), nullable=False, comment="its name towards the gateway"),
    sa.Column("token", token(64), nullable=False, comment="SHA-256 of what the buyer's browser holds"),
    sa.Column(
        "member_id",
        Id,
        sa.ForeignKey("gatepost_members.id", name="fk_gatepost_orders_member_id"),
        nullable=False,
    ),
    sa.Column(
        "product_id",
        Id,
        sa.ForeignKey("gatepost_products.id", name="fk_gatepost_orders_product_id"),
        nullable=False,
    ),
    sa.Column("level_id", Id, nullable=True),
    sa.Column("bundle_id", Id, nullable=True),
    sa.Column("gateway", token(20), nullable=False, comment="stripe, manual"),
    sa.Column("status", token(20), nullable=False),
    sa.Column("terms", LongText, nullable=False, comment="frozen: canonical JSON"),
    sa.Column("coupon", LongText, nullable=True, comment="frozen: canonical JSON"),
    sa.Column("coupon_id", Id, nullable=True),
    sa.Column("currency", token(3), nullable=False),
    sa.Column("zone", token(64), nullable=False, comment="frozen: days and months are counted in it"),
    sa.Column("anchor_at", UtcDateTime(), nullable=False, comment="periods are counted from here"),
    sa.Column("anchor_cycle", sa.Integer(), nullable=False, comment="the cycle that begins at anchor_at"),
    sa.Column("next_cycle", sa.Integer(), nullable=False, comment="the cycle that is billed next"),
    sa.Column("next_due_at", UtcDateTime(), nullable=True, comment="NULL: nothing more will be billed"),
    sa.Column("paid_until_at", UtcDateTime(), nullable=True, comment="NULL: for ever, once it is active"),
    sa.Column("wake_at", UtcDateTime(), nullable=True, comment="when billing looks at it next; NULL: never"),
    sa.Column("first_failed_at", UtcDateTime(), nullable=True, comment="day 0 of the retry schedule"),
    sa.Column("retries", sa.Integer(), nullable=False, comment="retries that have failed since then"),
    sa.Column(
        "faults", sa.Integer(), nullable=False, comment="tries in a row that the gateway did not carry out"
    ),
    sa.Column(
        "carried_minor", sa.BigInteger(), nullable=False, comment="below the minimum: rides on the next cycle"
    ),
    sa.Column("card_id", Id, nullable=True),
    sa.Column(
        "card_chosen_s",
        sa.Double(),
        nullable=True,
        comment="when the member chose it, by the gateway's clock",
    ),
    sa.Column(
        "setup_id", token(64), nullable=True, comment="the keeping of a card, where nothing is paid at first"
    ),
    sa.Column(
        "held", token(20), nullable=True, comment="why nothing is collected: dispute, parked, restored"
    ),
    sa.Column("replaces_id", Id, nullable=True, comment="the order that a change of product ended"),
    sa.Column("ended_for", token(20), nullable=True, comment="why it ended"),
    sa.Column("affiliate_id", sa.String(100), nullable=False),
    sa.Column("subaffiliate_id", sa.String(100), nullable=False),
    sa.Column("ip", token(45), nullable=False),
    sa.Column("ordered_at", UtcDateTime(), nullable=False),
    sa.Column("paused_at", UtcDateTime(), nullable=True),
    sa.Column(
        "collected_at",
        UtcDateTime(),
        nullable=True,
        comment="when the gateway paid last: at most one renewal a day",
    ),
    sa.Column(
        "waits_for_member",
        sa.Boolean(create_constraint=False),
        nullable=False,
        comment="nothing of ours is tried any more",
    ),
    sa.Column(
        "announced_cycle", sa.Integer(), nullable=True, comment="the member was told of this one in time"
    ),
    sa.Column("activated_at", UtcDateTime(), nullable=True, comment="when it first gave access"),
    sa.Column("ended_at", UtcDateTime(), nullable=True),
    sa.UniqueConstraint("uuid", name="uq_gatepost_orders_uuid"),
    sa.UniqueConstraint("token", name="uq_gatepost_orders_token"),
    sa.CheckConstraint("(level_id IS NULL) <> (bundle_id IS NULL)", name="level_or_bundle"),
    sa.Index("ix_gatepost_orders_wake", "wake_at"),
    sa.Index("ix_gatepost_orders_member", "member_id", "status"),
    sa.Index("ix_gatepost_orders_due", "status", "next_due_at"),
    sa.Index("ix_gatepost_orders_card", "card_id"),
    sa.Index("ix_gatepost_orders_product_member", "product_id", "member_id"),
    **TABLE_OPTIONS,
)

anchors = sa.Table(
    "gatepost_anchors",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column(
        "order_id",
        Id,
        sa.ForeignKey("gatepost_orders.id", name="fk_gatepost_anchors_order_id"),
        nullable=False,
    ),
    sa.Column("cycle", sa.Integer(), nullable=False, comment="from this cycle on"),
    sa.Column("at", UtcDateTime(), nullable=False, comment="that cycle begins here"),
    sa.Column("reason", token(20), nullable=False, comment="ordered, resumed, skipped, moved, imported"),
    sa.Column("noted_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("order_id", "cycle", "at", name="uq_gatepost_anchors_order_id_cycle_at"),
    **TABLE_OPTIONS,
)

receivables = sa.Table(
    "gatepost_receivables",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("uuid", token(36), nullable=False, comment="its name towards the gateway"),
    sa.Column(
        "order_id",
        Id,
        sa.ForeignKey("gatepost_orders.id", name="fk_gatepost_receivables_order_id"),
        nullable=False,
    ),
    sa.Column("member_id", Id, nullable=False),
    sa.Column("cycle", sa.Integer(), nullable=False),
    sa.Column("status", token(10), nullable=False),
    sa.Column("net_minor", sa.BigInteger(), nullable=False),
    sa.Column("tax_minor", sa.BigInteger(), nullable=False),
    sa.Column("gross_minor", sa.BigInteger(), nullable=False),
    sa.Column(
        "credit_minor", sa.BigInteger(), nullable=False, comment="of gross: paid from the member's credit"
    ),
    sa.Column("currency", token(3), nullable=False),
    sa.Column("tax_ppm", sa.Integer(), nullable=False),
    sa.Column("country", token(2), nullable=False),
    sa.Column("from_at", UtcDateTime(), nullable=False, comment="the period that it pays for"),
    sa.Column("until_at", UtcDateTime(), nullable=True, comment="exclusive; NULL: for ever"),
    sa.Column("due_at", UtcDateTime(), nullable=False),
    sa.Column("intent_id", token(64), nullable=True, comment="the one that may collect it"),
    sa.Column(
        "intent_number", sa.Integer(), nullable=False, comment="1, and one more after each that was canceled"
    ),
    sa.Column(
        "intent_asked_at", sa.Double(), nullable=True, comment="real seconds: when its making was first sent"
    ),
    sa.Column("made_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("uuid", name="uq_gatepost_receivables_uuid"),
    sa.UniqueConstraint("order_id", "cycle", name="uq_gatepost_receivables_order_id_cycle"),
    sa.UniqueConstraint("intent_id", name="uq_gatepost_receivables_intent_id"),
    sa.CheckConstraint("net_minor + tax_minor = gross_minor", name="sum"),
    sa.CheckConstraint("credit_minor >= 0 AND credit_minor <= gross_minor", name="credit"),
    sa.Index("ix_gatepost_receivables_member", "member_id", "status"),
    sa.Index("ix_gatepost_receivables_status", "status", "due_at"),
    **TABLE_OPTIONS,
)

attempts = sa.Table(
    "gatepost_attempts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column(
        "receivable_id",
        Id,
        sa.ForeignKey("gatepost_receivables.id", name="fk_gatepost_attempts_receivable_id"),
        nullable=False,
    ),
    sa.Column("order_id", Id, nullable=False),
    sa.Column("member_id", Id, nullable=False),
    sa.Column("number", sa.Integer(), nullable=False),
    sa.Column("origin", token(10), nullable=False, comment="schedule, retry, member, admin, browser, import"),
    sa.Column("status", token(20), nullable=False),
    sa.Column(
        "is_open", sa.Integer(), nullable=True, comment="1, or NULL when final: the key below allows one open"
    ),
    sa.Column("holder", token(32), nullable=True, comment="the lock under which it was sent"),
    sa.Column("amount_minor", sa.BigInteger(), nullable=False),
    sa.Column("currency", token(3), nullable=False),
    sa.Column("card_id", Id, nullable=True),
    sa.Column("intent_id", token(64), nullable=True),
    sa.Column("charge_id", token(64), nullable=True),
    sa.Column("decline", token(60), nullable=True),
    sa.Column("advice", token(20), nullable=True),
    sa.Column("message", sa.String(300), nullable=True),
    sa.Column("started_at", UtcDateTime(), nullable=False),
    sa.Column("started_s", sa.Double(), nullable=False, comment="real seconds"),
    sa.Column("finished_at", UtcDateTime(), nullable=True),
    sa.UniqueConstraint("receivable_id", "number", name="uq_gatepost_attempts_receivable_id_number"),
    sa.UniqueConstraint("receivable_id", "is_open", name="uq_gatepost_attempts_receivable_id_is_open"),
    sa.UniqueConstraint("charge_id", name="uq_gatepost_attempts_charge_id"),
    sa.Index("ix_gatepost_attempts_order", "order_id", "is_open"),
    sa.Index("ix_gatepost_attempts_open", "is_open", "started_at"),
    **TABLE_OPTIONS,
)

settlements = sa.Table(
    "gatepost_settlements",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column(
        "receivable_id",
        Id,
        sa.ForeignKey("gatepost_receivables.id", name="fk_gatepost_settlements_receivable_id"),
        nullable=False,
    ),
    sa.Column("order_id", Id, nullable=False),
    sa.Column("member_id", Id, nullable=False),
    sa.Column("source", token(10), nullable=False, comment="gateway, manual, credit, coupon, waived"),
    sa.Column("amount_minor", sa.BigInteger(), nullable=False, comment="what the source paid"),
    sa.Column("currency", token(3), nullable=False),
    sa.Column("attempt_id", Id, nullable=True),
    sa.Column("charge_id", token(64), nullable=True),
    sa.Column("note", sa.String(200), nullable=False),
    sa.Column("settled_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("receivable_id", name="uq_gatepost_settlements_receivable_id"),
    sa.UniqueConstraint("charge_id", name="uq_gatepost_settlements_charge_id"),
    sa.Index("ix_gatepost_settlements_member", "member_id", "settled_at"),
    sa.Index("ix_gatepost_settlements_at", "settled_at"),
    **TABLE_OPTIONS,
)

surpluses = sa.Table(
    "gatepost_surpluses",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("charge_id", token(64), nullable=False),
    sa.Column("intent_id", token(64), nullable=False),
    sa.Column("member_id", Id, nullable=False),
    sa.Column("receivable_id", Id, nullable=True),
    sa.Column("amount_minor", sa.BigInteger(), nullable=False),
    sa.Column("currency", token(3), nullable=False),
    sa.Column("reason", token(20), nullable=False, comment="closed, second, unknown"),
    sa.Column("found_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("charge_id", name="uq_gatepost_surpluses_charge_id"),
    comment="money that came and that nothing was owed for: refunded unless the owner says otherwise",
    **TABLE_OPTIONS,
)

refunds = sa.Table(
    "gatepost_refunds",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("uuid", token(36), nullable=False, comment="its name towards the gateway"),
    sa.Column("member_id", Id, nullable=False),
    sa.Column("order_id", Id, nullable=True),
    sa.Column("settlement_id", Id, nullable=True),
    sa.Column("charge_id", token(64), nullable=False),
    sa.Column("amount_minor", sa.BigInteger(), nullable=False),
    sa.Column("currency", token(3), nullable=False),
    sa.Column("status", token(20), nullable=False, comment="claimed, unknown, pending, succeeded, failed"),
    sa.Column("gateway_id", token(64), nullable=True),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.Column("by", sa.String(100), nullable=False),
    sa.Column("asked_at", UtcDateTime(), nullable=False),
    sa.Column("asked_s", sa.Double(), nullable=False, comment="real seconds"),
    sa.Column("finished_at", UtcDateTime(), nullable=True),
    sa.UniqueConstraint("uuid", name="uq_gatepost_refunds_uuid"),
    sa.UniqueConstraint("gateway_id", name="uq_gatepost_refunds_gateway_id"),
    sa.Index("ix_gatepost_refunds_charge", "charge_id"),
    sa.Index("ix_gatepost_refunds_status", "status", "asked_at"),
    **TABLE_OPTIONS,
)

disputes = sa.Table(
    "gatepost_disputes",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("gateway_id", token(64), nullable=False),
    sa.Column("charge_id", token(64), nullable=False),
    sa.Column("member_id", Id, nullable=False),
    sa.Column("order_id", Id, nullable=True),
    sa.Column("fingerprint", token(64), nullable=False, comment="of the card; '' where unknown"),
    sa.Column("amount_minor", sa.BigInteger(), nullable=False),
    sa.Column("currency", token(3), nullable=False),
    sa.Column("reason", token(60), nullable=False),
    sa.Column("status", token(20), nullable=False, comment="inquiry, open, won, lost, closed"),
    sa.Column("opened_at", UtcDateTime(), nullable=False),
    sa.Column("closed_at", UtcDateTime(), nullable=True),
    sa.Column("due_at", UtcDateTime(), nullable=True, comment="evidence is taken until then"),
    sa.Column("network_reason", token(20), nullable=True, comment="the card network's code, such as 10.4"),
    sa.UniqueConstraint("gateway_id", name="uq_gatepost_disputes_gateway_id"),
    sa.Index("ix_gatepost_disputes_charge", "charge_id"),
    sa.Index("ix_gatepost_disputes_card", "fingerprint", "status"),
    **TABLE_OPTIONS,
)

policies = sa.Table(
    "gatepost_policies",
    metadata,
    sa.Column("digest", token(64), primary_key=True, comment="SHA-256 of kind, address and text"),
    sa.Column("kind", token(20), nullable=False, comment="terms, refund, cancellation"),
    sa.Column("url", sa.String(500), nullable=False, comment="where buyers read it"),
    sa.Column("text", LongText, nullable=False),
    sa.Column("accepted_at", UtcDateTime(), nullable=False, comment="by its first buyer"),
    comment="each wording of the owner's terms that some buyer has accepted",
    **TABLE_OPTIONS,
)

ledger = sa.Table(
    "gatepost_ledger",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column(
        "posting", token(64), nullable=False, comment="what happened, once: settle:UUID, refund:UUID, …"
    ),
    sa.Column("account", token(20), nullable=False),
    sa.Column("member_id", Id, nullable=False),
    sa.Column(
        "amount_minor", sa.BigInteger(), nullable=False, comment="debit positive; a posting sums to zero"
    ),
    sa.Column("currency", token(3), nullable=False),
    sa.Column("at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("posting", "account", name="uq_gatepost_ledger_posting_account"),
    sa.Index("ix_gatepost_ledger_member", "member_id", "account", "currency"),
    comment="append-only",
    **TABLE_OPTIONS,
)

customers = sa.Table(
    "gatepost_customers",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("member_id", Id, nullable=False),
    sa.Column(
        "account", token(80), nullable=False, comment="the gateway's account and its mode: acct_1:test"
    ),
    sa.Column("gateway_id", token(64), nullable=False),
    sa.Column("made_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("member_id", "account", name="uq_gatepost_customers_member_id_account"),
    sa.UniqueConstraint("gateway_id", name="uq_gatepost_customers_gateway_id"),
    **TABLE_OPTIONS,
)

cards = sa.Table(
    "gatepost_cards",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("member_id", Id, nullable=False),
    sa.Column("gateway_id", token(64), nullable=False),
    sa.Column("customer_id", token(64), nullable=False, comment="for whom the gateway keeps it"),
    sa.Column("fingerprint", token(64), nullable=False),
    sa.Column("brand", token(20), nullable=False),
    sa.Column("last4", token(4), nullable=False),
    sa.Column("exp_year", sa.Integer(), nullable=False),
    sa.Column("exp_month", sa.Integer(), nullable=False),
    sa.Column(
        "never_again", sa.Boolean(create_constraint=False), nullable=False, comment="the network said so"
    ),
    sa.Column("added_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("gateway_id", name="uq_gatepost_cards_gateway_id"),
    sa.Index("ix_gatepost_cards_member", "member_id"),
    sa.Index("ix_gatepost_cards_fingerprint", "fingerprint"),
    sa.Index("ix_gatepost_cards_expiry", "exp_year", "exp_month"),
    **TABLE_OPTIONS,
)

declines = sa.Table(
    "gatepost_declines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("what", token(64), nullable=False, comment="the charge or set-up that was declined"),
    sa.Column("fingerprint", token(64), nullable=False),
    sa.Column("brand", token(20), nullable=False),
    sa.Column("at", UtcDateTime(), nullable=False),
    sa.Column(
        "forbids", sa.Boolean(), nullable=False, server_default="0", comment="its network allows no other try"
    ),
    sa.Column("exp_year", sa.Integer(), nullable=True),
    sa.Column("exp_month", sa.Integer(), nullable=True),
    sa.UniqueConstraint("what", name="uq_gatepost_declines_what"),
    sa.Index("ix_gatepost_declines_card", "fingerprint", "at"),
    comment="counted against the card networks' ceilings, whoever tried",
    **TABLE_OPTIONS,
)

member_locks = sa.Table(
    "gatepost_member_locks",
    metadata,
    sa.Column("member_id", Id, primary_key=True, autoincrement=False),
    sa.Column("holder", token(32), nullable=True),
    sa.Column("until_s", sa.Double(), nullable=False, comment="real seconds"),
    sa.Index("ix_gatepost_member_locks_holder", "holder"),
    comment="one at a time round everything that moves a member's money",
    **TABLE_OPTIONS,
)

trials = sa.Table(
    "gatepost_trials",
    metadata,
    sa.Column("member_id", Id, primary_key=True, autoincrement=False),
    sa.Column("order_id", Id, nullable=False),
    sa.Column("began_at", UtcDateTime(), nullable=False),
    comment="one trial per member",
    **TABLE_OPTIONS,
)

webhooks = sa.Table(
    "gatepost_webhooks",
    metadata,
    sa.Column("id", token(64), primary_key=True, comment="the gateway's own id of the event"),
    sa.Column("gateway", token(20), nullable=False),
    sa.Column("type", token(80), nullable=False),
    sa.Column("payload", LongText, nullable=False),
    sa.Column("received_at", UtcDateTime(), nullable=False),
    sa.Column("due_at", UtcDateTime(), nullable=False),
    sa.Column("tries", sa.Integer(), nullable=False),
    sa.Column("done_at", UtcDateTime(), nullable=True),
    sa.Column("outcome", token(20), nullable=True, comment="booked, known, foreign, ignored"),
    sa.Column("error", sa.String(500), nullable=True),
    sa.Index("ix_gatepost_webhooks_due", "done_at", "due_at"),
    sa.Index("ix_gatepost_webhooks_received", "received_at", "id"),
    **TABLE_OPTIONS,
)

billing_lease = sa.Table(
    "gatepost_billing_lease",
    metadata,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("account", token(80), nullable=False, comment="the gateway's account and its mode"),
    sa.Column("site_url", sa.String(300), nullable=False),
    sa.Column("server", token(64), nullable=False, comment="the database server, digested"),
    sa.Column("bound_at", UtcDateTime(), nullable=False),
    sa.Column(
        "guarded_s", sa.Double(), nullable=False, comment="gateway's seconds: intents are known up to here"
    ),
    sa.Column(
        "forecast", sa.BigInteger(), nullable=False, comment="what the last run expected of the next day"
    ),
    sa.Column("forecast_at", UtcDateTime(), nullable=False),
    sa.Column("charged", sa.BigInteger(), nullable=False, comment="charges begun since forecast_at"),
    sa.Column("paused_for", token(30), nullable=True),
    sa.Column("paused_because", sa.String(500), nullable=True),
    sa.Column("paused_at", UtcDateTime(), nullable=True),
    sa.Column(
        "runs",
        sa.BigInteger(),
        nullable=False,
        comment="counted here and in the state folder: a restored one is behind",
    ),
    sa.Column(
        "caught_up_s",
        sa.Double(),
        nullable=False,
        comment="gateway's seconds: its events are known up to here",
    ),
    comment="one row: whose money this database may move",
    **TABLE_OPTIONS,
)

billing_machines = sa.Table(
    "gatepost_billing_machines",
    metadata,
    sa.Column("id", token(64), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("enrolled_at", UtcDateTime(), nullable=False),
    comment="machines that may charge",
    **TABLE_OPTIONS,
)

rates = sa.Table(
    "gatepost_rates",
    metadata,
    sa.Column("name", token(80), primary_key=True, comment="the account, or one of its endpoints"),
    sa.Column("next_s", sa.Double(), nullable=False, comment="real seconds: when the next call is free"),
    comment="one rate limiter for all processes",
    **TABLE_OPTIONS,
)

alarms = sa.Table(
    "gatepost_alarms",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", token(30), nullable=False),
    sa.Column("subject", token(100), nullable=False),
    sa.Column("sentence", sa.String(500), nullable=False),
    sa.Column("raised_at", UtcDateTime(), nullable=False),
    sa.Column("closed_at", UtcDateTime(), nullable=True),
    sa.UniqueConstraint("kind", "subject", name="uq_gatepost_alarms_kind_subject"),
    sa.Index("ix_gatepost_alarms_open", "closed_at", "raised_at"),
    comment="what the owner must know",
    **TABLE_OPTIONS,
)

heartbeats = sa.Table(
    "gatepost_heartbeats",
    metadata,
    sa.Column("name", token(80), primary_key=True, comment="tick, worker:HOST, serve:HOST"),
    sa.Column("at_s", sa.Double(), nullable=False, comment="real seconds"),
    comment="who was last alive",
    **TABLE_OPTIONS,
)
