"""the tables of tokens and of log-ins"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "StarbeamToken",
        sa.Column("tokenId", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False, index=True),
        sa.Column("personId", sa.Integer, nullable=False, index=True),
        sa.Column("secretHash", sa.String(64), nullable=False),
        sa.Column("formerHash", sa.String(64)),
        sa.Column("formerUntil", sa.DateTime),
        sa.Column("scopes", sa.String(255), nullable=False),
        sa.Column("beamLines", sa.String(1024), nullable=False),
        sa.Column("proposals", sa.String(1024), nullable=False),
        sa.Column("networks", sa.String(1024), nullable=False),
        sa.Column("service", sa.String(60)),
        sa.Column("notBefore", sa.DateTime),
        sa.Column("expires", sa.DateTime),
        sa.Column("revokedAt", sa.DateTime),
        sa.Column("createdBy", sa.String(45), nullable=False),
        sa.Column("createdAt", sa.DateTime, nullable=False),
        sa.Column("comment", sa.String(255)),
    )
    op.create_table(
        "StarbeamTokenUse",
        sa.Column("tokenId", sa.String(16), primary_key=True),
        sa.Column("lastUsedAt", sa.DateTime, nullable=False),
        sa.Column("lastAddress", sa.String(45), nullable=False),
        sa.Column("uses", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "StarbeamRefresh",
        sa.Column("familyId", sa.String(16), primary_key=True),
        sa.Column("personId", sa.Integer, nullable=False),
        sa.Column("login", sa.String(45), nullable=False, index=True),
        sa.Column("backend", sa.String(60), nullable=False),
        sa.Column("counter", sa.Integer, nullable=False),
        sa.Column("rotatedAt", sa.BigInteger, nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("createdAt", sa.BigInteger, nullable=False),
        sa.Column("lastUsedAt", sa.BigInteger, nullable=False),
        sa.Column("expiresAt", sa.BigInteger, nullable=False, index=True),
        sa.Column("revokedAt", sa.BigInteger),
        sa.Column("userAgent", sa.String(100), nullable=False),
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("StarbeamRefresh", "StarbeamTokenUse", "StarbeamToken"):
        op.drop_table(table)
