"""The composition root of the desk's app."""

from fastapi import FastAPI

from channels.app import redis_client
from channels.bot import opener
from channels.desk.accounts import Accounts
from channels.desk.app import desk_app
from channels.desk.cases import Cases
from channels.desk.counter import Counter
from channels.desk.history import History
from channels.desk.library import Library
from channels.desk.seal import Seal
from channels.record import engine
from channels.settings import Settings


def served(settings: Settings) -> FastAPI:
    """The app that agents reach. It talks to Redis, PostgreSQL and the published knowledge."""
    if not settings.database_url:
        raise RuntimeError("GUICHET_DATABASE_URL is not set: `guichet up` sets it, or name your own PostgreSQL.")
    redis, pool = redis_client(settings), engine(settings.database_url)
    counter = Counter.made(Cases(pool, Seal(settings.key)), redis, settings.consumer)
    library, secure = Library(opener(settings.home)), settings.environment == "production"
    return desk_app(counter, Accounts(pool), History(pool), library, secure=secure)
