"""Whether Redis could not be reached or has no room just now, as opposed to refusing what it was asked."""

from redis.exceptions import ClusterDownError, MasterDownError, OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSilent

REDIS = (RedisGone, RedisSilent, ReadOnlyError, OutOfMemoryError, ClusterDownError, MasterDownError)
DISK_FULL = ("MISCONF", "NOREPLICAS")  # Redis refuses to take what it could not keep


def redis_away(error: Exception) -> bool:
    """Whether the same command may succeed later."""
    return isinstance(error, (*REDIS, OSError)) or (isinstance(error, RedisError) and str(error).startswith(DISK_FULL))
