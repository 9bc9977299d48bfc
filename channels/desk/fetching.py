"""Pictures and files that citizens sent, fetched from the provider that has them when an agent asks: none is kept here."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

import httpx
import structlog

from channels.channel import File
from channels.clean import mime_type
from channels.desk.attached import opened
from channels.desk.case import Line
from channels.desk.seal import Seal
from channels.settings import Settings

MOST_BYTES = 20 * 2**20  # more, Telegram gives to no bot: https://core.telegram.org/bots/api#getfile
LONGEST_SECONDS = 120.0  # that a file may take
TIMEOUT = httpx.Timeout(15.0, connect=5.0)
TWILIO = httpx.URL("https://api.twilio.com")
MOST_REDIRECTS = 3
SAYING_NOTHING = ("", "application/octet-stream", "binary/octet-stream")
GONE = (404, 410)
log = structlog.get_logger()

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a host, none where it is not known here."""


class Gone(Exception):
    """There is no such file, or not any more."""


class Away(Exception):
    """The provider does not give the file now; the message says why."""


class CutShort(Exception):
    """The file broke off after its beginning."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """`kind` is the MIME type that the provider declares, "" where it declares none. `content` raises CutShort."""

    kind: str
    content: AsyncIterator[bytes]


async def resolved(host: str) -> Sequence[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:  # only a proxy may know it, and reach it
        return ()
    return [str(address[0]) for *_, address in found]


class Files:
    """What is fetched comes from the provider's own host, as the settings name it. Twilio sends on to its media store,
    which is followed to public addresses, by https, and without the account's token."""

    def __init__(
        self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None, resolve: Resolve = resolved
    ) -> None:
        self._seal, self._resolve = Seal(settings.key), resolve
        self._http = httpx.AsyncClient(timeout=TIMEOUT, transport=transport, follow_redirects=False)
        token = settings.twilio_token
        self._account = (settings.twilio_account or "", token.get_secret_value()) if token else None
        self._twilio = (_origin(httpx.URL(settings.twilio_url)), _origin(TWILIO))
        self._bot = settings.telegram_token.get_secret_value() if settings.telegram_token else None
        self._telegram = settings.telegram_url.rstrip("/")

    async def fetch(self, line: Line, number: int) -> Fetched:
        """A file of a line, by its number. Raises Gone and Away.

        Where the answer says nothing of the type, as Telegram's do, it is what the provider said with the message.
        """
        file = opened(line, number, self._seal)
        if file is None:
            raise Gone
        answer = await (self._from_twilio(file) if "://" in file.ref else self._from_telegram(file))
        length = answer.headers.get("content-length", "0")
        if answer.status_code != 200 or not length.isdecimal() or int(length[:12]) > MOST_BYTES:
            await answer.aclose()
            if answer.status_code in GONE:
                raise Gone
            raise Away("it is larger than 20 MB" if answer.status_code == 200 else f"it answers {answer.status_code}")
        declared = mime_type(answer.headers.get("content-type", ""))
        return Fetched(file.kind if declared in SAYING_NOTHING else declared, _limited(answer))

    async def _from_twilio(self, file: File) -> httpx.Response:
        try:
            url = httpx.URL(file.ref)
        except httpx.InvalidURL:
            raise Gone from None
        if self._account is None or _origin(url) not in self._twilio:
            log.warning("file refused", why="it is not where Twilio keeps files")
            raise Gone
        answer = await self._asked("GET", url, auth=self._account)
        for _ in range(MOST_REDIRECTS):
            if not answer.has_redirect_location:
                break
            await answer.aclose()
            try:
                url = url.join(answer.headers["location"])
            except httpx.InvalidURL:
                raise Away("it leads nowhere") from None
            if not await self._may_follow(url):
                log.warning("file refused", why="Twilio leads to where nothing is fetched from")
                raise Away("it leads to where nothing is fetched from")
            answer = await self._asked("GET", url)
        return answer

    async def _may_follow(self, url: httpx.URL) -> bool:
        """A name that means a private address a moment later is of no use: what answers there must prove, by its
        certificate, that it has that name."""
        if _origin(url) == self._twilio[0]:
            return True
        return url.scheme == "https" and all(ip_address(each).is_global for each in await self._resolve(url.host))

    async def _from_telegram(self, file: File) -> httpx.Response:
        """https://core.telegram.org/bots/api#getfile"""
        if self._bot is None:
            raise Gone
        found = await self._asked("POST", f"{self._telegram}/bot{self._bot}/getFile", data={"file_id": file.ref})
        try:
            answer = httpx.Response(
                found.status_code, content=b"".join([each async for each in _limited(found)])
            ).json()
            if found.status_code == 400:
                raise Away("it is larger than 20 MB") if "too big" in answer["description"] else Gone
            path = answer["result"]["file_path"].split("/")
        except (CutShort, ValueError, LookupError, TypeError, AttributeError):
            raise Away(f"it answers {found.status_code}") from None
        if {"", ".", ".."} & set(path):
            raise Away("it says no place that can be fetched from")
        return await self._asked("GET", f"{self._telegram}/file/bot{self._bot}/{quote('/'.join(path))}")

    async def _asked(self, method: str, url: httpx.URL | str, *, auth: Any = None, data: Any = None) -> httpx.Response:
        """An answer whose content is still to come. No error names the address: Telegram's have the bot's token."""
        asked = self._http.build_request(method, url, data=data, headers={"Accept-Encoding": "identity"})
        try:
            return await self._http.send(asked, auth=auth, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Away(type(error).__name__) from None


async def _limited(answer: httpx.Response) -> AsyncIterator[bytes]:
    read, until = 0, time.monotonic() + LONGEST_SECONDS
    try:
        async for part in answer.aiter_bytes():
            read += len(part)
            if read > MOST_BYTES or time.monotonic() > until:
                raise CutShort("too much" if read > MOST_BYTES else "too slow")
            yield part
    except httpx.HTTPError as error:
        raise CutShort(type(error).__name__) from None
    finally:
        await answer.aclose()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
