"""The spine: recordings, keys, policies, holds, plans, certificates, the log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intents",
        sa.Column("blob", sa.String(length=32), nullable=False),
        sa.Column("store", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("blob", "store", name=op.f("pk_intents")),
    )
    op.create_table(
        "key_epochs",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_epochs")),
    )
    op.create_table(
        "log_checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_checkpoints")),
    )
    op.create_table(
        "log_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_entries")),
        sa.UniqueConstraint("leaf_index", name=op.f("uq_log_entries_leaf_index")),
    )
    op.create_index(op.f("ix_log_entries_act_id"), "log_entries", ["act", "id"], unique=False)
    op.create_index(op.f("ix_log_entries_subject"), "log_entries", ["subject"], unique=False)

    op.create_table(
        "plans",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_basis", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("direction", sa.String(length=16), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("seat", sa.Text(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("jurisdiction", sa.Text(), nullable=True),
        sa.Column("consent", sa.String(length=16), nullable=False),
        sa.Column("interaction", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_token", sa.LargeBinary(), nullable=False),
        sa.Column("content_token", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_metadata", sa.LargeBinary(), nullable=True),
        sa.Column("purged_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
        sa.UniqueConstraint("source", "source_token", name=op.f("uq_recordings_source_source_token")),
    )
    op.create_index(op.f("ix_recordings_agent_ended_at"), "recordings", ["agent", "ended_at"], unique=False)
    op.create_index(op.f("ix_recordings_ended_at_id"), "recordings", ["ended_at", "id"], unique=False)
    op.create_index(op.f("ix_recordings_interaction"), "recordings", ["interaction"], unique=False)
    op.create_index(op.f("ix_recordings_queue_ended_at"), "recordings", ["queue", "ended_at"], unique=False)
    op.create_index(op.f("ix_recordings_state_kind_id"), "recordings", ["state", "kind", "id"], unique=False)

    op.create_table(
        "ticks",
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slot", name=op.f("pk_ticks")),
    )
    op.create_table(
        "users",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_users")),
    )
    op.create_table(
        "vault_info",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_vault_info")),
    )
    op.create_table(
        "approvals",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=128), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name=op.f("fk_approvals_user")),
        sa.PrimaryKeyConstraint("digest", "user", "act", name=op.f("pk_approvals")),
    )
    op.create_table(
        "certificates",
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recordings.id"], name=op.f("fk_certificates_recording")),
        sa.PrimaryKeyConstraint("recording", name=op.f("pk_certificates")),
    )
    op.create_table(
        "deletions",
        sa.Column("blob", sa.String(length=32), nullable=False),
        sa.Column("store", sa.String(length=16), nullable=False),
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("obstacle", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["recording"], ["recordings.id"], name=op.f("fk_deletions_recording")),
        sa.PrimaryKeyConstraint("blob", "store", name=op.f("pk_deletions")),
    )
    op.create_index(op.f("ix_deletions_retry_at"), "deletions", ["retry_at"], unique=False)

    op.create_table(
        "holds",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("matter", sa.String(length=64), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("sealed_scope", sa.LargeBinary(), nullable=False),
        sa.Column("placed_by", sa.String(length=128), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("release_requested_by", sa.String(length=128), nullable=True),
        sa.Column("release_requested_at", sa.BigInteger(), nullable=True),
        sa.Column("release_reason_sha256", sa.String(length=64), nullable=True),
        sa.Column("sealed_release_reason", sa.LargeBinary(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("grace_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["placed_by"], ["users.name"], name=op.f("fk_holds_placed_by")),
        sa.ForeignKeyConstraint(["release_requested_by"], ["users.name"], name=op.f("fk_holds_release_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_released_at"), "holds", ["released_at"], unique=False)

    op.create_table(
        "key_slots",
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["epoch"], ["key_epochs.id"], name=op.f("fk_key_slots_epoch")),
        sa.PrimaryKeyConstraint("subject", "purpose", name=op.f("pk_key_slots")),
    )
    op.create_index(op.f("ix_key_slots_epoch"), "key_slots", ["epoch"], unique=False)

    op.create_table(
        "labels",
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recordings.id"], name=op.f("fk_labels_recording")),
        sa.PrimaryKeyConstraint("recording", "label", name=op.f("pk_labels")),
    )
    op.create_index(op.f("ix_labels_label"), "labels", ["label"], unique=False)

    op.create_table(
        "policies",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.Column("applied_by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["applied_by"], ["users.name"], name=op.f("fk_policies_applied_by")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policies")),
    )
    op.create_table(
        "renditions",
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("blob", sa.String(length=32), nullable=False),
        sa.Column("plain_size", sa.BigInteger(), nullable=False),
        sa.Column("sealed_size", sa.BigInteger(), nullable=False),
        sa.Column("sealed_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recordings.id"], name=op.f("fk_renditions_recording")),
        sa.PrimaryKeyConstraint("recording", "name", name=op.f("pk_renditions")),
        sa.UniqueConstraint("blob", name=op.f("uq_renditions_blob")),
    )
    op.create_table(
        "screenings",
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("engine", sa.String(length=128), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("cuts", sa.Integer(), nullable=False),
        sa.Column("sealed_report", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["recording"], ["recordings.id"], name=op.f("fk_screenings_recording")),
        sa.PrimaryKeyConstraint("recording", name=op.f("pk_screenings")),
    )
    op.create_table(
        "tokens",
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=16), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recordings.id"], name=op.f("fk_tokens_recording")),
        sa.PrimaryKeyConstraint("recording", "field", "token", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_field_token"), "tokens", ["field", "token"], unique=False)

    op.create_table(
        "copies",
        sa.Column("blob", sa.String(length=32), nullable=False),
        sa.Column("store", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["blob"], ["renditions.blob"], name=op.f("fk_copies_blob")),
        sa.PrimaryKeyConstraint("blob", "store", name=op.f("pk_copies")),
    )


def downgrade() -> None:
    op.drop_table("copies")
    op.drop_index(op.f("ix_tokens_field_token"), table_name="tokens")

    op.drop_table("tokens")
    op.drop_table("screenings")
    op.drop_table("renditions")
    op.drop_table("policies")
    op.drop_index(op.f("ix_labels_label"), table_name="labels")

    op.drop_table("labels")
    op.drop_index(op.f("ix_key_slots_epoch"), table_name="key_slots")

    op.drop_table("key_slots")
    op.drop_index(op.f("ix_holds_released_at"), table_name="holds")

    op.drop_table("holds")
    op.drop_index(op.f("ix_deletions_retry_at"), table_name="deletions")

    op.drop_table("deletions")
    op.drop_table("certificates")
    op.drop_table("approvals")
    op.drop_table("vault_info")
    op.drop_table("users")
    op.drop_table("ticks")
    op.drop_index(op.f("ix_recordings_state_kind_id"), table_name="recordings")
    op.drop_index(op.f("ix_recordings_queue_ended_at"), table_name="recordings")
    op.drop_index(op.f("ix_recordings_interaction"), table_name="recordings")
    op.drop_index(op.f("ix_recordings_ended_at_id"), table_name="recordings")
    op.drop_index(op.f("ix_recordings_agent_ended_at"), table_name="recordings")

    op.drop_table("recordings")
    op.drop_table("plans")
    op.drop_index(op.f("ix_log_entries_subject"), table_name="log_entries")
    op.drop_index(op.f("ix_log_entries_act_id"), table_name="log_entries")

    op.drop_table("log_entries")
    op.drop_table("log_checkpoints")
    op.drop_table("key_epochs")
    op.drop_table("intents")
