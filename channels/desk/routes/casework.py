"""What agents do with cases."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from channels.channel import Quote
from channels.desk.case import Outcome
from channels.desk.counter import Counter
from channels.desk.people.accounts import Accounts, Agent
from channels.desk.routes.access import Access, Seen

MOST_CHARACTERS = 4000
MOST_QUOTED, MOST_NAMED = 10_000, 1000  # characters of a passage, and of what it is called


Tag = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]


class Held(BaseModel):
    epoch: int


class Quoted(BaseModel):
    """What is published, as the library of the desk gives it."""

    model_config = ConfigDict(extra="forbid", strict=True)
    text: str = Field(max_length=MOST_QUOTED)
    title: str = Field(max_length=MOST_NAMED)
    section: str = Field(max_length=MOST_NAMED)
    url: str | None = Field(max_length=MOST_NAMED, pattern=r"^https?://")
    publisher: str = Field(max_length=MOST_NAMED)
    as_of: str | None = Field(max_length=MOST_NAMED)
    language: str = Field(max_length=MOST_NAMED)


class Said(Held):
    id: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")
    text: str = Field(max_length=MOST_CHARACTERS)
    quotes: list[Quoted] = Field(default=[], max_length=3)


class Noted(BaseModel):
    id: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")
    text: str = Field(min_length=1, max_length=MOST_CHARACTERS)


class Reassigned(BaseModel):
    team: str | None = None
    agent: str | None = None


class Transferred(Held, Reassigned):
    note: str = Field(default="", max_length=MOST_CHARACTERS)


class Closed(Held):
    outcome: Outcome
    tags: list[Tag] = Field(default=[], max_length=10)


class Resent(Held):
    message: str = Field(max_length=100)


class TakenOver(BaseModel):
    because: str = Field(min_length=1, max_length=MOST_CHARACTERS)


def casework(access: Access, counter: Counter, accounts: Accounts) -> APIRouter:
    routes = APIRouter(prefix="/api/cases/{id}")
    Opened = Annotated[Seen, Depends(access.case)]
    Supervisor = Annotated[Agent, Depends(access.role("supervisor", "administrator"))]

    async def _known(given: Reassigned) -> None:
        if not given.team and not given.agent:
            raise HTTPException(422, "Name a team or an agent.")
        if given.team and given.team not in counter.cases.teams:
            raise HTTPException(422, "There is no such team.")
        able = {each.id for each in await accounts.everybody() if each.role != "publisher"}
        if given.agent and given.agent not in able:
            raise HTTPException(422, "There is no such agent.")

    @routes.post("/claim")
    async def claim(seen: Opened) -> dict[str, int]:
        return {"epoch": (await counter.claim(seen.case.id, seen.agent.id)).epoch}

    @routes.post("/take-over")
    async def take_over(seen: Opened, agent: Supervisor, given: TakenOver) -> dict[str, int]:
        return {"epoch": (await counter.take_over(seen.case.id, agent.id, given.because)).epoch}

    @routes.post("/release")
    async def release(seen: Opened, given: Held) -> dict[str, int]:
        return {"epoch": (await counter.release(seen.case.id, seen.agent.id, given.epoch)).epoch}

    @routes.post("/transfer")
    async def transfer(seen: Opened, given: Transferred) -> dict[str, int]:
        await _known(given)
        moved = await counter.transfer(
            seen.case.id, seen.agent.id, given.epoch, team=given.team, to=given.agent, note=given.note
        )
        return {"epoch": moved.epoch}

    @routes.post("/close")
    async def close(seen: Opened, given: Closed) -> dict[str, int]:
        return {
            "epoch": (await counter.close(seen.case.id, seen.agent.id, given.epoch, given.outcome, given.tags)).epoch
        }

    @routes.post("/say", status_code=202)
    async def say(seen: Opened, given: Said) -> dict[str, str]:
        quotes = [Quote(**each.model_dump()) for each in given.quotes]
        if not given.text.strip() and not quotes:
            raise HTTPException(422, "Write something first.")
        await counter.say(seen.case.id, seen.agent.id, given.epoch, given.id, given.text, quotes)
        return {"message": given.id}

    @routes.post("/resend", status_code=202)
    async def resend(seen: Opened, given: Resent) -> dict[str, str]:
        try:
            await counter.resend(seen.case.id, seen.agent.id, given.epoch, given.message)
        except KeyError as error:
            raise HTTPException(404, "There is no such reply.") from error
        return {"message": given.message}

    @routes.post("/reassign")
    async def reassign(seen: Opened, agent: Supervisor, given: Reassigned) -> dict[str, int]:
        await _known(given)
        moved = await counter.reassign(seen.case.id, agent.id, team=given.team, to=given.agent)
        return {"epoch": moved.epoch}

    @routes.post("/whisper", status_code=202)
    async def whisper(seen: Opened, agent: Supervisor, given: Noted) -> dict[str, str]:
        await counter.note(seen.case.id, agent.id, given.id, given.text, "whisper")
        return {"message": given.id}

    @routes.post("/note", status_code=202)
    async def note(seen: Opened, given: Noted) -> dict[str, str]:
        await counter.note(seen.case.id, seen.agent.id, given.id, given.text)
        return {"message": given.id}

    return routes
