"""The composition root of the desk's side of a worker: who answers citizens who were handed over."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from channels.continuation import Codes
from channels.copies import Copies
from channels.desk.counter import Counter
from channels.desk.desk import Desk
from channels.desk.history import History
from channels.desk.line import Line
from channels.desk.seal import Seal
from channels.desk.teams import read
from channels.lanes import Lanes
from channels.reception import ON_PAGES
from channels.responder import Responder
from channels.settings import Settings
from channels.switches import Switches

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine


def counter(settings: Settings, redis: Redis, engine: "AsyncEngine") -> Counter:
    teams = read(settings.desk_teams)
    return Counter.made(engine, Seal(settings.key), teams, redis, lambda queue: Lanes(redis, queue, settings.consumer))


def responders(settings: Settings, redis: Redis, engine: "AsyncEngine") -> dict[str, Responder]:
    number = settings.sms_number if settings.sms_number and settings.sms_number.startswith("+") else None
    switches = Switches(redis, lambda: datetime.now(UTC))
    desk = Desk(counter(settings, redis, engine), switches, frozenset(ON_PAGES) if number else frozenset())
    copies = Copies(redis, settings.public_address)
    return {"desk": desk, "line": Line(desk, History(engine), copies, Codes(redis, settings.key), number)}
