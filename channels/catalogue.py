"""The catalogue of channels: which there are, what each needs to be on, and how it is made. A new one is a line here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from channels.menus import Menus

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from channels.channel import Channel
    from channels.settings import Settings


@dataclass(frozen=True, slots=True)
class Entry:
    """`needs` are the settings without which it is off; `webhook` is the path that its provider has to be told, unless it
    `polls` where there is no public address."""

    name: str
    title: str
    needs: tuple[str, ...] = ()
    webhook: str = ""
    polls: bool = False


_TWILIO = ("twilio_account", "twilio_token")
ENTRIES = (
    Entry("web", "Web chat"),
    Entry("sms", "SMS by Twilio", (*_TWILIO, "sms_number"), "messages"),
    Entry("whatsapp", "WhatsApp by Twilio", (*_TWILIO, "whatsapp_number"), "messages"),
    Entry("telegram", "Telegram", ("telegram_token",), "updates", polls=True),
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What adapters are made of. `key` gives the keyed hash of an address, `transport` what carries requests to
    providers; None for the network."""

    settings: "Settings"
    redis: "Redis"
    menus: Menus
    key: Callable[[str], str]
    transport: Any = None


def missing(entry: Entry, settings: "Settings") -> list[str]:
    """The settings that a channel lacks, as they are written in the environment."""
    return [f"GUICHET_{name.upper()}" for name in entry.needs if not getattr(settings, name)]


def made(parts: Parts) -> "Iterator[Channel]":
    """The channels that are on; what one that is off needs is not loaded."""
    for entry in ENTRIES:
        if not missing(entry, parts.settings):
            yield import_module(f"channels.adapters.{entry.name}").make(parts)
