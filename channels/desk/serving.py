"""The composition root of the desk's app."""

from datetime import UTC, datetime

from fastapi import FastAPI
from redis.asyncio import Redis

from channels.connections import redis_client
from channels.desk.answering import counter
from channels.desk.app import desk_app
from channels.desk.fetching import Files
from channels.desk.history import History
from channels.desk.library import Library
from channels.desk.people.accounts import Accounts
from channels.desk.people.oidc import BACK, Provider, Registered
from channels.desk.seal import Seal
from channels.desk.statistics import Statistics
from channels.desk.switching import Switching
from channels.desk.translation import Translation
from channels.published import opener
from channels.record import engine
from channels.settings import Settings
from channels.switches import Switches


def served(settings: Settings) -> FastAPI:
    """The app that agents reach. It talks to Redis, PostgreSQL and the published knowledge."""
    if not settings.database_url:
        raise RuntimeError("GUICHET_DATABASE_URL is not set: `guichet up` sets it, or name your own PostgreSQL.")
    redis, pool = redis_client(settings), engine(settings.database_url)
    seal = Seal(settings.key)
    library, secure = Library(opener(settings.home)), settings.environment == "production"
    accounts, provider = Accounts(pool, seal, demand=settings.desk_require_codes), _provider(settings, redis)
    switching = Switching(pool, Switches(redis, lambda: datetime.now(UTC)))
    return desk_app(
        counter(settings, redis, pool),
        accounts,
        History(pool),
        library,
        switching,
        Statistics(pool),
        provider,
        _translation(settings),
        attached=Files(settings),
        secure=secure,
    )


def _translation(settings: Settings) -> Translation | None:
    key = settings.translation_key.get_secret_value() if settings.translation_key else None
    return Translation(settings.translation_url, key) if settings.translation_url else None


def _provider(settings: Settings, redis: Redis) -> Provider | None:
    """The provider of single sign-on, where there is one."""
    issuer, secret = settings.oidc_issuer, settings.oidc_client_secret
    if not issuer or not secret:
        return None
    back = settings.desk_address + BACK
    about = Registered(issuer, settings.oidc_client_id or "", secret.get_secret_value(), back, settings.oidc_name)
    return Provider(about, redis)
