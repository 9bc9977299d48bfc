"""Answers: how each came about, so that it can be explained, and whom it misled be found; those on record are entered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"

ON_RECORD = """
INSERT INTO answers (id, entry, at, question, snapshot, document, page)
SELECT
    left(encode(sha256(convert_to(said.id, 'UTF8')), 'hex'), 16),
    said.id,
    said.at,
    coalesce(asked.text, ''),
    coalesce(said.reply ->> 'snapshot', ''),
    CASE WHEN quoted.quote IS NOT NULL THEN regexp_replace(said.reply -> 'passages' ->> 0, '#[^#]*$', '') END,
    lower(split_part(quoted.page, '/', 1)) || substr(quoted.page, length(split_part(quoted.page, '/', 1)) + 1)
FROM transcript AS said
LEFT JOIN transcript AS asked ON asked.id = said.conversation || ':' || (said.reply ->> 'in_reply_to')
CROSS JOIN LATERAL (SELECT said.reply -> 'quotes' -> 0 AS quote) AS first
CROSS JOIN LATERAL (
    SELECT
        first.quote,
        rtrim(regexp_replace(split_part(first.quote ->> 'url', '#', 1), '^https?://', '', 'i'), '/') AS page
) AS quoted
WHERE jsonb_typeof(said.reply -> 'outcome') = 'string'
"""


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("entry", sa.Text, sa.ForeignKey("transcript.id", ondelete="CASCADE"), nullable=False, unique=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("snapshot", sa.String(32), nullable=False),
        sa.Column("document", sa.Text),
        sa.Column("page", sa.Text),
        sa.Column("basis", JSONB, nullable=False, server_default="{}"),
    )
    op.create_index("answers_document", "answers", ["document", "at"])
    op.create_index("answers_page", "answers", ["page", "at"])
    op.execute(ON_RECORD)


def downgrade() -> None:
    op.drop_table("answers")
