"""Rules by query, and which texts were searched for by how many users."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "rules",
        _text("collection"),
        _text("rule_id"),
        _text("body"),
        sa.PrimaryKeyConstraint("collection", "rule_id", name="rules_pk"),
    )
    op.create_table(
        "searches",
        _text("collection"),
        _text("user_id"),
        _text("text"),
        sa.PrimaryKeyConstraint("collection", "user_id", "text", name="searches_pk"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "asked",
        _text("collection"),
        _text("text"),
        sa.Column("users", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("collection", "text", name="asked_pk"),
        sqlite_with_rowid=False,
    )
    op.create_index("asked_by_users", "asked", ["collection", "users"])


def downgrade() -> None:
    """Drop them."""
    for table in ("asked", "searches", "rules"):
        op.drop_table(table)
