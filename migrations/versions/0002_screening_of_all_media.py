"""Screening of all media: presets, reasons, attempts, reviews."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("screenings") as batch:
        # what was screened before this revision was screened by the rules now called balanced
        batch.add_column(sa.Column("preset", sa.String(length=16), nullable=False, server_default="balanced"))
        batch.add_column(sa.Column("why", sa.String(length=32), nullable=True))
    with op.batch_alter_table("screenings") as batch:
        batch.alter_column("preset", server_default=None)
    op.create_table(
        "screen_attempts",
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recordings.id"], name=op.f("fk_screen_attempts_recording")),
        sa.PrimaryKeyConstraint("recording", name=op.f("pk_screen_attempts")),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("ruling", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        sa.Column("asked_by", sa.String(length=128), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["recording"], ["recordings.id"], name=op.f("fk_reviews_recording")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.name"], name=op.f("fk_reviews_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_recording"), "reviews", ["recording"], unique=False)
    op.create_index(op.f("ix_reviews_state_asked_at"), "reviews", ["state", "asked_at"], unique=False)


def downgrade() -> None:
    op.drop_table("reviews")
    op.drop_table("screen_attempts")
    with op.batch_alter_table("screenings") as batch:
        batch.drop_column("why")
        batch.drop_column("preset")
