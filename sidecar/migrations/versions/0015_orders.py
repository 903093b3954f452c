"""gatepost_orders"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, LongText, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "gatepost_orders",
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
        sa.Column(
            "wake_at", UtcDateTime(), nullable=True, comment="when billing looks at it next; NULL: never"
        ),
        sa.Column("first_failed_at", UtcDateTime(), nullable=True, comment="day 0 of the retry schedule"),
        sa.Column("retries", sa.Integer(), nullable=False, comment="retries that have failed since then"),
        sa.Column(
            "faults",
            sa.Integer(),
            nullable=False,
            comment="tries in a row that the gateway did not carry out",
        ),
        sa.Column(
            "carried_minor",
            sa.BigInteger(),
            nullable=False,
            comment="below the minimum: rides on the next cycle",
        ),
        sa.Column("card_id", Id, nullable=True),
        sa.Column(
            "setup_id",
            token(64),
            nullable=True,
            comment="the keeping of a card, where nothing is paid at first",
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
        sa.CheckConstraint(
            "(level_id IS NULL) <> (bundle_id IS NULL)", name=op.f("ck_gatepost_orders_level_or_bundle")
        ),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_orders_card", "gatepost_orders", ["card_id"])
    create_index_once("ix_gatepost_orders_due", "gatepost_orders", ["status", "next_due_at"])
    create_index_once("ix_gatepost_orders_member", "gatepost_orders", ["member_id", "status"])
    create_index_once("ix_gatepost_orders_wake", "gatepost_orders", ["wake_at"])
