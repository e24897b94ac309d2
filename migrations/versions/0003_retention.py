"""Retention: parts of recordings, when to look again, events, extensions and erasure requests."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "segments",
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("begin_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("label", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recordings.id"], name=op.f("fk_segments_recording")),
        sa.PrimaryKeyConstraint("recording", "begin_ms", "end_ms", "label", name=op.f("pk_segments")),
    )
    op.create_index(op.f("ix_segments_label"), "segments", ["label"], unique=False)
    op.create_table(
        "schedules",
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("look_at", sa.BigInteger(), nullable=True),
        sa.Column("for_review", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recordings.id"], name=op.f("fk_schedules_recording")),
        sa.PrimaryKeyConstraint("recording", name=op.f("pk_schedules")),
    )
    # what is there already was never looked at: all of it is to be looked at now
    op.execute(
        "INSERT INTO schedules (recording, look_at, for_review) "
        "SELECT id, 0, false FROM recordings WHERE state <> 'purged'"
    )
    op.create_index(
        op.f("ix_schedules_for_review_look_at_recording"),
        "schedules",
        ["for_review", "look_at", "recording"],
        unique=False,
    )
    op.create_table(
        "events",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.String(length=128), nullable=False),
        sa.Column("corrects", sa.String(length=32), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.name"], name=op.f("fk_events_recorded_by")),
        sa.ForeignKeyConstraint(["corrects"], ["events.id"], name=op.f("fk_events_corrects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("corrects", name=op.f("uq_events_corrects")),
    )
    op.create_index(op.f("ix_events_subject_key"), "events", ["subject", "key"], unique=False)
    op.create_index(op.f("ix_events_name_recorded_at"), "events", ["name", "recorded_at"], unique=False)
    op.create_table(
        "demands",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=128), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=128), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["users.name"], name=op.f("fk_demands_made_by")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["users.name"], name=op.f("fk_demands_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demands")),
    )
    op.create_index(op.f("ix_demands_kind_withdrawn_at"), "demands", ["kind", "withdrawn_at"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("request", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recordings.id"], name=op.f("fk_erasures_recording")),
        sa.ForeignKeyConstraint(["request"], ["demands.id"], name=op.f("fk_erasures_request")),
        sa.PrimaryKeyConstraint("recording", "request", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_request"), "erasures", ["request"], unique=False)


def downgrade() -> None:
    for table in ("erasures", "demands", "events", "schedules", "segments"):
        op.drop_table(table)
