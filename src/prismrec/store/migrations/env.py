"""Alembic runs this file; the connection comes from `prismrec.store.database`."""

from __future__ import annotations

from alembic import context

from prismrec.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
