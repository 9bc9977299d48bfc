"""What is away is told from what refuses: the one is tried again, the other never."""

import pytest
from redis.exceptions import BusyLoadingError, DataError, NoScriptError, OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSilent
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from channels.away import redis_away
from channels.record import database_away


class Postgres(Exception):
    """An error of the driver with an SQLSTATE, as asyncpg's are."""

    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


def refused(sqlstate: str | None, gone: bool = False) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, Postgres(sqlstate), connection_invalidated=gone)


@pytest.mark.parametrize(
    ("error", "is_away"),
    [
        (ConnectionRefusedError(), True),
        (FileNotFoundError(), True),
        (TimeoutError(), True),
        (NoConnection("the pool is empty"), True),
        (refused(None, gone=True), True),
        (refused("57P01"), True),
        (refused("57P03"), True),
        (refused("53300"), True),
        (refused("08006"), True),
        (refused("22001"), False),
        (refused("23503"), False),
        (refused(None), False),
        (OperationalError("SELECT 1", {}, Postgres("42P01")), False),
        (KeyError("x"), False),
    ],
)
def test_a_database_that_is_away_is_told_from_one_that_refuses(error: Exception, is_away: bool) -> None:
    assert database_away(error) == is_away


@pytest.mark.parametrize(
    ("error", "is_away"),
    [
        (RedisGone(), True),
        (RedisSilent(), True),
        (BusyLoadingError(), True),
        (ReadOnlyError(), True),
        (OutOfMemoryError(), True),
        (ConnectionRefusedError(), True),
        (ResponseError("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to"), True),
        (ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"), False),
        (NoScriptError(), False),
        (DataError("Invalid input of type"), False),
        (KeyError("x"), False),
    ],
)
def test_a_redis_that_is_away_is_told_from_one_that_refuses(error: Exception, is_away: bool) -> None:
    assert redis_away(error) == is_away
