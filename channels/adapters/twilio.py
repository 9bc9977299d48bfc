"""The wire to Twilio, which SMS and WhatsApp share: signed webhooks in, messages and their states out."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import Response
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.base.version import Version
from twilio.http import AsyncHttpClient
from twilio.http.response import Response as Answer
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from channels.catalogue import Parts
from channels.channel import (
    ChannelError,
    Closed,
    Deliver,
    File,
    Forged,
    Gone,
    Incoming,
    OptedOut,
    Receipt,
    Refused,
    SlowDown,
    Status,
    Tell,
    Uncertain,
    Unreachable,
)
from channels.clean import mime_type
from channels.web.message import MOST_BYTES_OF_PROVIDERS, Unacceptable, body

EMPTY = Response('<?xml version="1.0" encoding="UTF-8"?><Response/>', media_type="text/xml")
MOST_MEDIA = 10
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
CLOCKS_SECONDS = 60  # by which Twilio's clock and ours may differ
STATES = {  # https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending"), "queued"),
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    **dict.fromkeys(("undelivered", "failed", "canceled"), "failed"),
}
ERRORS: dict[int, type[ChannelError]] = {  # https://www.twilio.com/docs/api/errors
    21610: OptedOut,
    **dict.fromkeys((21211, 21214, 21217, 21614, 30005, 30006, 63003), Gone),
    **dict.fromkeys((63016, 63032, 63049), Closed),
    **dict.fromkeys((20503, 30001, 30008, 63001, 63012), Unreachable),
}
SLOW = (429, 20429, 14107, 63018, 63038)
UNREADABLE = (TwilioException, ValueError, LookupError, TypeError, AttributeError)  # by an answer of another shape

Form = dict[str, str]


class Wire:
    """`number` is ours, as Twilio writes it: "+16135550142", "whatsapp:+16135550142", or a messaging service's SID.

    `public_url` is where Twilio reaches us: what a proxy has made of scheme and host does not matter then.
    """

    def __init__(
        self,
        account: str,
        token: str,
        number: str,
        public_url: str | None,
        http: httpx.AsyncClient,
        url: str = "https://api.twilio.com",
    ) -> None:
        self._account, self.number, self._public_url = account, number, (public_url or "").rstrip("/")
        self._validator = RequestValidator(token)
        self._client = Client(account, token, http_client=_Transport(http, url))

    def routes(self, name: str, read: Callable[[Form], Incoming], deliver: Deliver, tell: Tell) -> APIRouter:
        """Where Twilio brings messages, and says what became of ours."""
        router = APIRouter(prefix=f"/{name}", tags=[name], default_response_class=Response)

        @router.post("/messages")
        async def message(request: Request) -> Response:
            form = await self.form(request)
            self._ours(form, "To", name)
            if form.get("MessageSid") and form.get("From"):
                await deliver(read(form))
            return EMPTY

        @router.post("/status")
        async def status(request: Request) -> Response:
            form = await self.form(request)
            self._ours(form, "From", name)
            state, reply = STATES.get(form.get("MessageStatus", "")), request.query_params.get("reply")
            if state and reply and form.get("To"):
                code = form.get("ErrorCode", "")
                to = f"{name}:{form['To'].removeprefix('whatsapp:')}"
                await tell(Status(to, reply[:100], state, form.get("MessageSid", "")[:64], code[:32], code == "21610"))
            return EMPTY

        return router

    async def form(self, request: Request) -> Form:
        """The fields of a request. Raises Forged unless Twilio signed it, and Unacceptable if it is none."""
        signature = request.headers.get("x-twilio-signature", "")
        content = await body(request.stream(), MOST_BYTES_OF_PROVIDERS)
        try:
            fields = dict(
                parse_qsl(content.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=200)
            )
        except ValueError:
            raise Unacceptable("malformed", 400) from None
        if not signature.isascii() or not any(
            self._validator.validate(address, fields, signature) for address in self._addresses(request)
        ):
            raise Forged
        return fields

    def _addresses(self, request: Request) -> list[str]:
        """What Twilio may have signed: where it was told to reach us, or else what the request says of itself."""
        seen = str(request.url)
        path = urlsplit(seen)._replace(scheme="", netloc="").geturl()
        if self._public_url:
            return [self._public_url + path]
        return [seen, urlsplit(seen)._replace(scheme="https").geturl()]

    def _ours(self, form: Form, field: str, name: str) -> None:
        """A signature says that Twilio sent it, not that it is for this channel of this account."""
        whatsapp = form.get("From", "").startswith("whatsapp:") or form.get("To", "").startswith("whatsapp:")
        mine = form.get(field) == self.number or form.get("MessagingServiceSid") == self.number
        meant = ("MessageStatus" in form) == (field == "From")  # a service's SID stands in all that it is told
        if form.get("AccountSid") != self._account or whatsapp != (name == "whatsapp") or not (mine and meant):
            raise Forged

    async def create(self, to: str, reply: str, name: str, **message: Any) -> Receipt:
        """Hand a message to Twilio. Raises ChannelError."""
        sender = {"messaging_service_sid": self.number} if self.number.startswith("MG") else {"from_": self.number}
        if self._public_url:
            message["status_callback"] = f"{self._public_url}/{name}/status?reply={quote(reply, safe='')}"
        made = await _asked(self._client.messages.create_async(to=to, **sender, **message))
        if not made.sid:
            raise Uncertain("Twilio's answer cannot be read.")
        return Receipt(made.sid)

    async def find(self, to: str, text: str, since: datetime) -> Receipt | None:
        """A message with that text that Twilio has taken since then. Raises ChannelError where it cannot be asked."""
        after = since - timedelta(seconds=CLOCKS_SECONDS)
        listed = await _asked(self._client.messages.list_async(to=to, date_sent_after=after, limit=50))
        for each in listed:
            if each.direction.startswith("outbound") and each.body == text and each.date_created >= after:
                return Receipt(each.sid)
        return None


def wire(parts: Parts, number: str) -> Wire:
    """The wire of one of our numbers, as the settings say."""
    settings = parts.settings
    assert settings.twilio_account
    assert settings.twilio_token
    http = httpx.AsyncClient(timeout=TIMEOUT, transport=parts.transport)
    return Wire(
        settings.twilio_account,
        settings.twilio_token.get_secret_value(),
        number,
        settings.public_url,
        http,
        settings.twilio_url,
    )


def media(form: Form) -> int:
    """How many pictures, files and places on a map came with a message."""
    given = form.get("NumMedia", "0")
    counted = min(int(given), MOST_MEDIA) if given.isdecimal() and len(given) < 4 else 0
    return counted + ("Latitude" in form)


def files(form: Form) -> tuple[File, ...]:
    """The pictures and files that came with a message, and where Twilio has them."""
    found = (
        (form.get(f"MediaContentType{n}", ""), form.get(f"MediaUrl{n}")) for n in range(min(media(form), MOST_MEDIA))
    )
    return tuple(File(mime_type(kind), ref) for kind, ref in found if ref)


class _Transport(AsyncHttpClient):
    """Twilio's library over httpx, which tells what was not sent from what may have been."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        super().__init__(logging.getLogger("twilio"), is_async=True)
        self._http, self._url = http, url.rstrip("/")

    async def request(self, method: str, uri: str, **given: Any) -> Answer:
        address = self._url + urlsplit(uri)._replace(scheme="", netloc="").geturl()
        headers = {**(given.get("headers") or {})}
        try:
            answer = await self._http.request(
                method,
                address,
                params=given.get("params"),
                data=given.get("data"),
                headers=headers,
                auth=given.get("auth"),
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable("Twilio cannot be reached.") from error
        except httpx.HTTPError as error:
            raise Uncertain(f"Twilio did not answer ({type(error).__name__}).") from error
        if answer.status_code == 429:
            raise SlowDown(_seconds(answer.headers.get("retry-after")), "429")
        made = Answer(answer.status_code, answer.text, answer.headers)
        if not answer.is_success:  # of a list, the library would keep to itself what is wrong
            raise Version.exception(method, address, made, "Twilio refuses it")
        return made


async def _asked(asking: Any) -> Any:
    """What Twilio answers; its errors as ours."""
    try:
        return await asking
    except TwilioRestException as error:
        raise meant_by(error.status, error.code, error.msg) from error
    except TwilioServiceException as error:
        raise meant_by(error.status, error.code, error.detail or error.title) from error
    except UNREADABLE as error:
        raise Uncertain("Twilio's answer cannot be read.") from error


def meant_by(status: int, code: int | None, message: str) -> ChannelError:
    """Twilio's error as one of ours. After an error of its own a message may have been taken, Twilio says; not if it was
    too busy to begin: https://www.twilio.com/docs/api/errors/20500"""
    known = str(code or status)
    if status == 429 or code in SLOW:
        return SlowDown(1.0, known)
    other = Refused if status < 500 else Unreachable if status == 503 else Uncertain
    kind = ERRORS.get(code or 0, other)
    return kind(message, known)


def _seconds(given: str | None) -> float:
    return min(60.0, float(given)) if given and given.replace(".", "", 1).isdecimal() else 1.0
