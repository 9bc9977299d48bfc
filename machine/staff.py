"""Accounts of those who work at the desk, made at the command line."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from channels.settings import Settings
from machine.home import CannotStart, read_note

if TYPE_CHECKING:
    from channels.desk.people.accounts import Accounts, Role


@dataclass(frozen=True, slots=True)
class Works:
    """What somebody may do at the desk, for which teams, in which languages."""

    role: "Role"
    languages: Sequence[str]
    teams: Sequence[str] = ()


async def add(
    settings: Settings, email: str, name: str, works: Works, password: str, *, must_change: bool = False
) -> None:
    """Make an account. Raises CannotStart where that cannot be."""
    _check(settings, works)
    async with _accounts(settings) as accounts:
        about = (works.role, works.languages, password, works.teams)
        await accounts.add(email, name, *about, must_change=must_change)


async def set_password(settings: Settings, email: str, password: str) -> None:
    """Give an account another password. Raises CannotStart where that cannot be."""
    async with _accounts(settings) as accounts:
        await accounts.set_password(email, password)


async def invite(settings: Settings, email: str, name: str, works: Works) -> str:
    """Make an account whose password its owner chooses: the address to hand to them. Raises CannotStart."""
    _check(settings, works)
    async with _accounts(settings) as accounts:
        from channels.desk.people.invitations import Invitations

        made = await Invitations(accounts).invite(email, name, works.role, works.languages, works.teams)
    return _address(settings) + made.link


async def reset(settings: Settings, email: str) -> str:
    """Forget password and one-time codes of an account: the address to hand to its owner. Raises CannotStart."""
    async with _accounts(settings) as accounts:
        from channels.desk.people.invitations import Invitations

        made = await Invitations(accounts).reset(email)
    return _address(settings) + made.link


def _check(settings: Settings, works: Works) -> None:
    from channels.desk.teams import read

    teams = read(settings.desk_teams)
    if unknown := [team for team in works.teams if team not in teams]:
        raise CannotStart(f"There is no team {unknown[0]!r}. Teams are {', '.join(teams)}.")


def _address(settings: Settings) -> str:
    """That of the running desk, where no other is set."""
    note = read_note(settings.home)
    port = note.settings.get("desk_port") if note and not settings.desk_url else None
    return settings.model_copy(update={"desk_port": port}).desk_address if port else settings.desk_address


@asynccontextmanager
async def _accounts(settings: Settings) -> "AsyncIterator[Accounts]":
    """Those of the running service, or of your own database."""
    from sqlalchemy.exc import SQLAlchemyError

    from channels.desk.people.accounts import Accounts
    from channels.desk.people.passwords import Unfit
    from channels.desk.seal import Seal
    from channels.record import engine

    note = read_note(settings.home)
    url = settings.database_url or (note.settings.get("database_url") if note else None)
    if not url:
        raise CannotStart("Accounts are kept in the database, and nothing runs here. Start it: make up")
    pool = engine(str(url))
    try:
        yield Accounts(pool, Seal(settings.key))
    except Unfit as error:
        raise CannotStart(str(error)) from error
    except (SQLAlchemyError, OSError) as error:
        why = f"The database does not answer ({type(error).__name__}). See what is wrong: guichet doctor"
        raise CannotStart(why) from error
    finally:
        await pool.dispose()
