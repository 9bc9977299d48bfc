"""Channels: who said stop, what became of replies, and conversations that go on elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("stopped", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("conversations", sa.Column("thread", sa.String(32)))
    op.add_column("conversations", sa.Column("continues", sa.String(32)))
    op.create_table(
        "consents",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("conversation", sa.String(32), nullable=False, index=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("word", sa.String(64), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("conversation", sa.String(32), primary_key=True),
        sa.Column("reply", sa.Text, primary_key=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("rank", sa.SmallInteger, nullable=False),
        sa.Column("provider_id", sa.Text, nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("deliveries_at", "deliveries", ["at"])


def downgrade() -> None:
    for table in ("deliveries", "consents"):
        op.drop_table(table)
    for column in ("continues", "thread", "stopped"):
        op.drop_column("conversations", column)
