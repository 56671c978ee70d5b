"""the table of notes"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "SkeletonNote",
        sa.Column("skeletonNoteId", sa.Integer, primary_key=True),
        sa.Column("personId", sa.Integer, nullable=False, index=True),
        sa.Column("text", sa.String(4000), nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("SkeletonNote")
