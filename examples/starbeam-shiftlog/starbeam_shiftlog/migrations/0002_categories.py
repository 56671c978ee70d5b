"""a category for each entry"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Entries that are there already become notes."""
    op.add_column(
        "ShiftlogEntry", sa.Column("category", sa.String(20), nullable=False, server_default="note")
    )


def downgrade() -> None:
    """Forget the categories."""
    op.drop_column("ShiftlogEntry", "category")
