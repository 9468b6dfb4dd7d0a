"""Alembic migrations of the store; run by :mod:`hub.store.schema`, never by hand."""
