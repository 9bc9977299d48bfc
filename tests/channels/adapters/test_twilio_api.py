"""The wire to Twilio: what its answers and its silence mean, and how it is asked what it has taken."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from channels.channel import (
    ChannelError,
    Closed,
    Gone,
    OptedOut,
    Receipt,
    Refused,
    Reply,
    SlowDown,
    Uncertain,
    Unreachable,
)
from tests.channels.adapters.twilio_side import API, CITIZEN, connected, taken

TO, SINCE = f"sms:{CITIZEN}", datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def refused(status: int, code: int, **headers: str) -> httpx.Response:
    """An error as the API words it."""
    about = {"code": code, "message": f"what {code} means", "more_info": f"https://www.twilio.com/docs/errors/{code}"}
    return httpx.Response(
        status, json=about | {"status": status}, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def problem(status: int, code: int) -> httpx.Response:
    """An error as Twilio's newer interfaces word it, by RFC 9457."""
    about = {"type": f"https://www.twilio.com/docs/errors/{code}", "title": "Bad Request", "status": status}
    return httpx.Response(status, json=about | {"code": code, "detail": f"what {code} means"})


ERRORS: dict[str, tuple[httpx.Response | Exception, type[ChannelError], str]] = {
    "said stop": (refused(400, 21610), OptedOut, "21610"),
    "said stop, worded anew": (problem(400, 21610), OptedOut, "21610"),
    "no telephone number": (refused(400, 21211), Gone, "21211"),
    "no mobile telephone": (refused(400, 21614), Gone, "21614"),
    "a region that is not allowed": (refused(400, 21408), Refused, "21408"),
    "an error without a code": (httpx.Response(400, json={"code": None, "message": "no"}), Refused, "400"),
    "after 24 hours": (refused(400, 63016), Closed, "63016"),
    "another token": (refused(401, 20003), Refused, "20003"),
    "another account": (refused(404, 20404), Refused, "20404"),
    "moved": (httpx.Response(302, headers={"Location": "https://elsewhere.example"}), Refused, "302"),
    "too many": (refused(429, 20429), SlowDown, "429"),
    "too many for the queue": (refused(400, 14107), SlowDown, "14107"),
    "too many for WhatsApp": (refused(400, 63018), SlowDown, "63018"),
    "an error of Twilio's own": (refused(500, 20500), Uncertain, "20500"),
    "an error of its own without words": (httpx.Response(500), Uncertain, "500"),
    "an error of its gateway": (httpx.Response(502, text="<html>Bad Gateway</html>"), Uncertain, "502"),
    "its gateway waited too long": (httpx.Response(504, text="<html>Timeout</html>"), Uncertain, "504"),
    "too busy to begin": (refused(503, 20503), Unreachable, "20503"),
    "too busy for words": (httpx.Response(503, text="<html>Unavailable</html>"), Unreachable, "503"),
    "half a JSON": (httpx.Response(200, text='{"sid": "SM'), Uncertain, ""),
    "no JSON": (httpx.Response(200, text="<html>Welcome to the hotel</html>"), Uncertain, ""),
    "no object": (httpx.Response(200, json=["SM1"]), Uncertain, ""),
    "null": (httpx.Response(200, text="null"), Uncertain, ""),
    "nothing": (httpx.Response(200), Uncertain, ""),
    "an empty object": (httpx.Response(200, json={}), Uncertain, ""),
    "another object": (httpx.Response(200, json={"meta": {"key": "messages"}}), Uncertain, ""),
    "no connection": (httpx.ConnectError("refused"), Unreachable, ""),
    "no connection in time": (httpx.ConnectTimeout("slow"), Unreachable, ""),
    "no connection free": (httpx.PoolTimeout("busy"), Unreachable, ""),
    "no answer in time": (httpx.ReadTimeout("slow"), Uncertain, ""),
    "not sent in time": (httpx.WriteTimeout("slow"), Uncertain, ""),
    "reset": (httpx.ReadError("Connection reset by peer"), Uncertain, ""),
    "closed without an answer": (httpx.RemoteProtocolError("closed"), Uncertain, ""),
}
AGAIN = {Unreachable, SlowDown, Uncertain}


@pytest.mark.parametrize(("answer", "kind", "code"), ERRORS.values(), ids=ERRORS)
async def test_an_error_is_told_as_what_it_means_for_the_reply(
    redis: Redis, answer: httpx.Response | Exception, kind: type[ChannelError], code: str
) -> None:
    twilio = connected(redis, "sms")
    twilio.answers = [answer]
    with pytest.raises(ChannelError) as raised:
        await twilio.channel.send(TO, Reply("Hello", id="1"))
    assert (type(raised.value), raised.value.code, raised.value.retry) == (kind, code, kind in AGAIN)
    assert str(raised.value) and len(twilio.asked) == 1, "it says why, and nothing is tried twice here"


@pytest.mark.parametrize(("answer", "kind", "code"), ERRORS.values(), ids=ERRORS)
async def test_whoever_asks_what_was_taken_is_told_the_same(
    redis: Redis, answer: httpx.Response | Exception, kind: type[ChannelError], code: str
) -> None:
    twilio = connected(redis, "sms")
    twilio.answers = [answer]
    with pytest.raises(ChannelError) as raised:
        await twilio.channel.sent(TO, Reply("Hello", id="1"), SINCE)
    assert (type(raised.value), raised.value.code, raised.value.retry) == (kind, code, kind in AGAIN)


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("100000", 60.0),
        ("Tue, 31 Mar 2026 12:00:00 GMT", 1.0),
        (".", 1.0),
        ("-3", 1.0),
        ("", 1.0),
        (None, 1.0),
    ],
)
async def test_twilio_says_how_long_to_wait(redis: Redis, given: str | None, after: float) -> None:
    twilio = connected(redis, "sms")
    twilio.answers = [refused(429, 20429, **({"Retry_After": given} if given is not None else {}))]
    with pytest.raises(SlowDown) as raised:
        await twilio.channel.send(TO, Reply("Hello"))
    assert raised.value.after == after


def listed(number: int, body: str = "Hello", seconds: float = 1.0, **about: str) -> dict[str, Any]:
    """A message in a list of the API, made so many seconds after SINCE."""
    made = format_datetime(SINCE + timedelta(seconds=seconds))
    return {"sid": f"SM{number:032}", "body": body, "direction": "outbound-api", "date_created": made} | about


def page(*messages: dict[str, Any], after: str | None = None) -> httpx.Response:
    """A page of a list; `after` is where the next one is."""
    return httpx.Response(200, json={"messages": messages, "next_page_uri": after, "page": 0, "page_size": 50})


FIRST = {"To": CITIZEN, "DateSent>": "2026-03-31T11:59:00Z", "PageSize": "50"}


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        ([], None),
        ([listed(1)], 1),
        ([listed(2, "Something else"), listed(1)], 1),
        ([listed(1, "Hello!"), listed(2, "hello"), listed(3, "Hell")], None),
        ([listed(1, direction="inbound")], None),
        ([listed(1, direction="outbound-reply")], 1),
        ([listed(1, seconds=-59)], 1),
        ([listed(1, seconds=-61)], None),
        ([listed(1, seconds=-3600), listed(2, seconds=30)], 2),
        ([listed(1, status="failed", error_code="30006")], 1),
    ],
    ids=[
        "none",
        "it",
        "among others",
        "another text",
        "the citizen's",
        "a reply",
        "clocks",
        "older",
        "newer",
        "failed",
    ],
)
async def test_what_was_taken_is_found_by_its_text_since_a_moment(
    redis: Redis, messages: list[dict[str, Any]], found: int | None
) -> None:
    twilio = connected(redis, "sms")
    twilio.answers = [page(*messages)]
    receipt = await twilio.channel.sent(TO, Reply("Hello", id="1"), SINCE)
    assert receipt == (Receipt(f"SM{found:032}") if found else None)
    (request,) = twilio.asked
    assert (request.method, str(request.url.copy_with(query=None)), dict(request.url.params)) == ("GET", API, FIRST)
    assert request.headers["authorization"] == httpx.BasicAuth(f"AC{1:032}", "a token of nobody")._auth_header


async def test_it_is_looked_for_on_every_page(redis: Redis) -> None:
    twilio = connected(redis, "sms", twilio_url="http://127.0.0.1:8090/")
    path = API.removeprefix("https://api.twilio.com")
    second = f"{path}?To=%2B16135550198&PageSize=50&Page=1&PageToken=PASM1"
    twilio.answers = [page(listed(2, "Something else"), after=second), page(listed(1))]
    assert await twilio.channel.sent(TO, Reply("Hello"), SINCE) == Receipt(f"SM{1:032}")
    assert [str(request.url) for request in twilio.asked][1:] == [f"http://127.0.0.1:8090{second}"]


async def test_a_page_that_does_not_come_is_not_taken_for_the_last(redis: Redis) -> None:
    twilio = connected(redis, "sms")
    twilio.answers = [page(listed(2, "Something else"), after="/2010-04-01/next"), refused(503, 20503)]
    with pytest.raises(Unreachable):
        await twilio.channel.sent(TO, Reply("Hello"), SINCE)


async def test_it_is_looked_for_in_the_form_in_which_it_was_sent(redis: Redis) -> None:
    twilio = connected(redis, "sms", sms_segments=1)
    reply = Reply("What’s “published” about dogs? " * 12)
    twilio.answers = [taken()]
    await twilio.channel.send(TO, reply)
    body = httpx.QueryParams(twilio.asked[0].content.decode())["Body"]
    assert body != reply.text and body.endswith("Send MORE for the rest.")
    twilio.answers = [page(listed(1, body))]
    assert await twilio.channel.sent(TO, reply, SINCE) == Receipt(f"SM{1:032}")
