"""The composition root of the desk's app."""

from fastapi import FastAPI
from redis.asyncio import Redis

from channels.app import redis_client
from channels.bot import opener
from channels.desk.accounts import Accounts
from channels.desk.app import desk_app
from channels.desk.cases import Cases
from channels.desk.counter import Counter
from channels.desk.history import History
from channels.desk.library import Library
from channels.desk.oidc import BACK, Provider, Registered
from channels.desk.seal import Seal
from channels.record import engine
from channels.settings import Settings


def served(settings: Settings) -> FastAPI:
    """The app that agents reach. It talks to Redis, PostgreSQL and the published knowledge."""
    if not settings.database_url:
        raise RuntimeError("GUICHET_DATABASE_URL is not set: `guichet up` sets it, or name your own PostgreSQL.")
    redis, pool = redis_client(settings), engine(settings.database_url)
    seal = Seal(settings.key)
    counter = Counter.made(Cases(pool, seal), redis, settings.consumer)
    library, secure = Library(opener(settings.home)), settings.environment == "production"
    accounts, provider = Accounts(pool, seal, demand=settings.desk_require_codes), _provider(settings, redis)
    return desk_app(counter, accounts, History(pool), library, provider, secure=secure)


def _provider(settings: Settings, redis: Redis) -> Provider | None:
    """The provider of single sign-on, where there is one."""
    issuer, secret = settings.oidc_issuer, settings.oidc_client_secret
    if not issuer or not secret:
        return None
    back = settings.desk_address + BACK
    about = Registered(issuer, settings.oidc_client_id or "", secret.get_secret_value(), back, settings.oidc_name)
    return Provider(about, redis)
