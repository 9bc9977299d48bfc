"""The client of Redis that every process uses."""

from redis.asyncio import Redis
from redis.maint_notifications import MaintNotificationsConfig

from channels.settings import Settings

REDIS_CONNECTIONS = 500  # of one process; who finds none is told that the service is not available


def redis_client(settings: Settings, name: str | None = None) -> Redis:
    """A client of Redis; raises where no address is set.

    Redis lists its connections under `name`, so that others can see that it lives.
    It tries nothing twice by itself: whether a command may run twice is known only to those who send it.
    """
    if not settings.redis_url:
        raise RuntimeError("GUICHET_REDIS_URL is not set: `guichet up` sets it, or name your own Redis.")
    return Redis.from_url(
        settings.redis_url,
        client_name=name,
        max_connections=REDIS_CONNECTIONS,
        decode_responses=True,
        socket_timeout=10,
        socket_connect_timeout=2,
        # with these, redis-py would hand out connections that a restart of Redis has ended
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
