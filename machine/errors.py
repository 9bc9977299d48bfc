"""What went wrong, as a sentence with the way out; None where no person at the keyboard can put it right."""

import errno
from typing import Any

SENTENCES = frozenset(
    {
        "CannotStart",
        "CannotPrepare",
        "ServerFailed",
        "NoSnapshot",
        "NotPublished",
        "NoEncoder",
        "SourceError",
        "NotAFolder",
        "TeamsUnfit",
        "NotKept",
        "NotWaiting",
        "AlreadyWatching",
    }
)
"""Errors whose text is such a sentence. By name: their modules are loaded only where they are used."""

FULL = {errno.ENOSPC, errno.EDQUOT}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
IN_THE_WAY = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR}
SET = "{name} is set to {given!r}. {says}."


def sentence(error: BaseException) -> str | None:
    name = type(error).__name__
    if name in SENTENCES:
        cause = error.__cause__
        return _of_the_system(cause) if isinstance(cause, OSError) and cause.errno in FULL else str(error)
    if isinstance(error, OSError):
        return _of_the_system(error)
    if name == "ValidationError" and hasattr(error, "errors"):
        return "\n".join(_of_a_setting(each) for each in error.errors())
    if name == "SettingsError":
        return f'A setting cannot be read: {error}. A list is written as JSON: ["https://www.example.ca"]'
    return None


def _of_the_system(error: OSError) -> str | None:
    where = error.filename or "the home folder"
    if error.errno in FULL:
        return f"The disk is full ({where}). Free some space and run the command again: it goes on where it was."
    if error.errno in FORBIDDEN:
        return (
            f"{where} may not be written or read: {error.strerror}. "
            "Check whose folder it is, or choose one of yours: GUICHET_HOME=~/guichet make up"
        )
    if error.errno in IN_THE_WAY:
        return f"{where} is in the way: {error.strerror}. Move it away, or choose another folder with GUICHET_HOME."
    return None


def _of_a_setting(problem: dict[str, Any]) -> str:
    says = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return says
    name = f"GUICHET_{str(problem['loc'][0]).upper()}"
    return SET.format(name=name, given=problem["input"], says=says)
