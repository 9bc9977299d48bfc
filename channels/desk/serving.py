"""The composition root of the desk's app."""

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI

from channels.app import redis_client
from channels.bot import opener
from channels.desk.accounts import Accounts
from channels.desk.app import desk_app
from channels.desk.cases import Cases
from channels.desk.counter import Counter
from channels.desk.history import History
from channels.desk.seal import Seal
from channels.lanes import Lanes
from channels.record import engine
from channels.settings import Settings
from knowledge import Filter

HITS = 5


def served(settings: Settings) -> FastAPI:
    """The app that agents reach. It talks to Redis, PostgreSQL and the published knowledge."""
    if not settings.database_url:
        raise RuntimeError("GUICHET_DATABASE_URL is not set: `guichet up` sets it, or name your own PostgreSQL.")
    redis, pool, knowledge = redis_client(settings), engine(settings.database_url), opener(settings.home)

    async def search(question: str, language: str) -> Sequence[dict[str, Any]]:
        hits = await asyncio.to_thread(lambda: knowledge().search(question, HITS, Filter(language)))
        return [
            {
                "text": hit.passage.text,
                "title": hit.title,
                "section": hit.passage.heading,
                "url": hit.passage.url,
                "publisher": hit.publisher,
                "as_of": hit.as_of,
                "language": hit.language,
            }
            for hit in hits
        ]

    counter = Counter(Cases(pool, Seal(settings.key)), redis, lambda name: Lanes(redis, name, settings.consumer))
    secure = settings.environment == "production"
    return desk_app(counter, Accounts(pool), History(pool), search, secure=secure)
