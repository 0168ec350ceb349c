"""Whether answers solved the questions they were given to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "verdicts",
        _text("collection"),
        _number("seq"),
        _text("feedback_id"),
        _text("question"),
        _text("item_id"),
        sa.Column("solved", sa.Boolean(), nullable=False),
        _number("at"),
        _text("by"),
        sa.PrimaryKeyConstraint("collection", "seq", name="verdicts_pk"),
        sa.UniqueConstraint("collection", "feedback_id", name="verdicts_by_id"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("verdicts")
