"""The tables of PostgreSQL: what must be remembered of conversations, and the desk's cases."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

LONGEST_CODE = 64

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("language", String(2), nullable=False),
    Column("chosen", Boolean, nullable=False),
    Column("place", String(LONGEST_CODE)),
    Column("answered_by", String(32), nullable=False),
    Column("stopped", Boolean, nullable=False, server_default=false()),
    Column("thread", String(32)),
    Column("continues", String(32)),
    Column("began", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

transcript = Table(
    "transcript",
    metadata,
    Column("id", Text, primary_key=True),  # "<conversation>:<id of the message or reply>"
    Column("conversation", ForeignKey("conversations.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("sender", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("reply", JSONB),
    Column("expires", DateTime(timezone=True), nullable=False, index=True),
)

answers = Table(
    "answers",
    metadata,
    Column("id", String(16), primary_key=True),  # what people call it: of the digest of `entry`
    Column("entry", ForeignKey("transcript.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("at", DateTime(timezone=True), nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("snapshot", String(32), nullable=False),
    Column("document", Text),  # of the passage that was quoted, NULL where none was
    Column("page", Text),  # its address, as addresses are compared
    Column("basis", JSONB, nullable=False, server_default="{}"),
    Index("answers_document", "document", "at"),
    Index("answers_page", "page", "at"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("conversation", String(32), primary_key=True),
    Column("reply", Text, primary_key=True),
    Column("helpful", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

wishes = Table(
    "wishes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation", String(32), nullable=False),
    Column("because", String(LONGEST_CODE), nullable=False),
    Column("language", String(2), nullable=False),
    Column("place", String(LONGEST_CODE)),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("wishes_at", "at"),
)

consents = Table(
    "consents",
    metadata,
    Column("id", Text, primary_key=True),  # "<conversation>:<id of the message>", or of the reply that was refused
    Column("conversation", String(32), nullable=False, index=True),
    Column("channel", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("word", String(LONGEST_CODE), nullable=False),
    Column("by", String(LONGEST_CODE), nullable=False),  # the citizen, or the provider with its error
    Column("at", DateTime(timezone=True), nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("conversation", String(32), primary_key=True),
    Column("reply", Text, primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("rank", SmallInteger, nullable=False),  # of the state: it never goes back
    Column("provider_id", Text, nullable=False),
    Column("code", String(32), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("deliveries_at", "at"),
)

agents = Table(
    "agents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("email", Text, nullable=False, unique=True),  # small letters
    Column("name", Text, nullable=False),
    Column("password", Text, nullable=False),  # argon2id
    Column("role", String(16), nullable=False),
    Column("languages", JSONB, nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("failures", SmallInteger, nullable=False, server_default="0"),
    Column("locked_until", DateTime(timezone=True)),
    Column("began", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("teams", JSONB, nullable=False, server_default="[]"),  # by name; none for all of them
    Column("capacity", SmallInteger),  # cases at a time; NULL for what the team says
    Column("must_change", Boolean, nullable=False, server_default=false()),  # the password, before anything else
    Column("totp", Text),  # sealed: the secret of one-time codes
    Column("totp_used", BigInteger, nullable=False, server_default="0"),  # the last code's interval: none is used twice
    Column("subject", Text, unique=True),  # of single sign-on: issuer and subject
)

invitations = Table(
    "invitations",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256
    Column("agent", ForeignKey("agents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("began", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ends", DateTime(timezone=True), nullable=False),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256: who reads the table cannot sign in
    Column("agent", ForeignKey("agents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("began", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ends", DateTime(timezone=True), nullable=False, index=True),
    Column("seen", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column(
        "lacks", String(16)
    ),  # what it needs before it opens the desk: "code", "password", "factor" (codes set up); NULL for nothing
)

cases = Table(
    "cases",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation", String(32), nullable=False),
    Column("address", Text, nullable=False),  # sealed, and "" once the case is closed
    Column("channel", String(32), nullable=False),
    Column("language", String(2), nullable=False),
    Column("place", String(LONGEST_CODE)),
    Column("team", String(32), nullable=False),
    Column("because", String(LONGEST_CODE), nullable=False),
    Column("urgent", Boolean, nullable=False, server_default=false()),
    Column("state", String(16), nullable=False),
    Column("agent", ForeignKey("agents.id")),
    Column("epoch", Integer, nullable=False, server_default="0"),  # grows whenever it changes hands: a fencing token
    Column("opened", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("waiting_since", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("claimed", DateTime(timezone=True)),  # first
    Column("answered", DateTime(timezone=True)),  # by a person, first
    Column("closed", DateTime(timezone=True)),
    Column("outcome", String(LONGEST_CODE)),
    Column("topic", Text),  # title of the last answer
    Column("first_due", DateTime(timezone=True)),  # until when a person should have answered first
    Column("reply_due", DateTime(timezone=True)),  # and what waits for an answer now
    Column("resolve_due", DateTime(timezone=True)),
    Column("late_replies", Integer, nullable=False, server_default="0"),  # after the first
    Column("overflowed", DateTime(timezone=True)),  # when it went to another team, because it waited too long
    Column(
        "asks", String(16)
    ),  # what the citizen was asked and may answer: "offer", "phone", "when", "message", "rating"
    Column("wants", String(16), nullable=False, server_default="chat"),  # or "callback", "message"
    Column("callback", Text),  # sealed JSON: whom to call, and when
    Column("rating", SmallInteger),  # 1 to 3
    Column("rated", DateTime(timezone=True)),
    Column("tags", JSONB, nullable=False, server_default="[]"),
    Column("reopened", SmallInteger, nullable=False, server_default="0"),
    Index("cases_open", "conversation", unique=True, postgresql_where=text("state <> 'closed'")),
    Index("cases_waiting", "state", "team", "waiting_since"),
    Index("cases_of_conversation", "conversation"),
    Index("cases_opened", "opened"),
)

case_lines = Table(
    "case_lines",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("case", ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("message", Text, nullable=False),  # the id of the message or reply, or of what was done
    Column("kind", String(16), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("agent", ForeignKey("agents.id")),
    Column("text", Text, nullable=False),  # sealed where a citizen or an agent wrote it
    Column("about", JSONB),  # also the published words that an agent quotes: not sealed
    Column("to_send", Boolean, nullable=False, server_default=false()),  # it is not in the outbox yet
    UniqueConstraint("case", "message", name="case_lines_once"),
    Index("case_lines_to_send", "id", postgresql_where=text("to_send")),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
    Column("agent", String(32)),  # without a reference: it outlives them
    Column("did", String(LONGEST_CODE), nullable=False),
    Column("case", BigInteger),
    Column("about", JSONB),
)

switches = Table(
    "switches",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", String(16), nullable=False),  # "closed" a team, "to_people" a topic, "notice" to everybody
    Column("subject", Text, nullable=False),  # the team, or words of the topic; "" for all
    Column("texts", JSONB, nullable=False, server_default="{}"),  # by language
    Column("because", Text, nullable=False),
    Column("began", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ends", DateTime(timezone=True)),
    Column("by", ForeignKey("agents.id"), nullable=False),
    Column("ended", DateTime(timezone=True)),
    Column("ended_by", ForeignKey("agents.id")),
    Index("switches_on", "id", postgresql_where=text("ended IS NULL")),
)
