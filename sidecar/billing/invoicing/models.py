"""The tables of invoices and of what counts them.

A row of `invoices` keeps everything that it prints, as it was when it was issued, and is never changed: there is no UPDATE
of it anywhere. `series` is the only row that everybody who settles has to wait for; see `issuing`.
"""

from __future__ import annotations

import sqlalchemy as sa

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, metadata, token

series = sa.Table(
    "gatepost_invoice_series",
    metadata,
    sa.Column("code", token(5), primary_key=True),
    sa.Column("is_open", sa.Integer(), nullable=True, comment="1, or NULL: the key below allows one open"),
    sa.Column("invoices", sa.BigInteger(), nullable=False, comment="the last number that was given"),
    sa.Column("credit_notes", sa.BigInteger(), nullable=False, comment="and that of credit notes"),
    sa.Column(
        "mark",
        sa.BigInteger(),
        nullable=False,
        comment="the newest run of billing that this machine had seen",
    ),
    sa.Column("reason", token(20), nullable=False, comment="first, restored, adopted, asked"),
    sa.Column("opened_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("is_open", name="uq_gatepost_invoice_series_is_open"),
    comment="who counts invoices: one row is the lock of all numbers",
    **TABLE_OPTIONS,
)

invoices = sa.Table(
    "gatepost_invoices",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", token(12), nullable=False, comment="invoice, credit_note"),
    sa.Column("series", token(5), nullable=False),
    sa.Column("number", sa.BigInteger(), nullable=False, comment="1, 2, 3, … in its series and kind"),
    sa.Column("prefix", token(12), nullable=False, comment="stands before the series"),
    sa.Column(
        "cause", token(64), nullable=False, comment="what it is for, once: settle:UUID, refund:UUID, …"
    ),
    sa.Column("credits_id", Id, nullable=True, comment="the paper that this one takes back, or a part of it"),
    sa.Column("member_id", Id, nullable=False),
    sa.Column("order_id", Id, nullable=False),
    sa.Column("receivable_id", Id, nullable=False),
    sa.Column("issued_at", UtcDateTime(), nullable=False),
    sa.Column("issued_on", sa.Date(), nullable=False, comment="the day that it was then in its zone"),
    sa.Column("zone", token(64), nullable=False, comment="its days are counted in it"),
    sa.Column("description", sa.String(200), nullable=False),
    sa.Column("from_at", UtcDateTime(), nullable=False, comment="the period that it is for"),
    sa.Column("until_at", UtcDateTime(), nullable=True, comment="exclusive; NULL: for ever"),
    sa.Column("currency", token(3), nullable=False),
    sa.Column(
        "net_minor", sa.BigInteger(), nullable=False, comment="of a credit note all three are negative"
    ),
    sa.Column("tax_minor", sa.BigInteger(), nullable=False),
    sa.Column("gross_minor", sa.BigInteger(), nullable=False),
    sa.Column("tax_ppm", sa.Integer(), nullable=False),
    sa.Column("tax_country", token(2), nullable=False),
    sa.Column("paid_by", token(10), nullable=False, comment="gateway, manual, credit"),
    sa.Column(
        "credit_minor", sa.BigInteger(), nullable=False, comment="of gross: paid from, or given as, credit"
    ),
    sa.Column("card_brand", token(20), nullable=False),
    sa.Column("card_last4", token(4), nullable=False),
    sa.Column("seller_name", sa.String(200), nullable=False, comment="'': the owner had not set it yet"),
    sa.Column("seller_address", sa.String(500), nullable=False),
    sa.Column("seller_tax_id", sa.String(60), nullable=False),
    sa.Column("footer", sa.String(1000), nullable=False),
    sa.Column("buyer_first_name", sa.String(200), nullable=False),
    sa.Column("buyer_last_name", sa.String(200), nullable=False),
    sa.Column("buyer_shown_as", sa.String(250), nullable=False, comment="WordPress's display name"),
    sa.Column("buyer_address", sa.String(200), nullable=False),
    sa.Column("buyer_address2", sa.String(200), nullable=False),
    sa.Column("buyer_city", sa.String(200), nullable=False),
    sa.Column("buyer_state", sa.String(200), nullable=False),
    sa.Column("buyer_zip_code", sa.String(200), nullable=False),
    sa.Column("buyer_country", sa.String(200), nullable=False),
    sa.Column("buyer_tax_id", sa.String(200), nullable=False),
    sa.Column("buyer_locale", sa.String(20), nullable=False),
    sa.Column("site_locale", sa.String(20), nullable=False, comment="where the buyer has chosen none"),
    sa.UniqueConstraint("series", "kind", "number", name="uq_gatepost_invoices_series_kind_number"),
    sa.UniqueConstraint("cause", name="uq_gatepost_invoices_cause"),
    sa.CheckConstraint("net_minor + tax_minor = gross_minor", name="sum"),
    sa.CheckConstraint("(kind = 'invoice') = (gross_minor > 0)", name="sign"),
    sa.Index("ix_gatepost_invoices_member", "member_id", "issued_at"),
    sa.Index("ix_gatepost_invoices_receivable", "receivable_id"),
    sa.Index("ix_gatepost_invoices_order", "order_id"),
    sa.Index("ix_gatepost_invoices_on", "issued_on"),
    comment="invoices and credit notes: append-only",
    **TABLE_OPTIONS,
)
