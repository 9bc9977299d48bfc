"""Accounts at the command line: made, invited, let in again; what cannot be is said in a sentence."""

import asyncio
import secrets
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from channels.desk.people.accounts import Accounts, SignedIn
from channels.desk.people.invitations import Invitations
from channels.desk.seal import Seal
from channels.record import engine
from guichet import app
from machine.home import CannotStart, Note, write_note

PASSWORD, OTHER = "a long enough word", "seven grey herons"
KEY = "0123456789abcdef" * 2


@pytest.fixture
def email() -> str:
    return f"{secrets.token_hex(6)}@town.example"


@pytest.fixture(autouse=True)
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"DATABASE_URL": database_url, "HOME": str(tmp_path), "SECRET": KEY, "DESK_URL": "https://desk.example.ca/"}
    for name, value in given.items():
        monkeypatch.setenv(f"GUICHET_{name}", value)


def guichet(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["agent", *words], input=typed)


def signed_in(database_url: str, email: str, password: str) -> SignedIn | None:
    """What a password opens."""

    async def ask() -> SignedIn | None:
        pool = engine(database_url)
        accounts = Accounts(pool, Seal(KEY.encode()))
        found = await accounts.signed_in(await accounts.sign_in(email, password) or "")
        await pool.dispose()
        return found

    return asyncio.run(ask())


def accepted(database_url: str, link: str) -> bool:
    """Whether a password can be chosen with a link."""

    async def ask() -> bool:
        pool = engine(database_url)
        invitations = Invitations(Accounts(pool, Seal(KEY.encode())))
        token = await invitations.accept(link.partition("#")[2], OTHER)
        await pool.dispose()
        return token is not None

    return asyncio.run(ask())


def test_who_types_their_password_need_not_change_it(database_url: str, email: str) -> None:
    works = ("--role", "supervisor", "--team", "taxes", "--team", "housing", "--language", "fr")
    made = guichet("add", email, "Ana", *works, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert made.exit_code == 0, made.output
    assert PASSWORD not in made.output
    found = signed_in(database_url, email, PASSWORD)
    assert found and found.lacks is None
    agent = found.agent
    assert (agent.name, agent.role, agent.languages, agent.teams) == ("Ana", "supervisor", ["fr"], ["taxes", "housing"])


@pytest.mark.parametrize("how", ["written", "asked for"])
def test_who_was_given_it_changes_it(database_url: str, email: str, how: str) -> None:
    if how == "written":
        made = guichet("add", email, "Ana", "--password", PASSWORD)
    else:
        made = guichet("add", email, "Ana", "--change", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert made.exit_code == 0, made.output
    found = signed_in(database_url, email, PASSWORD)
    assert found and found.lacks == "password"
    assert found.agent.languages == ["en", "fr"]


def test_another_password_has_to_be_changed(database_url: str, email: str) -> None:
    guichet("add", email, "Ana", "--password", PASSWORD)
    assert guichet("password", email, typed=f"{OTHER}\n{OTHER}\n").exit_code == 0
    assert signed_in(database_url, email, PASSWORD) is None
    found = signed_in(database_url, email, OTHER)
    assert found and found.lacks == "password"


def test_a_link_is_printed_alone_for_scripts(database_url: str, email: str) -> None:
    made = guichet("invite", email, "Noa", "--role", "publisher")
    assert made.exit_code == 0, made.output
    assert made.stdout.startswith("https://desk.example.ca/welcome#") and made.stdout.count("\n") == 1
    assert "72 hours" in made.stderr
    again = guichet("reset", email)
    assert not accepted(database_url, made.stdout.strip()), "the one before ends"
    assert accepted(database_url, again.stdout.strip())
    found = signed_in(database_url, email, OTHER)
    assert found and found.agent.role == "publisher"


def test_a_link_leads_to_the_running_desk(email: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GUICHET_DESK_URL")
    assert guichet("invite", email, "Noa").stdout.startswith("http://127.0.0.1:8010/welcome#")
    (tmp_path / "run").mkdir()
    write_note(tmp_path, Note(1, {}, {"desk_port": 8765}))
    assert guichet("reset", email).stdout.startswith("http://127.0.0.1:8765/welcome#")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("invite", "nobody", "Noa"), "e-mail address"),
        (("invite", "n@town.example", "Noa", "--team", "taxis"), "There is no team 'taxis'. Teams are general, "),
        (("reset", "nobody@town.example"), "no such account"),
        (("password", "nobody@town.example", "--password", PASSWORD), "no account of nobody@town.example"),
        (("add", "n@town.example", "Noa", "--password", "short"), "12 to 256"),
        (("add", "n@town.example", "Noa", "--password", "passwordpassword"), "easily guessed"),
    ],
)
def test_what_cannot_be_is_a_sentence(words: tuple[str, ...], says: str) -> None:
    done = guichet(*words)
    assert isinstance(done.exception, CannotStart) and says in str(done.exception)


def test_without_a_database_there_are_no_accounts(email: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GUICHET_DATABASE_URL")
    assert "make up" in str(guichet("invite", email, "Noa").exception)
    monkeypatch.setenv("GUICHET_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    assert "does not answer" in str(guichet("invite", email, "Noa").exception)
