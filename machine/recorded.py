"""What is on record of answers, asked for at the command line: explained and made again, or those that quoted a page."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from channels.provenance import Recorded
from channels.settings import Settings
from machine.home import CannotStart, read_note

if TYPE_CHECKING:
    from knowledge import Answer

SHORTEST = 6  # digits of a name that are enough to ask for


@dataclass(frozen=True, slots=True)
class Explained:
    """`again` is the answer that the same question gets on the snapshot of that day, None where it cannot be made; `says`
    what is to be known about that, as sentences. `same` is whether it is the same: outcome, passages and quote."""

    recorded: Recorded
    again: "Answer | None"
    same: bool
    says: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        one = self.recorded
        record: dict[str, Any] = {"answer": one.name, "conversation": one.conversation, "channel": one.channel}
        record |= {"at": one.at.isoformat(), "question": one.question, "reply": one.reply, "basis": one.basis}
        return record | {"same": self.same, "again": self.again and self.again.as_dict(), "says": self.says}


@dataclass(frozen=True, slots=True)
class Affected:
    """An answer that quoted a page; `changed` is whether its quote is not published any more as it was."""

    recorded: Recorded
    changed: bool

    def as_dict(self) -> dict[str, Any]:
        one = self.recorded
        told = {"answer": one.name, "conversation": one.conversation, "channel": one.channel, "at": one.at.isoformat()}
        return told | {"question": one.question, "passage": one.passage, "quote": one.quote, "changed": self.changed}


def explain(settings: Settings, name: str) -> Explained:
    """One answer on record, by its name or the beginning of it. Raises CannotStart where it is not there."""
    sought = name.strip().lower()
    if len(sought) < SHORTEST or not all(digit in "0123456789abcdef" for digit in sought):
        raise CannotStart(f"{name!r} is no name of an answer. It has 16 digits, of which {SHORTEST} are enough.")
    found = _asked(settings, name=sought, most=2)
    if not found:
        raise CannotStart(
            f"No answer {name} is on record. Records expire with transcripts. Latest: guichet explain --last"
        )
    if len(found) > 1:
        raise CannotStart(f"Several answers begin with {name}. Write more of it: {', '.join(x.name for x in found)} …")
    return replay(settings, found[0])


def latest(settings: Settings, most: int, conversation: str = "") -> list[Recorded]:
    """The last answers on record, the newest first. Raises CannotStart."""
    return _asked(settings, conversation=conversation, most=most)


def replay(settings: Settings, recorded: Recorded) -> Explained:
    """Make an answer once more, as it was made."""
    from knowledge.encoder import SharedEncoder
    from knowledge.publishing.encoders import kept_at
    from knowledge.publishing.snapshot import NoSnapshot, Snapshot
    from knowledge.rules.ruled import again, code
    from knowledge.rules.veil import Veil
    from knowledge.rules.withheld import Step

    basis, says = recorded.basis, list[str]()
    if not basis:
        return Explained(recorded, None, False, ["It is older than records of how answers came about."])
    if basis["code"] != code():
        says.append(f"It was made by version {basis['code']}; this is {code()}.")
    try:
        snapshot = Snapshot.open(settings.home, str(recorded.reply["snapshot"]))
    except NoSnapshot as gone:
        return Explained(recorded, None, False, [*says, f"It cannot be made again. {gone}"])
    encoder, used = SharedEncoder(settings.home / "encoder").get(), basis["encoder"]
    if used is not None and (encoder is None or encoder.fingerprint != used):
        encoder = SharedEncoder(kept_at(settings.home, used)).get() or encoder
    if (encoder.fingerprint if encoder is not None else None) != used:
        here = encoder.fingerprint if encoder is not None else "none"
        says.append(f"It was made with the encoder {used or 'none'}; here is {here}.")
        encoder = None
    elif encoder is not None and snapshot.manifest["encoder"] != encoder.fingerprint:
        encoder = None
    steps = [Step(recorded.at, kind, what, "", "") for kind, what in basis["withheld"]]
    try:
        made = again(basis, snapshot, encoder, Veil(snapshot, steps) if steps else None)
    except KeyError as missing:
        return Explained(recorded, None, False, [*says, f"It cannot be made again: {missing} is not in its snapshot."])
    return Explained(recorded, made, _same(recorded, made), says)


def affected(settings: Settings, page: str, since: datetime | None, changed: bool) -> list[Affected]:
    """The answers that quoted a page since then, the newest first; if `changed`, those alone whose quote is not published
    any more as it was. `page` is an address, or the id of a document or passage. Raises CannotStart."""
    from knowledge.rules.withheld import ADDRESS, page_address

    document = page.strip().rpartition("#")[0] or page.strip() if not ADDRESS.match(page) else ""
    found = _asked(settings, of=(document, page_address(page)), since=since)
    if "#" in page:
        found = [each for each in found if page.strip() == each.passage or _of_section(each, page)]
    published = _published(settings, found)
    listed = [Affected(each, each.quote not in published.get(each.passage, "")) for each in found]
    return [each for each in listed if each.changed or not changed]


def _same(recorded: Recorded, made: "Answer") -> bool:
    reply = recorded.reply
    quote = made.sources[0].quote if made.outcome == "answered" else ""
    passages = [each.passage for each in made.sources]
    return (reply["outcome"], list(reply["passages"]), recorded.quote) == (made.outcome, passages, quote)


def _of_section(recorded: Recorded, section: str) -> bool:
    from knowledge.rules.withheld import page_address

    quoted = (recorded.reply.get("quotes") or [{}])[0].get("url") or ""
    return page_address(quoted, with_fragment=True) == page_address(section, with_fragment=True)


def _published(settings: Settings, found: Sequence[Recorded]) -> dict[str, str]:
    """What the passages say now, by their ids."""
    from knowledge.publishing.snapshot import NoSnapshot, Snapshot
    from knowledge.rules.pins import number

    try:
        snapshot = Snapshot.open(settings.home)
    except NoSnapshot:
        return {}
    texts = {}
    for passage in {each.passage for each in found}:
        for language, shelf in snapshot.shelves.items():
            if (at := number(snapshot, language, passage)) is not None:
                texts[passage] = shelf.passage(at).text
    return texts


def _asked(settings: Settings, **wanted: Any) -> list[Recorded]:
    """Those of the running service, or of your own database. Raises CannotStart."""
    from sqlalchemy.exc import SQLAlchemyError

    from channels.record import Record

    note = read_note(settings.home)
    url = settings.database_url or (note.settings.get("database_url") if note else None)
    if not url:
        raise CannotStart("Answers are on record in the database, and nothing runs here. Start it: make up")

    async def ask() -> list[Recorded]:
        record = Record(str(url), settings.keep_transcripts_days)
        try:
            return await record.answers(**wanted)
        finally:
            await record.close()

    try:
        return asyncio.run(ask())
    except (SQLAlchemyError, OSError) as error:
        why = f"The database does not answer ({type(error).__name__}). See what is wrong: guichet doctor"
        raise CannotStart(why) from error
