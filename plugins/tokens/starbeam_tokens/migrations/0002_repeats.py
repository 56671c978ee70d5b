"""the table of requests with an Idempotency-Key"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "StarbeamIdempotency",
        sa.Column("keyHash", sa.String(64), primary_key=True),
        sa.Column("requestHash", sa.String(64), nullable=False),
        sa.Column("createdAt", sa.BigInteger, nullable=False, index=True),
        sa.Column("status", sa.Integer),
        sa.Column("answer", sa.Text(65_535)),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("StarbeamIdempotency")
