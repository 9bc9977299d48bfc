"""SMS by Twilio: what citizens text, and answers within a budget of segments."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter
from redis.exceptions import RedisError

from channels.adapters.twilio import Form, Wire, files, media, wire
from channels.catalogue import Parts
from channels.channel import Deliver, Incoming, Receipt, Reply, Tell, Unreachable
from channels.clean import MOST_CHARACTERS, clean
from channels.menus import Menu, Menus
from channels.sms.render import Bubble, bubble
from channels.sms.typography import Typography

BY_TWILIO = frozenset(  # https://help.twilio.com/articles/223134027: what Twilio answers by default, in English
    "stop stopall unsubscribe cancel end quit optout revoke start unstop yes help info".split()
)


class Sms:
    name = "sms"
    repeatable = False

    def __init__(
        self,
        wire: Wire,
        menus: Menus,
        key: Callable[[str], str],
        *,
        segments: int,
        typography: Typography,
        per_second: float,
        stop_by_twilio: bool,
    ) -> None:
        self._wire, self._menus, self._key = wire, menus, key
        self._segments, self._typography, self.per_second = segments, typography, per_second
        self._stop_by_twilio = stop_by_twilio

    def routes(self, deliver: Deliver, tell: Tell) -> APIRouter:
        return self._wire.routes(self.name, self.read, deliver, tell)

    def read(self, form: Form) -> Incoming:
        text = clean(form.get("Body", ""))[:MOST_CHARACTERS]
        by_twilio = self._stop_by_twilio and text.lower() in BY_TWILIO  # as it stands: it may not know “Stop!”
        return Incoming(
            form["MessageSid"],
            f"sms:{form['From']}",
            text,
            media=media(form),
            files=files(form),
            answered=bool(form.get("OptOutType")) or by_twilio,
        )

    async def send(self, address: str, reply: Reply) -> Receipt:
        made = self.render(reply)
        try:
            of = reply.passages[:1] if reply.quotes else reply.passages  # the others are only linked, and not here
            menu = Menu(made.choices, made.rest, reply.language, reply.id, "", reply.sender, of, reply.snapshot)
            await self._menus.keep(self._key(address), menu, reply.continues)
        except (RedisError, OSError) as error:
            raise Unreachable("Redis is away.") from error
        return await self._wire.create(address.removeprefix("sms:"), reply.id, self.name, body=made.text)

    async def sent(self, address: str, reply: Reply, since: datetime) -> Receipt | None:
        return await self._wire.find(address.removeprefix("sms:"), self.render(reply).text, since)

    def render(self, reply: Reply) -> Bubble:
        return bubble(reply, self._segments, self._typography)


def make(parts: Parts) -> Sms:
    settings = parts.settings
    assert settings.sms_number
    return Sms(
        wire(parts, settings.sms_number),
        parts.menus,
        parts.key,
        segments=settings.sms_segments,
        typography=settings.sms_typography,
        per_second=settings.sms_per_second,
        # of short codes Twilio keeps no list by itself: https://help.twilio.com/articles/223134027
        stop_by_twilio=settings.sms_stop_by_twilio and settings.sms_number.startswith(("+", "MG")),
    )
