"""Alembic revisions of the catalog. Imported by nobody, imports nothing of ours."""
