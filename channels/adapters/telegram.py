"""Telegram, by python-telegram-bot's types and client: webhook or long polling in, HTML and buttons out."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape
from typing import Any, get_args

import httpx
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from redis.asyncio import Redis
from redis.exceptions import RedisError
from telegram import Bot, Chat, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Message, Update
from telegram.constants import ChatAction, ChatMemberStatus, ChatType, ParseMode
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from channels.catalogue import Parts
from channels.channel import (
    CannotTell,
    ChannelError,
    Command,
    Deliver,
    Forged,
    Gone,
    Incoming,
    OptedOut,
    Quote,
    Receipt,
    Refused,
    Reply,
    SlowDown,
    Tell,
    Uncertain,
    Unreachable,
)
from channels.clean import MOST_CHARACTERS, clean
from channels.menus import Menu, Menus
from channels.sms.cutting import cut
from channels.sms.render import cited
from channels.texts import texts
from channels.web.message import Unacceptable, body, fields
from channels.worker import only_one, stop_if_cancelled

LONGEST = 3500  # characters of what is said: 4096 with its marks, https://core.telegram.org/bots/api#sendmessage
LONGEST_DATA = 64  # bytes that a button carries
EDITED_SECONDS = 300  # after which a corrected message is no new question
POLL_SECONDS = 50
CONNECTIONS = 32
AGAIN_SECONDS = 5.0
REGISTER_SECONDS = 3600.0
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]

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
            values = fields(await body(request.stream()))
            said = read(values)
            if said:
                await deliver(said)
            # an answer may carry one call: the button that was touched stops waiting
            query = values.get("callback_query")
            touched = query.get("id") if isinstance(query, Mapping) else None
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
        offset = None
        while True:
            stop_if_cancelled()
            found = await _asked(self._bot.get_updates(offset, timeout=POLL_SECONDS, allowed_updates=UPDATES))
            for update in found:
                if said := read(update.to_dict()):
                    await deliver(said)
                offset = update.update_id + 1  # Telegram forgets what is before it: only now
                if update.callback_query:
                    await _asked(self._bot.answer_callback_query(update.callback_query.id))

    async def send(self, address: str, reply: Reply) -> Receipt:
        text, rest = render(reply)
        try:
            menu = Menu(reply.choices, rest, reply.language, reply.id)
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
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Unacceptable("malformed", 400) from error


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
    if message.edit_date and (message.edit_date - message.date).total_seconds() > EDITED_SECONDS:
        return None
    text = clean(message.text or message.caption or "")[:MOST_CHARACTERS]
    if not text and not _carries(message):
        return None  # somebody joined, a message was pinned: nothing was said
    word = text[1:].partition(" ")[0].partition("@")[0].lower() if text.startswith("/") else ""
    command: Command | None = word if word in get_args(Command) else None  # type: ignore[assignment]
    return Incoming(
        id, address, "" if command else text.lstrip("/"), hint=hint, command=command, media=int(_carries(message))
    )


def _touched(id: str, hint: str, update: Update) -> Incoming | None:
    query = update.callback_query
    if query is None or query.message is None:
        return None
    kind, _, rest = (query.data or "").partition(":")
    reply, _, number = rest.rpartition(":")
    address = _address(query.message.chat)
    if kind == "more":
        return Incoming(id, address, "", hint=hint, command="more")
    if kind != "choice" or not number.isdecimal() or len(number) > 2:
        return None
    return Incoming(id, address, "", hint=hint, choice=(reply, int(number)))


def _carries(message: Message) -> bool:
    """Whether there is something in it that only eyes and ears can take."""
    return bool(message.effective_attachment)


def render(reply: Reply) -> tuple[str, str]:
    """The reply in Telegram's HTML, and what is left for want of room."""
    text, rest = cut(reply.text, lambda part: len(part) <= LONGEST)
    parts = [escape(text, quote=False), *(_quoted(quote, reply.language) for quote in reply.quotes)]
    links = [f"• {_link(link.title, link.url)} – {escape(link.publisher, quote=False)}" for link in reply.links]
    if links:
        parts.append("\n".join([texts(reply.language)["see_also"], *links]))
    return "\n\n".join(part for part in parts if part), rest


def keyboard(reply: Reply, rest: str) -> InlineKeyboardMarkup | None:
    """A button for each choice, and one for what is left."""
    buttons = [
        (choice.label, f"choice:{reply.id}:{number}") for number, choice in enumerate(reply.choices, start=1)
    ] + ([(texts(reply.language)["more_button"], "more:")] if rest else [])
    fitting = [(label, data) for label, data in buttons if len(data.encode()) <= LONGEST_DATA]
    rows = [[InlineKeyboardButton(label, callback_data=data)] for label, data in fitting]
    return InlineKeyboardMarkup(rows) if rows else None


def _quoted(quote: Quote, language: str) -> str:
    title = " › ".join(part for part in (quote.title, quote.section) if part)
    publisher = cited(quote, language).partition("\n")[0]
    block = f"<blockquote>{escape(quote.text, quote=False)}</blockquote>"
    return "\n".join([block, _link(title, quote.url), escape(publisher, quote=False)])


def _link(title: str, url: str | None) -> str:
    return (
        f'<a href="{escape(url)}">{escape(title, quote=False)}</a>' if url else f"<b>{escape(title, quote=False)}</b>"
    )


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


def meant_by(error: TelegramError) -> ChannelError:
    """Telegram's error as one of ours. The library says of many that the network failed, but not always when."""
    cause = type(error.__cause__).__name__
    match error:
        case RetryAfter():
            after = error.retry_after
            return SlowDown(after.total_seconds() if hasattr(after, "total_seconds") else float(after), "429")
        case Forbidden():
            blocked = "blocked" in error.message.lower() or "deactivated" in error.message.lower()
            return OptedOut(error.message, "403") if blocked else Gone(error.message, "403")
        case BadRequest():
            return (
                Gone(error.message, "400")
                if "chat not found" in error.message.lower()
                else Refused(error.message, "400")
            )
        case InvalidToken() | Conflict():
            return Unreachable(error.message)
        case NetworkError() if cause in ("ConnectError", "ConnectTimeout", "PoolTimeout"):
            return Unreachable("Telegram cannot be reached.")
        case TimedOut() if "pool timeout" in error.message.lower():
            return Unreachable(error.message)
        case TimedOut():
            return Uncertain("Telegram did not answer in time.")
        case NetworkError() if isinstance(error.__cause__, httpx.HTTPError):
            return Uncertain(f"Telegram did not answer ({cause}).")
        case NetworkError():
            return Unreachable(error.message)  # it answered that it cannot: 5xx
    return Refused(error.message)


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
