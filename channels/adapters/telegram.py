"""Telegram, by python-telegram-bot's types and client: webhook or long polling in, HTML and buttons out."""

import asyncio
import hashlib
import hmac
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, get_args

import httpx
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from redis.asyncio import Redis
from redis.exceptions import RedisError
from telegram import Bot, Chat, LinkPreviewOptions, Message, Update
from telegram.constants import ChatAction, ChatMemberStatus, ChatType, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from channels.catalogue import Parts
from channels.channel import (
    CannotTell,
    ChannelError,
    Command,
    Deliver,
    File,
    Forged,
    Gone,
    Incoming,
    OptedOut,
    Receipt,
    Refused,
    Reply,
    SlowDown,
    Tell,
    Uncertain,
    Unreachable,
)
from channels.clean import MOST_CHARACTERS, clean, mime_type
from channels.menus import Menu, Menus
from channels.telegram.render import keyboard, render
from channels.web.message import MOST_BYTES_OF_PROVIDERS, Unacceptable, body, fields
from channels.worker import only_one, stop_if_cancelled

EDITED_SECONDS = 300  # after which a corrected message is no new question
POLL_SECONDS = 50
CONNECTIONS = 32
AGAIN_SECONDS = 5.0
COMMANDS = frozenset(get_args(Command)) - {"private"}  # that one is ours
REGISTER_SECONDS = 3600.0
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)

# updates are fetched as they come: the library would read all of them, or none
warnings.filterwarnings("ignore", "Please use 'Bot.getUpdates'")
log = structlog.get_logger()


class Telegram:
    name = "telegram"
    repeatable = False

    def __init__(self, bot: Bot, secret: str, menus: Menus, key: Callable[[str], str], *, per_second: float) -> None:
        """`secret` is what Telegram is told to send with every update."""
        self._bot, self._secret, self._menus, self._key, self.per_second = bot, secret, menus, key, per_second

    def routes(self, deliver: Deliver, tell: Tell) -> APIRouter:
        router = APIRouter(prefix=f"/{self.name}", tags=[self.name])

        @router.post("/updates")
        async def update(request: Request) -> JSONResponse:
            given = request.headers.get("x-telegram-bot-api-secret-token", "")
            if not hmac.compare_digest(given.encode(), self._secret.encode()):
                raise Forged
            values = fields(await body(request.stream(), MOST_BYTES_OF_PROVIDERS))
            said = read(values)
            if said:
                await deliver(said)
            # an answer may carry one call: the button that was touched stops waiting
            touched = touch(values)
            return JSONResponse({"method": "answerCallbackQuery", "callback_query_id": touched} if touched else {})

        return router

    async def listen(self, deliver: Deliver, public_url: str | None, redis: Redis) -> None:
        """Tell Telegram where to bring updates, or fetch them where there is no public address; until it is cancelled.

        One process does it, of however many there are.
        """
        async with only_one(redis, "telegram"):
            while True:
                try:
                    if public_url:
                        address = f"{public_url.rstrip('/')}/{self.name}/updates"
                        await _asked(self._bot.set_webhook(address, secret_token=self._secret, allowed_updates=UPDATES))
                        await asyncio.sleep(REGISTER_SECONDS)
                    else:
                        await self._poll(deliver)
                except (ChannelError, RedisError, OSError) as error:
                    log.warning("telegram away", why=type(error).__name__)
                    await asyncio.sleep(error.after if isinstance(error, SlowDown) else AGAIN_SECONDS)

    async def _poll(self, deliver: Deliver) -> None:
        await _asked(self._bot.delete_webhook())
        asked: dict[str, Any] = {"timeout": POLL_SECONDS, "allowed_updates": UPDATES}
        while True:
            stop_if_cancelled()
            fetching = self._bot.do_api_request("getUpdates", asked, read_timeout=POLL_SECONDS + 5)
            for values in await _asked(fetching):
                try:
                    said = read(values)
                except Unacceptable:
                    said = None
                    log.warning("update cannot be read", update=values["update_id"])
                if said:
                    await deliver(said)
                asked["offset"] = values["update_id"] + 1  # Telegram forgets what is before it: only now
                if touched := touch(values):
                    with suppress(ChannelError):  # who touched it long ago waits no more
                        await _asked(self._bot.answer_callback_query(touched))

    async def send(self, address: str, reply: Reply) -> Receipt:
        text, rest = render(reply)
        try:
            menu = Menu(reply.choices, rest, reply.language, reply.id, sender=reply.sender)
            await self._menus.keep(self._key(address), menu, reply.continues)
        except (RedisError, OSError) as error:
            raise Unreachable("Redis is away.") from error
        preview = LinkPreviewOptions(is_disabled=True)
        sending = self._bot.send_message(
            _chat(address), text, ParseMode.HTML, reply_markup=keyboard(reply, rest), link_preview_options=preview
        )
        return Receipt(str((await _asked(sending)).message_id))

    async def sent(self, address: str, reply: Reply, since: datetime) -> Receipt | None:
        raise CannotTell

    async def typing(self, address: str) -> None:
        """Show that an answer is on its way."""
        await _asked(self._bot.send_chat_action(_chat(address), ChatAction.TYPING))


def read(values: dict[str, Any]) -> Incoming | None:
    """What an update says; None if it says nothing to us. Raises Unacceptable if it is none."""
    try:
        update = Update.de_json(values, None)
        return _said(update) if update else None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError, RecursionError) as error:
        raise Unacceptable("malformed", 400) from error


def touch(values: dict[str, Any]) -> str | None:
    """The id of the touch that an update tells of, which waits to be answered."""
    query = values.get("callback_query")
    id = query.get("id") if isinstance(query, Mapping) else None
    return id if isinstance(id, str) and id.isascii() else None


def _said(update: Update) -> Incoming | None:
    who = update.effective_user
    id, hint = str(int(update.update_id)), (who.language_code or "")[:2] if who else ""
    if update.my_chat_member:
        changed = update.my_chat_member
        left = changed.new_chat_member.status == ChatMemberStatus.BANNED and changed.chat.type == ChatType.PRIVATE
        return Incoming(id, _address(changed.chat), "", command="stop", answered=True) if left else None
    if update.callback_query:
        return _touched(id, hint, update)
    message = update.message or update.edited_message
    if message is None or message.from_user is None or message.from_user.is_bot:
        return None
    address = _address(message.chat)
    if message.chat.type != ChatType.PRIVATE:
        return Incoming(id, address, "", hint=hint, command="private") if message.text else None
    text, edited = clean(message.text or message.caption or "")[:MOST_CHARACTERS], message.edit_date
    if edited and (not text or (edited - message.date).total_seconds() > EDITED_SECONDS):
        return None  # too late for a new question, or somebody's place on the move
    media = int(bool(message.effective_attachment))  # what only eyes and ears can take
    if not text and not media:
        return None  # somebody joined, a message was pinned: nothing was said
    word = text[1:].partition(" ")[0].partition("@")[0].lower() if text.startswith("/") else ""
    command: Command | None = word if word in COMMANDS else None  # type: ignore[assignment]
    about: dict[str, Any] = {"hint": hint, "command": command, "media": media, "files": _files(message)}
    return Incoming(id, address, "" if command else text.lstrip("/"), **about)


def _files(message: Message) -> tuple[File, ...]:
    """The largest size of a photo, which Telegram makes a JPEG, a document or a recording; no sticker, no place."""
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return (File("image/jpeg", largest.file_id),)
    found = (message.document, message.voice, message.audio, message.video, message.video_note)
    return tuple(File(mime_type(getattr(each, "mime_type", None) or ""), each.file_id) for each in found if each)


def _touched(id: str, hint: str, update: Update) -> Incoming | None:
    query = update.callback_query
    if query is None or query.message is None:
        return None
    kind, _, rest = (query.data or "").partition(":")
    reply, _, number = rest.rpartition(":")
    address = _address(query.message.chat)
    if kind == "more":
        return Incoming(id, address, "", hint=hint, command="more", choice=(rest, 0))
    if kind != "choice" or not number.isdecimal() or len(number) > 2:
        return None
    return Incoming(id, address, "", hint=hint, choice=(reply, int(number)))


def _address(chat: Chat) -> str:
    return f"telegram:{int(chat.id)}"


def _chat(address: str) -> int:
    return int(address.partition(":")[2])


async def _asked(asking: Any) -> Any:
    """What Telegram answers; its errors as ours."""
    try:
        return await asking
    except TelegramError as error:
        raise meant_by(error) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Uncertain("Telegram's answer cannot be read.") from error


def meant_by(error: TelegramError) -> ChannelError:
    """Telegram's error as one of ours. The library says of many that the network failed, but not always when."""
    cause = error.__cause__
    match error:
        case RetryAfter():
            after = error.retry_after
            return SlowDown(after.total_seconds() if hasattr(after, "total_seconds") else float(after), "429")
        case Forbidden():
            return (OptedOut if "blocked" in error.message.lower() else Gone)(error.message, "403")
        case BadRequest() | ChatMigrated():
            gone = isinstance(error, ChatMigrated) or "chat not found" in error.message.lower()
            return (Gone if gone else Refused)(error.message, "400")
        case InvalidToken() | Conflict():
            return Unreachable(error.message)
        case NetworkError() if isinstance(cause, NOT_SENT):
            return Unreachable("Telegram cannot be reached.")
        case NetworkError() if cause and not isinstance(cause, TelegramError):
            return Uncertain(f"Telegram did not answer ({type(cause).__name__}).")
        case NetworkError() if "gateway time" not in error.message.lower():
            return Unreachable(error.message)  # it answered that it cannot: 5xx
    return Uncertain(error.message)  # its answer cannot be read, or one of its gateways waited for it in vain


def make(parts: Parts) -> Telegram:
    """The channel, as the settings say. The secret is made of our own, so that there is none more to keep."""
    settings, token = parts.settings, parts.settings.telegram_token
    assert token
    secret = hmac.new(settings.key, b"telegram webhook", hashlib.sha256).hexdigest()
    request = HTTPXRequest(
        connection_pool_size=CONNECTIONS, httpx_kwargs={"transport": parts.transport} if parts.transport else None
    )
    base = f"{settings.telegram_url.rstrip('/')}/bot"
    bot = Bot(token.get_secret_value(), base_url=base, request=request, get_updates_request=request)
    return Telegram(bot, secret, parts.menus, parts.key, per_second=settings.telegram_per_second)
