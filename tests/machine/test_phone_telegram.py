"""The simulated telephone for Telegram, and the real adapter at the other end of the wire."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from redis.asyncio import Redis

from channels.adapters.telegram import Telegram as Adapter
from channels.adapters.telegram import make
from channels.catalogue import Parts
from channels.channel import Choice, File, Incoming, Reply, Unreachable
from channels.desk.attached import sealed
from channels.desk.case import Line as DeskLine
from channels.desk.fetching import Away, Files
from channels.desk.seal import Seal
from channels.menus import Menus
from channels.settings import Settings
from channels.web.problems import PROBLEMS
from machine.phone.picture import picture
from machine.phone.telegram import Telegram

pytestmark = pytest.mark.filterwarnings("ignore:Please use 'Bot.getUpdates'")
TOKEN = "1:of-nobody"
AT = datetime(2026, 9, 21, tzinfo=UTC)


@dataclass
class Line:
    """A telephone, what it has shown, an adapter of the channel, and what that has delivered. `adapters` makes another."""

    phone: Telegram
    adapter: Adapter
    adapters: Callable[[str], Adapter]
    redis: Redis
    provider: FastAPI
    shown: list[dict[str, Any]]
    delivered: list[Incoming] = field(default_factory=list)

    async def deliver(self, said: Incoming) -> bool:
        self.delivered.append(replace(said, at=AT))
        return True

    @asynccontextmanager
    async def listening(self, public_url: str | None) -> AsyncIterator[None]:
        task = asyncio.create_task(self.adapter.listen(self.deliver, public_url, self.redis))
        try:
            async with asyncio.timeout(5):
                while not (self.phone.webhook if public_url else self.delivered):  # noqa: ASYNC110 — it has no event
                    await asyncio.sleep(0.01)
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def line(redis: Redis, tmp_path: Path) -> AsyncIterator[Line]:
    provider, app, shown = FastAPI(), FastAPI(exception_handlers=PROBLEMS), []  # type: ignore[arg-type, var-annotated]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        phone = Telegram(TOKEN, http, shown.append)
        provider.include_router(phone.routes())

        def adapters(token: str) -> Adapter:
            given = Settings(
                _env_file=None, home=tmp_path, telegram_token=SecretStr(token), telegram_url="http://phone"
            )
            return make(Parts(given, redis, Menus(redis), str, httpx.ASGITransport(provider)))

        made = Line(phone, adapters(TOKEN), adapters, redis, provider, shown)
        app.include_router(made.adapter.routes(made.deliver, None))  # type: ignore[arg-type]
        yield made


def said(id: int, text: str = "", hint: str = "en", **about: Any) -> Incoming:
    return Incoming(str(id), "telegram:1001", text, hint=hint, at=AT, **about)


async def test_what_is_typed_and_touched_arrives_at_the_webhook(line: Line) -> None:
    async with line.listening("https://www.example.ca"):
        statuses = [
            await line.phone.say(1001, "hello", id=1),
            await line.phone.say(1001, "/start", language="fr", id=2),
            await line.phone.say(1001, "", media=True, id=3),
            await line.phone.say(1001, "this letter", media=True, id=4),
            await line.phone.touch(1001, "choice:7/1:2", language="fr", id=5),
            await line.phone.touch(1001, "more:7/1", id=6),
        ]
    assert statuses == [200] * 6
    assert line.delivered == [
        said(1, "hello"),
        said(2, hint="fr", command="start"),
        said(3, media=1, files=(File("image/jpeg", "1"),)),
        said(4, "this letter", media=1, files=(File("image/jpeg", "1"),)),
        said(5, hint="fr", choice=("7/1", 2)),
        said(6, command="more", choice=("7/1", 0)),
    ]


async def test_the_desk_gets_its_pictures_from_it(line: Line) -> None:
    sent = DeskLine(1, "m1", "citizen", AT, None, None, "", sealed((File("image/jpeg", "1"),), Seal(b"k" * 32)))
    given = Settings(
        _env_file=None,
        secret=SecretStr("k" * 32),
        telegram_token=SecretStr(TOKEN),
        telegram_url="http://phone",
    )
    fetched = await Files(given, httpx.ASGITransport(line.provider)).fetch(sent, 1)
    assert (fetched.kind, b"".join([each async for each in fetched.content])) == ("image/png", picture())
    another = given.model_copy(update={"telegram_token": SecretStr("2:another")})
    with pytest.raises(Away):
        await Files(another, httpx.ASGITransport(line.provider)).fetch(sent, 1)


async def test_every_message_has_another_number_unless_it_is_brought_again(line: Line) -> None:
    async with line.listening("https://www.example.ca"):
        for id in (0, 0, 5, 5):
            await line.phone.say(1001, "hello", id=id)
    first, second, *again = [each.id for each in line.delivered]
    assert len({first, second, "5"}) == 3
    assert again == ["5", "5"]


async def test_it_says_what_the_webhook_answered(line: Line) -> None:
    assert await line.phone.say(1001, "before there is a webhook") == 0
    async with line.listening("https://www.example.ca"):
        line.phone.secret = "another"
        assert await line.phone.say(1001, "hello") == 403
        line.phone.webhook = "https://www.example.ca/nowhere"
        assert await line.phone.say(1001, "hello") == 404
    line.phone.http = httpx.AsyncClient(transport=httpx.MockTransport(away))
    assert await line.phone.say(1001, "hello") == 0
    assert line.delivered == []


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody listens")


async def test_without_a_webhook_it_waits_to_be_fetched_until_that_is_acknowledged(line: Line) -> None:
    for id in (1, 2):
        assert await line.phone.say(1001, f"message {id}", id=id) == 0
    line.phone.webhook = "https://www.example.ca/of-an-earlier-time"
    async with line.listening(None):
        assert await line.phone.say(1001, "message 3", id=3) == 0, "the webhook is deleted"
        async with asyncio.timeout(5):
            while line.phone.waiting:  # noqa: ASYNC110 — it has no event
                await asyncio.sleep(0.01)
    assert line.delivered == [said(id, f"message {id}") for id in (1, 2, 3)]


@pytest.mark.parametrize("text", ["hello", "[email address] is not read", "{not JSON", "[]", "1 & 2 = ≥ é 👍"])
async def test_what_is_sent_is_shown(line: Line, text: str) -> None:
    reply = Reply(text, choices=(Choice("Dogs", "dogs"), Choice("Cats", "cats")), id="7/1")
    receipts = [await line.adapter.send("telegram:1001", each) for each in (reply, Reply(text))]
    about = {"kind": "message", "channel": "telegram", "to": "1001", "text": text.replace("&", "&amp;")}
    buttons = [{"label": "Dogs", "data": "choice:7/1:1"}, {"label": "Cats", "data": "choice:7/1:2"}]
    assert line.shown == [
        about | {"sid": receipt.provider_id, "buttons": each}
        for receipt, each in zip(receipts, (buttons, []), strict=True)
    ]
    assert len({receipt.provider_id for receipt in receipts}) == 2


async def test_that_somebody_types_is_not_shown(line: Line) -> None:
    await line.adapter.typing("telegram:1001")
    assert line.shown == []


async def test_another_bots_token_is_refused(line: Line) -> None:
    with pytest.raises(Unreachable):
        await line.adapters("2:of-nobody").send("telegram:1001", Reply("hello"))
    assert line.shown == []
