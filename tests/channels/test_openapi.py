"""Whatever is sent to the public app, by strangers or by those with proof, is never answered with an error of its own."""

import hashlib
import hmac
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from redis.asyncio import Redis
from schemathesis import APIOperation, Case, GenerationMode
from twilio.request_validator import RequestValidator

from channels.app import public_app
from channels.settings import Settings
from channels.web import pages
from channels.web.guard import HEADERS
from machine.ports import free_port
from machine.servers import EmbeddedRedis
from tests.channels.described import BODIES, FORM, FORMS, JSON, SOUND, described

MOST = 30  # requests with proof, and as many without, to each operation
ACCOUNT, TOKEN, NUMBER = f"AC{1:032}", "a token of nobody", "+16135550142"
PATIENCE_SECONDS = 10


def all_channels(redis_url: str = "redis://127.0.0.1:1/0", **about: Any) -> Settings:
    return Settings(
        _env_file=None,
        redis_url=redis_url,
        secret=SecretStr("0123456789abcdef" * 2),
        twilio_account=ACCOUNT,
        twilio_token=SecretStr(TOKEN),
        sms_number=NUMBER,
        whatsapp_number=NUMBER,
        telegram_token=SecretStr("1:of-nobody"),
        messages_per_minute=1_000_000,
        messages_per_minute_from_address=1_000_000,
        **about,
    )


API = schemathesis.openapi.from_dict(described(public_app(all_channels())))
OPERATIONS = {each.ok().label: each.ok() for each in API.get_all_operations()}  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def address(redis_server: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the public app runs, with all channels, in a thread of its own; nobody answers what it takes."""
    port = free_port(0)
    app = public_app(all_channels(redis_server.url, home=tmp_path_factory.mktemp("home"), public_port=port))
    config = uvicorn.Config(app, port=port, log_level="critical", loop="asyncio", timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pages, "REPLY_WAIT_SECONDS", 0.01)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join(10)


class Asking:
    """Sends cases to the app, as they are or with the proof that makes it read them."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.token = requests.post(f"{address}/web/conversations", timeout=PATIENCE_SECONDS).json()["conversation"]
        self.secret = hmac.new(all_channels().key, b"telegram webhook", hashlib.sha256).hexdigest()

    def send(self, case: Case[Any], proven: bool) -> requests.Response:
        request = case.as_transport_kwargs(base_url=self.address)
        if proven:
            self.prove(case.path, request)
        return requests.request(**request, stream=True, timeout=PATIENCE_SECONDS, allow_redirects=False)

    def prove(self, path: str, request: dict[str, Any]) -> None:
        """A conversation's token, Telegram's secret, our own page or Twilio's signature: what the path asks for."""
        proof = {"Authorization": f"Bearer {self.token}", "X-Telegram-Bot-Api-Secret-Token": self.secret}
        request["headers"].pop("Sec-Fetch-Site", None)
        request["cookies"] = {"guichet": self.token}
        channel = path.split("/")[1]
        if channel in ("sms", "whatsapp"):
            form = to_us(channel, path, request.get("data"))
            address = requests.Request("POST", request["url"], params=request.get("params")).prepare().url or ""
            proof["X-Twilio-Signature"] = RequestValidator(TOKEN).compute_signature(address, form)
            proof["Content-Type"] = "application/x-www-form-urlencoded"
            request["data"] = urlencode(form)
            request.pop("json", None)
        request["headers"].update(proof)


def to_us(channel: str, path: str, given: Any) -> dict[str, str]:
    """What was to be sent, as a form for our own account and number."""
    found = given if isinstance(given, dict) else dict(parse_qsl(given)) if isinstance(given, str) else {}
    form = {str(name): str(value) for name, value in found.items()}
    mark = "whatsapp:" if channel == "whatsapp" else ""
    ours, theirs = ("From", "To") if path.endswith("status") else ("To", "From")
    return form | {"AccountSid": ACCOUNT, ours: mark + NUMBER, theirs: form.get(theirs) or f"{mark}+16135550198"}


def cases(operation: APIOperation[Any, Any, Any, Any]) -> st.SearchStrategy[Case[Any]]:
    """What is well formed and what is not, of every kind of body; and of the kind that is meant, what is well formed."""
    kinds = [operation.as_strategy(mode) for mode in GenerationMode]
    if operation.method == "post":
        kinds.append(operation.as_strategy(media_type=meant(operation)))
    return st.one_of(kinds)


def meant(operation: APIOperation[Any, Any, Any, Any]) -> str:
    return FORM if operation.path in FORMS else JSON


@pytest.mark.parametrize("proven", [False, True], ids=["stranger", "proven"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_no_request_breaks_it(label: str, proven: bool, address: str, redis: Redis) -> None:
    asking = Asking(address)

    @settings(
        max_examples=MOST,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(OPERATIONS[label]))
    def ask(case: Case[Any]) -> None:
        with asking.send(case, proven) as answer:
            assert answer.status_code < 500, (answer.status_code, case.as_curl_command())
            assert answer.headers["X-Content-Type-Options"] == HEADERS["X-Content-Type-Options"], "the guard is there"
            if answer.headers.get("Content-Type", "").startswith("text/event-stream"):
                assert next(answer.iter_content(None)) == b"retry: 1000\n\n"
            elif label.partition("/")[2].startswith("web/") and answer.status_code >= 400:
                assert answer.json().keys() == {"error", "message"}, "a “no” never looks like a crash"

    ask()


@pytest.mark.parametrize("label", OPERATIONS)
def test_proof_is_taken(label: str, address: str, redis: Redis) -> None:
    """Else all that was sent with it was only refused, and nothing read."""
    operation = OPERATIONS[label]
    taken = {"body": SOUND.get(operation.path, {}), "media_type": meant(operation)}
    place = {"asset": "en"} if "{asset}" in operation.path else {}
    sound = operation.Case(path_parameters=place, **(taken if operation.method == "post" else {}))
    with Asking(address).send(sound, proven=True) as answer:
        assert answer.status_code < 400


def test_every_body_that_is_taken_is_described() -> None:
    """A new channel says here what it reads, or nothing but noise would be sent to it."""
    posts = {label.removeprefix("POST ") for label in OPERATIONS if label.startswith("POST ")}
    assert posts == BODIES.keys() | FORMS.keys()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_no_method_breaks_it(method: str, address: str) -> None:
    for path in {label.partition(" ")[2] for label in OPERATIONS} | {
        "/openapi.json",
        "/nowhere/at/all",
        "/%00",
        "/%ff",
    }:
        with requests.request(method, address + path, stream=True, timeout=PATIENCE_SECONDS) as answer:
            assert answer.status_code < 500, (method, path)
