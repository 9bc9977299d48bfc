"""The commands of `guichet agent`: make accounts of those who work at the desk, and let them in again."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    PUBLISHER = "publisher"
    ADMINISTRATOR = "administrator"


class Language(StrEnum):
    EN = "en"
    FR = "fr"


app = typer.Typer(help="Accounts of those who work at the desk.", no_args_is_help=True, rich_markup_mode=None)
Email = Annotated[str, typer.Argument(help="What they sign in with.")]
Name = Annotated[str, typer.Argument(help="What citizens and colleagues see.")]
Password = Annotated[str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True)]
AsRole = Annotated[Role, typer.Option(help="What they may do.")]
Languages = Annotated[list[Language], typer.Option("--language", help="Those they answer in; both if not given.")]
Teams = Annotated[list[str], typer.Option("--team", help="A team they work for; all of them if not given.")]


@app.command("add")
def add_agent(
    context: typer.Context,
    email: Email,
    name: Name,
    password: Password,
    role: AsRole = Role.AGENT,
    language: Languages = [],  # noqa: B006
    team: Teams = [],  # noqa: B006
    change: Annotated[bool, typer.Option("--change", help="They choose another password when they sign in.")] = False,
) -> None:
    """Make an account with a password, which its owner types here; one that stands in the command has to be changed."""
    from channels.settings import Settings
    from machine import staff

    works = staff.Works(role.value, [each.value for each in language or Language], team)
    source = context.get_parameter_source("password")
    written = source is not None and source.name != "PROMPT"
    asyncio.run(staff.add(Settings(), email, name, works, password, must_change=change or written))
    typer.echo(f"{name} can sign in at the desk with {email}.")


@app.command("invite")
def invite_agent(
    email: Email,
    name: Name,
    role: AsRole = Role.AGENT,
    language: Languages = [],  # noqa: B006
    team: Teams = [],  # noqa: B006
) -> None:
    """Make an account whose owner chooses the password: print a link for them, good once and for 72 hours."""
    from channels.settings import Settings
    from machine import staff

    works = staff.Works(role.value, [each.value for each in language or Language], team)
    link = asyncio.run(staff.invite(Settings(), email, name, works))
    typer.echo(f"Give this link to {name}. It is good once, and for 72 hours:", err=True)
    typer.echo(link)


@app.command("reset")
def reset_agent(email: Email) -> None:
    """Forget somebody's password and one-time codes, and print a link with which they choose another password."""
    from channels.settings import Settings
    from machine import staff

    link = asyncio.run(staff.reset(Settings(), email))
    typer.echo(f"Give this link to {email}. It is good once, and for 72 hours:", err=True)
    typer.echo(link)


@app.command("password")
def set_password(email: Email, password: Password) -> None:
    """Give an account a password that its owner must change, and unlock it; who is signed in with it is signed out."""
    from channels.settings import Settings
    from machine import staff

    asyncio.run(staff.set_password(Settings(), email, password))
    typer.echo(f"{email} has another password, to be changed when they sign in.")
