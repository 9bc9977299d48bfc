"""WhatsApp by Twilio: the same wire as SMS, WhatsApp's own marks, and nothing unasked when its 24 hours have passed."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels.adapters.twilio import Form, Wire, files, media, wire
from channels.catalogue import Parts
from channels.channel import CannotTell, Closed, Deliver, Incoming, Quote, Receipt, Reply, Tell, Unreachable
from channels.clean import MOST_CHARACTERS, clean
from channels.menus import Menu, Menus
from channels.sms.cutting import cut
from channels.sms.render import Bubble, cited, linked, menu
from channels.texts import texts

LONGEST = 1600  # characters of a message: https://www.twilio.com/docs/whatsapp/api
LONGEST_OVER_LIST = 1024  # characters of the text over a list: https://www.twilio.com/docs/content/twiliolist-picker
LONGEST_LABEL = 72  # characters of what describes an item of a list
OPEN_SECONDS = 24 * 3600  # after a citizen's last message in which we may write freely


class WhatsApp:
    name = "whatsapp"
    repeatable = False

    def __init__(
        self,
        wire: Wire,
        menus: Menus,
        redis: Redis,
        key: Callable[[str], str],
        *,
        per_second: float,
        template: str | None = None,
        buttons: Mapping[str, str] | None = None,
    ) -> None:
        """`template` is the SID of an approved one. `buttons` are SIDs of content templates with a list of as many
        choices as their key says, whose variables are the text ("1") and the labels ("2" …)."""
        self._wire, self._menus, self._redis, self._key = wire, menus, redis, key
        self.per_second, self._template, self._buttons = per_second, template, dict(buttons or {})

    def routes(self, deliver: Deliver, tell: Tell) -> APIRouter:
        async def heard(said: Incoming) -> bool:
            await self._redis.set(self._open(said.address), "1", ex=OPEN_SECONDS)  # first: a worker may be quick
            return await deliver(said)

        return self._wire.routes(self.name, self.read, heard, tell)

    def read(self, form: Form) -> Incoming:
        touched = form.get("ListId") or form.get("ButtonPayload") or ""
        text = touched if touched.isdecimal() else form.get("Body", "")
        address = f"whatsapp:{form['From'].removeprefix('whatsapp:')}"
        words = clean(text)[:MOST_CHARACTERS]
        return Incoming(form["MessageSid"], address, words, media=media(form), files=files(form))

    async def send(self, address: str, reply: Reply) -> Receipt:
        made = render(reply)
        if not await self._is_open(address):
            return await self._late(address, reply)
        try:
            about = (reply.language, reply.id, "", reply.sender, reply.passages, reply.snapshot)
            kept = Menu(made.choices, made.rest, *about)
            await self._menus.keep(self._key(address), kept, reply.continues)
        except (RedisError, OSError) as error:
            raise Unreachable("Redis is away.") from error
        return await self._wire.create(address, reply.id, self.name, **self._message(reply, made))

    async def sent(self, address: str, reply: Reply, since: datetime) -> Receipt | None:
        message = self._message(reply, render(reply))
        found = await self._wire.find(address, message.get("body") or without_menu(reply), since)
        if not found and ("content_sid" in message or (self._template and not await self._is_open(address))):
            raise CannotTell  # what Twilio lists of a template may be worded in its own way
        return found

    def _message(self, reply: Reply, made: Bubble) -> dict[str, Any]:
        """Choices as a list where there is a template for so many, else numbered in the text."""
        sid = self._buttons.get(str(len(reply.choices)))
        text = without_menu(reply)
        fits = len(text) <= LONGEST_OVER_LIST and all(len(choice.label) <= LONGEST_LABEL for choice in reply.choices)
        if not sid or made.rest or not fits:
            return {"body": made.text}
        values = [text, *(choice.label for choice in reply.choices)]
        numbered = {str(number): value for number, value in enumerate(values, start=1)}
        return {"content_sid": sid, "content_variables": json.dumps(numbered, ensure_ascii=False)}

    async def _late(self, address: str, reply: Reply) -> Receipt:
        """What WhatsApp allows once the citizen has been silent for a day: an approved template, or nothing."""
        if not self._template:
            raise Closed(
                "WhatsApp's 24 hours have passed, and there is no approved template (GUICHET_WHATSAPP_TEMPLATE)."
            )
        return await self._wire.create(address, reply.id, self.name, content_sid=self._template)

    async def _is_open(self, address: str) -> bool:
        try:
            return bool(await self._redis.exists(self._open(address)))
        except (RedisError, OSError) as error:
            raise Unreachable("Redis is away.") from error

    def _open(self, address: str) -> str:
        return f"whatsapp:open:{self._key(address)}"


def render(reply: Reply) -> Bubble:
    """The reply with WhatsApp's marks; what is too long follows when it is asked for."""
    whole = _paragraphs(without_menu(reply), _unmarked(menu(reply)))
    if len(whole) <= LONGEST:
        return Bubble(whole, "", reply.choices)
    more = texts(reply.language)["more"]
    beginning, rest = cut(whole, lambda part: len(part) + len(more) + 2 <= LONGEST)
    return Bubble(_paragraphs(beginning, more), rest, reply.choices)


def without_menu(reply: Reply) -> str:
    quotes = [_quoted(quote, reply.language) for quote in reply.quotes]
    links = [f"- {_unmarked(linked(link))}: {link.url}" for link in reply.links if link.url]
    further = "\n".join([texts(reply.language)["see_also"], *links]) if links else ""
    text = reply.text if reply.continues else _unmarked(reply.text)  # what goes on has its marks already
    return _paragraphs(text, *quotes, further)


def _quoted(quote: Quote, language: str) -> str:
    title = " › ".join(part for part in (quote.title, quote.section) if part)
    lines = "\n".join(f"> {line}" for line in _unmarked(quote.text).split("\n") if line)
    return f"{lines}\n*{_unmarked(title)}*\n{cited(quote, language)}"


def _unmarked(text: str) -> str:
    """Without what WhatsApp would take for marks: a published asterisk stays one. Addresses stay as they are."""
    return re.sub(r"(https?://\S+|www\.\S+|\S+@\S+)|([*_~`])", lambda found: found[1] or f"{found[2]}\u200b", text)


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def make(parts: Parts) -> WhatsApp:
    settings = parts.settings
    return WhatsApp(
        wire(parts, f"whatsapp:{settings.whatsapp_number}"),
        parts.menus,
        parts.redis,
        parts.key,
        per_second=settings.whatsapp_per_second,
        template=settings.whatsapp_template,
        buttons=settings.whatsapp_choices,
    )
