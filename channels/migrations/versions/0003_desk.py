"""The desk: agents, their sign-ins, cases and what was said and done in them, and who did what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    now = sa.func.now()
    op.create_table(
        "agents",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("email", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("languages", JSONB, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("failures", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("locked_until", sa.DateTime(timezone=True)),
        sa.Column("began", sa.DateTime(timezone=True), nullable=False, server_default=now),
    )
    op.create_table(
        "sign_ins",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("agent", sa.String(32), sa.ForeignKey("agents.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("began", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("conversation", sa.String(32), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("place", sa.String(64)),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("because", sa.String(64), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("agent", sa.String(32), sa.ForeignKey("agents.id")),
        sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("claimed", sa.DateTime(timezone=True)),
        sa.Column("answered", sa.DateTime(timezone=True)),
        sa.Column("closed", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String(64)),
    )
    still_open = sa.text("state <> 'closed'")
    op.create_index("cases_open", "cases", ["conversation"], unique=True, postgresql_where=still_open)
    op.create_index("cases_waiting", "cases", ["state", "team", "waiting_since"])
    op.create_table(
        "case_lines",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("case", sa.BigInteger, sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("agent", sa.String(32), sa.ForeignKey("agents.id")),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("about", JSONB),
        sa.Column("to_send", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("case", "message", name="case_lines_once"),
    )
    op.create_index("case_lines_to_send", "case_lines", ["id"], postgresql_where=sa.text("to_send"))
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=now, index=True),
        sa.Column("agent", sa.String(32)),
        sa.Column("did", sa.String(64), nullable=False),
        sa.Column("case", sa.BigInteger),
        sa.Column("about", JSONB),
    )


def downgrade() -> None:
    for table in ("audit", "case_lines", "cases", "sign_ins", "agents"):
        op.drop_table(table)
