"""Accounts of those who work at the desk, made at the command line."""

from collections.abc import Sequence

from channels.settings import Settings
from machine.home import CannotStart, read_note


async def add(settings: Settings, email: str, name: str, role: str, languages: Sequence[str], password: str) -> None:
    """Make an account in the database of the running service, or in your own. Raises CannotStart."""
    from sqlalchemy.exc import SQLAlchemyError

    from channels.desk.accounts import Accounts, Unfit
    from channels.record import engine

    note = read_note(settings.home)
    url = settings.database_url or (note.settings.get("database_url") if note else None)
    if not url:
        raise CannotStart("Accounts are kept in the database, and nothing runs here. Start it: make up")
    pool = engine(str(url))
    try:
        await Accounts(pool).add(email, name, role, languages, password)  # type: ignore[arg-type]
    except Unfit as error:
        raise CannotStart(str(error)) from error
    except (SQLAlchemyError, OSError) as error:
        raise CannotStart(
            f"The database does not answer ({type(error).__name__}). See what is wrong: guichet doctor"
        ) from error
    finally:
        await pool.dispose()
