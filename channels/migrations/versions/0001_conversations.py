"""Conversations, transcripts, feedback and wishes for a person."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("key", sa.String(32), primary_key=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("chosen", sa.Boolean, nullable=False),
        sa.Column("place", sa.String(64)),
        sa.Column("answered_by", sa.String(32), nullable=False),
        sa.Column("began", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "transcript",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column(
            "conversation",
            sa.String(32),
            sa.ForeignKey("conversations.key", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.String(32), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reply", JSONB),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    op.create_table(
        "feedback",
        sa.Column("conversation", sa.String(32), primary_key=True),
        sa.Column("reply", sa.Text, primary_key=True),
        sa.Column("helpful", sa.Boolean, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "wishes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("conversation", sa.String(32), nullable=False),
        sa.Column("because", sa.String(64), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("place", sa.String(64)),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("wishes_at", "wishes", ["at"])


def downgrade() -> None:
    for table in ("wishes", "feedback", "transcript", "conversations"):
        op.drop_table(table)
