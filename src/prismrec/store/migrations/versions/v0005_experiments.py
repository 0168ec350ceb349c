"""Experiments that were started while serving."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, of which one row a collection may be under way."""
    op.create_table(
        "experiments",
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("challenger", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("share", sa.Float(53), nullable=False),
        sa.Column("started_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("after_exposure", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("after_event", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stopped_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("collection", "name", name="experiments_pk"),
    )
    op.create_index(
        "experiments_under_way",
        "experiments",
        ["collection"],
        unique=True,
        sqlite_where=sa.text("stopped_at IS NULL"),
        postgresql_where=sa.text("stopped_at IS NULL"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("experiments")
