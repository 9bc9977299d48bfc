"""What a served desk needs: teams, due times, briefs, callbacks, ratings, switches, invitations and second factors."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"


def time(name: str, **about: object) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **about)  # type: ignore[arg-type]


NEW = {
    "agents": (
        sa.Column("teams", JSONB, nullable=False, server_default="[]"),
        sa.Column("capacity", sa.SmallInteger),
        sa.Column("must_change", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("totp", sa.Text),
        sa.Column("totp_used", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("subject", sa.Text, unique=True),
    ),
    "sign_ins": (
        time("seen", nullable=False, server_default=sa.func.now()),
        sa.Column("lacks", sa.String(16)),
    ),
    "cases": (
        sa.Column("topic", sa.Text),
        time("first_due"),
        time("reply_due"),
        time("resolve_due"),
        sa.Column("late_replies", sa.Integer, nullable=False, server_default="0"),
        time("overflowed"),
        sa.Column("asks", sa.String(16)),
        sa.Column("wants", sa.String(16), nullable=False, server_default="chat"),
        sa.Column("callback", sa.Text),
        sa.Column("rating", sa.SmallInteger),
        time("rated"),
        sa.Column("tags", JSONB, nullable=False, server_default="[]"),
        sa.Column("reopened", sa.SmallInteger, nullable=False, server_default="0"),
    ),
}


def upgrade() -> None:
    now = sa.func.now()
    for table, columns in NEW.items():
        for column in columns:
            op.add_column(table, column, if_not_exists=True)  # an early 0003 had some of them
    op.create_index("cases_of_conversation", "cases", ["conversation"])
    op.create_index("cases_opened", "cases", ["opened"])
    agent = sa.ForeignKey("agents.id")
    op.create_table(
        "invitations",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("agent", sa.String(32), sa.ForeignKey("agents.id", ondelete="CASCADE"), nullable=False, index=True),
        time("began", nullable=False, server_default=now),
        time("ends", nullable=False),
    )
    op.create_table(
        "switches",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("texts", JSONB, nullable=False, server_default="{}"),
        sa.Column("because", sa.Text, nullable=False),
        time("began", nullable=False, server_default=now),
        time("ends"),
        sa.Column("by", sa.String(32), agent, nullable=False),
        time("ended"),
        sa.Column("ended_by", sa.String(32), sa.ForeignKey("agents.id")),
    )
    op.create_index("switches_on", "switches", ["id"], postgresql_where=sa.text("ended IS NULL"))


def downgrade() -> None:
    op.drop_table("switches")
    op.drop_table("invitations")
    op.drop_index("cases_opened")
    op.drop_index("cases_of_conversation")
    for table, columns in NEW.items():
        for column in columns:
            op.drop_column(table, column.name)
