"""gatepost_coupon_products"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "gatepost_coupon_products",
        sa.Column(
            "coupon_id",
            Id,
            sa.ForeignKey("gatepost_coupons.id", name="fk_gatepost_coupon_products_coupon_id"),
            primary_key=True,
        ),
        sa.Column(
            "product_id",
            Id,
            sa.ForeignKey("gatepost_products.id", name="fk_gatepost_coupon_products_product_id"),
            primary_key=True,
        ),
        comment="what a coupon is for; without a row it is for everything",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
