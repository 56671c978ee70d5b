"""the table of who wrote what"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "StarbeamAudit",
        sa.Column(
            "auditId",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("writtenAt", sa.DateTime, nullable=False, index=True),
        sa.Column("login", sa.String(70), nullable=False, index=True),
        sa.Column("personId", sa.Integer, nullable=False),
        sa.Column("token", sa.String(60), index=True),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("requestId", sa.String(64), nullable=False, index=True),
        sa.Column("operation", sa.String(255), nullable=False),
        sa.Column("verb", sa.String(6), nullable=False),
        sa.Column("tableName", sa.String(64), nullable=False),
        sa.Column("rowCount", sa.Integer, nullable=False),
        sa.Column("firstKey", sa.String(64), nullable=False),
        sa.Column("lastKey", sa.String(64), nullable=False),
        sa.Column("changes", sa.Text, nullable=False),
        sa.Index("StarbeamAudit_rows", "tableName", "firstKey"),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("StarbeamAudit")
