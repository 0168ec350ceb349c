"""What was said lately, the state of what watches it, rates by day, and alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "said",
        _text("collection"),
        _number("seq"),
        _text("text_id"),
        _text("at"),
        _text("text"),
        _text("scores"),
        sa.PrimaryKeyConstraint("collection", "seq", name="said_pk"),
        sa.UniqueConstraint("collection", "text_id", name="said_by_id"),
    )
    op.create_table(
        "watches",
        _text("collection"),
        _number("seen"),
        _text("setup"),
        _text("body"),
        sa.PrimaryKeyConstraint("collection", name="watches_pk"),
    )
    op.create_table(
        "opinion_days",
        _text("collection"),
        _text("day"),
        _text("body"),
        sa.PrimaryKeyConstraint("collection", "day", name="opinion_days_pk"),
    )
    op.create_table(
        "alerts",
        _text("collection"),
        _number("seq"),
        _text("body"),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        _text("closed_by"),
        sa.PrimaryKeyConstraint("collection", "seq", name="alerts_pk"),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("alerts", "opinion_days", "watches", "said"):
        op.drop_table(table)
