"""One page after the other from a site, politely, within bounds, and from nowhere that the site must not lead to."""

import contextlib
import socket
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

import httpx
from protego import Protego

AGENT = "Guichet"
DELAY = 1.0  # seconds between two requests, if robots.txt asks for no more
LONGEST_DELAY = 30.0
REDIRECTS = 5
SECONDS = 60.0  # for one page, all of it
_WAIT_AT_MOST = 120.0  # seconds, if a site says "later"
_LATER = (429, 503)

Resolve = Callable[[str, int], list[str]]


class NotFetched(Exception):
    """Why a page was not fetched, as a sentence. `refused` is whether it may not be, and not for now only."""

    def __init__(self, why: str, refused: bool = False) -> None:
        super().__init__(why)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Fetched:
    """`url` is where redirects led. `body` is unpacked, empty if it has not changed (304) or is not there."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises OSError."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


@dataclass(slots=True)
class Fetcher:
    """Asks one site, given by its address; another site is never asked. It is used by one thread."""

    site: str
    pause: Callable[[float], None] = time.sleep
    resolving: Resolve = resolve
    robots: Protego | None = None
    delay: float = DELAY
    _client: httpx.Client | None = None
    _next: float = 0.0
    _addresses: dict[tuple[str, int], str] = field(default_factory=dict)

    @contextlib.contextmanager
    def open(self) -> Iterator["Fetcher"]:
        """With the connection open, and robots.txt read. Raises NotFetched where the site cannot say what it allows."""
        agent = f"{AGENT}/{version('guichet')} (reads published services for a citizens' assistant)"
        headers = {
            "User-Agent": agent,
            "Accept": "text/html,application/xhtml+xml,application/pdf,application/xml;q=0.9",
        }
        with httpx.Client(headers=headers, timeout=20.0, follow_redirects=False, trust_env=False) as self._client:
            self.robots = self._robots()
            self.delay = max(self.delay, min(self.robots.crawl_delay(AGENT) or 0.0, LONGEST_DELAY))
            yield self

    def get(self, url: str, largest: int, known: Mapping[str, str] | None = None, free: bool = False) -> Fetched:
        """A page, at most `largest` bytes of it unpacked; `known` are headers that ask whether it has changed.

        `free` is what robots.txt says nothing of: itself, and the sitemaps that it names. Raises NotFetched.
        """
        for _ in range(REDIRECTS + 1):
            self.check(url)
            if not free and self.robots is not None and not self.robots.can_fetch(url, AGENT):
                raise NotFetched("The site's robots.txt does not allow it.", refused=True)
            found = self._patiently(url, largest, known or {})
            target = found.headers.get("location")
            if found.status not in (301, 302, 303, 307, 308) or not target:
                return found
            try:
                url = urljoin(url, target).partition("#")[0]
            except ValueError:
                raise NotFetched("It leads to an address that is none.", refused=True) from None
        raise NotFetched("It leads in circles.", refused=True)

    def check(self, url: str) -> None:
        """Whether an address belongs to the site. Raises NotFetched."""
        if not same_site(url, self.site):
            raise NotFetched(f"It leads to another site, {(urlsplit(url).hostname or url)[:80]}.", refused=True)

    def _patiently(self, url: str, largest: int, known: Mapping[str, str]) -> Fetched:
        found = self._once(url, largest, known)
        if found.status in _LATER:
            said = found.headers.get("retry-after", "")
            self.pause(min(float(said) if said.isascii() and said.isdigit() else 10.0, _WAIT_AT_MOST))
            found = self._once(url, largest, known)
        if found.status >= 500 or found.status in (*_LATER, 408):
            raise NotFetched(f"The site answers {found.status}.")
        return found

    def _once(self, url: str, largest: int, known: Mapping[str, str]) -> Fetched:
        assert self._client is not None
        self.pause(max(0.0, self._next - time.monotonic()))
        asked = httpx.URL(url)
        address = self._address(asked)
        headers = {"Host": asked.netloc.decode(), "Accept-Encoding": "gzip", **known}
        extensions = {"sni_hostname": asked.host}  # the certificate is checked against the name, whatever we connect to
        try:
            with self._client.stream(
                "GET", asked.copy_with(host=address), headers=headers, extensions=extensions
            ) as answer:
                body = b"".join(_body(answer, largest)) if answer.status_code == 200 else b""
                return Fetched(url, answer.status_code, answer.headers, body)
        except (httpx.HTTPError, httpx.InvalidURL, zlib.error) as error:
            raise NotFetched(f"The site does not answer well: {type(error).__name__}.") from error
        finally:
            self._next = time.monotonic() + self.delay

    def _address(self, url: httpx.URL) -> str:
        """The address to connect to: looked up once and checked, so that no name can be turned to another one later."""
        port = url.port or (443 if url.scheme == "https" else 80)
        if (url.host, port) not in self._addresses:
            try:
                found = self.resolving(url.host, port)
            except (OSError, UnicodeError) as error:
                raise NotFetched(f"There is no host {url.host[:80]!r}.") from error
            public = [each for each in found if ip_address(each.partition("%")[0]).is_global]
            if not public and not (found and _literal(url.host)):
                why = f"{url.host[:80]} is inside a private network: give its address in numbers if that is meant."
                raise NotFetched(why, refused=True)
            self._addresses[url.host, port] = (public or found)[0]
        return self._addresses[url.host, port]

    def _robots(self) -> Protego:
        found = self.get(urljoin(self.site, "/robots.txt"), 512 * 1024, free=True)
        return Protego.parse(found.body.decode("utf-8", "replace") if found.status == 200 else "")


def same_site(url: str, site: str) -> bool:
    """Whether an address is one of the site: of the same host, "www." aside, and the same port if that is a special one."""
    try:
        one, other = urlsplit(url), urlsplit(site)
        hosts = [(each.hostname or "").removeprefix("www.") for each in (one, other)]
        ports = [each.port or {"http": 80, "https": 443}.get(each.scheme) for each in (one, other)]
    except ValueError:
        return False
    usual = all(port in (80, 443) for port in ports)
    return (
        one.scheme in ("http", "https") and bool(hosts[0]) and hosts[0] == hosts[1] and (usual or ports[0] == ports[1])
    )


def _literal(host: str) -> bool:
    """Whether a host is given as an address, and so meant; a fetcher asks no host but the one that was given."""
    try:
        return bool(ip_address(host))
    except ValueError:
        return host == "localhost"


def _body(answer: httpx.Response, largest: int) -> Iterator[bytes]:
    """The body, unpacked piece by piece, so that neither a large nor an endless one, nor a bomb, is taken in."""
    packed = answer.headers.get("content-encoding", "").lower() in ("gzip", "x-gzip")
    if not packed and answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotFetched("It is packed in a way that nobody asked for.", refused=True)
    unpacking = zlib.decompressobj(wbits=31)
    end, size = time.monotonic() + SECONDS, 0
    for raw in answer.iter_raw(65_536):
        piece = unpacking.decompress(raw, largest - size + 1) if packed else raw
        size += len(piece)
        if size > largest or time.monotonic() > end:
            large = size > largest
            raise NotFetched(
                f"It is larger than {largest // 2**20} MiB." if large else "It takes too long.", refused=large
            )
        yield piece
