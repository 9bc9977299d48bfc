"""Accounts of those who work at the desk, made at the command line."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from channels.settings import Settings
from machine.home import CannotStart, read_note

if TYPE_CHECKING:
    from channels.desk.accounts import Accounts, Role


async def add(settings: Settings, email: str, name: str, role: "Role", languages: Sequence[str], password: str) -> None:
    """Make an account. Raises CannotStart where that cannot be."""
    async with _accounts(settings) as accounts:
        await accounts.add(email, name, role, languages, password)


async def set_password(settings: Settings, email: str, password: str) -> None:
    """Give an account another password. Raises CannotStart where that cannot be."""
    async with _accounts(settings) as accounts:
        await accounts.set_password(email, password)


@asynccontextmanager
async def _accounts(settings: Settings) -> "AsyncIterator[Accounts]":
    """Those of the running service, or of your own database."""
    from sqlalchemy.exc import SQLAlchemyError

    from channels.desk.accounts import Accounts, Unfit
    from channels.record import engine

    note = read_note(settings.home)
    url = settings.database_url or (note.settings.get("database_url") if note else None)
    if not url:
        raise CannotStart("Accounts are kept in the database, and nothing runs here. Start it: make up")
    pool = engine(str(url))
    try:
        yield Accounts(pool)
    except Unfit as error:
        raise CannotStart(str(error)) from error
    except (SQLAlchemyError, OSError) as error:
        why = f"The database does not answer ({type(error).__name__}). See what is wrong: guichet doctor"
        raise CannotStart(why) from error
    finally:
        await pool.dispose()
