"""What is on record of answers, asked for at the command line: explained and made again, or those that quoted a page."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from channels.provenance import Quoted, Recorded
from channels.settings import Settings
from machine.home import CannotStart, read_note

if TYPE_CHECKING:
    from channels.record import Record
    from knowledge import Answer
    from knowledge.publishing.snapshot import Snapshot

T = TypeVar("T")

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
    """An answer that quoted a page, or a person who did; `changed` is whether that is not published there any more."""

    told: Recorded | Quoted
    changed: bool

    @property
    def quote(self) -> str:
        return self.told.text if isinstance(self.told, Quoted) else self.told.quote

    def as_dict(self) -> dict[str, Any]:
        """An answer has a name, what a person said at the desk the number of its case; the other is None."""
        one = self.told
        named: dict[str, Any] = {"answer": None, "case": None, "question": "", "passage": ""}
        if isinstance(one, Quoted):
            named |= {"case": one.case}
        else:
            named |= {"answer": one.name, "question": one.question, "passage": one.passage}
        where = {"conversation": one.conversation, "channel": one.channel, "at": one.at.isoformat()}
        return named | where | {"quote": self.quote, "changed": self.changed}


def explain(settings: Settings, name: str) -> Explained:
    """One answer on record, by its name or the beginning of it. Raises CannotStart where it is not there."""
    sought = name.strip().lower()
    if len(sought) < SHORTEST or not all(digit in "0123456789abcdef" for digit in sought):
        raise CannotStart(f"{name!r} is no name of an answer. It has 16 digits, of which {SHORTEST} are enough.")
    found = _asked(settings, lambda record: record.answers(name=sought, most=2))
    if not found:
        raise CannotStart(
            f"No answer {name} is on record. Records expire with transcripts. Latest: guichet explain --last"
        )
    if len(found) > 1:
        raise CannotStart(f"Several answers begin with {name}. Write more of it: {', '.join(x.name for x in found)} …")
    return replay(settings, found[0])


def latest(settings: Settings, most: int, conversation: str = "") -> list[Recorded]:
    """The last answers on record, the newest first. Raises CannotStart."""
    return _asked(settings, lambda record: record.answers(conversation=conversation, most=most))


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
    """The answers and the people that quoted a page since then, the newest first; if `changed`, those alone whose words are
    not published there any more. `page` is an address, or the id of a document or passage; people's quotes are found by
    their address, and so by an id only while it is published. Raises CannotStart."""
    from knowledge.rules.withheld import ADDRESS, page_address

    snapshot = _snapshot(settings)
    document = page.strip().rpartition("#")[0] or page.strip() if not ADDRESS.match(page) else ""
    address = page if ADDRESS.match(page) else _address(snapshot, page.strip())
    by_people = _asked(settings, lambda record: record.quoted(page_address(address), since)) if address else []
    answered = _asked(settings, lambda record: record.answers(of=(document, page_address(page)), since=since))
    if "#" in page:
        answered = [each for each in answered if page.strip() == each.passage or _of_section(each.url, page)]
        by_people = [each for each in by_people if _of_section(each.url, address)]
    # each quote is looked for once, however many were told it
    in_passage = cache(partial(_in_passage, snapshot))
    on_page = cache(partial(_on_page, snapshot))
    found = [Affected(each, not in_passage(each.quote, each.passage)) for each in answered]
    found += [Affected(each, not on_page(each.text, each.url)) for each in by_people]
    return sorted((each for each in found if each.changed or not changed), key=lambda each: each.told.at, reverse=True)


def _same(recorded: Recorded, made: "Answer") -> bool:
    reply = recorded.reply
    quote = made.sources[0].quote if made.outcome == "answered" else ""
    passages = [each.passage for each in made.sources]
    return (reply["outcome"], list(reply["passages"]), recorded.quote) == (made.outcome, passages, quote)


def _of_section(quoted: str, section: str) -> bool:
    from knowledge.rules.withheld import page_address

    return page_address(quoted, with_fragment=True) == page_address(section, with_fragment=True)


def _snapshot(settings: Settings) -> "Snapshot | None":
    from knowledge.publishing.snapshot import NoSnapshot, Snapshot

    try:
        return Snapshot.open(settings.home)
    except NoSnapshot:
        return None


def _address(snapshot: "Snapshot | None", id: str) -> str:
    """The address of a passage, or of the document, that is published under that id; "" where none is."""
    for shelf in snapshot.shelves.values() if snapshot is not None else ():
        for passage in map(shelf.passage, shelf.having(id)):
            if id == passage.id:
                return passage.url or ""
            if id == passage.document:
                return (passage.url or "").partition("#")[0]
    return ""


def _in_passage(snapshot: "Snapshot | None", quote: str, passage: str) -> bool:
    """Whether a passage is published and has the words."""
    from knowledge.rules.pins import text_of

    return snapshot is not None and quote in (text_of(snapshot, passage) or "")


def _on_page(snapshot: "Snapshot | None", quote: str, url: str) -> bool:
    """Whether any passage of a page has the words."""
    from knowledge.rules.withheld import page_address

    shelves = snapshot.shelves.values() if snapshot is not None else ()
    having = (shelf.passage(number) for shelf in shelves for number in shelf.having(quote))
    return any(page_address(passage.url or "") == page_address(url) for passage in having)


def _asked(settings: Settings, asked: Callable[["Record"], Awaitable[list[T]]]) -> list[T]:
    """What is on record: of the running service, or of your own database. Raises CannotStart."""
    from sqlalchemy.exc import SQLAlchemyError

    from channels.record import Record

    note = read_note(settings.home)
    url = settings.database_url or (note.settings.get("database_url") if note else None)
    if not url:
        raise CannotStart("Answers are on record in the database, and nothing runs here. Start it: make up")

    async def ask() -> list[T]:
        record = Record(str(url), settings.keep_transcripts_days)
        try:
            return await asked(record)
        finally:
            await record.close()

    try:
        return asyncio.run(ask())
    except (SQLAlchemyError, OSError) as error:
        why = f"The database does not answer ({type(error).__name__}). See what is wrong: guichet doctor"
        raise CannotStart(why) from error
