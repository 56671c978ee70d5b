"""for whom a machine worked"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    op.add_column("StarbeamAudit", sa.Column("behalf", sa.String(45)))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("StarbeamAudit", "behalf")
