"""Single sign-on against a real provider on loopback: who has an account comes in; whatever is not proven is refused."""

import asyncio
import base64
import json
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import RSAKey
from redis.asyncio import Redis
from sqlalchemy import select, update

from channels.desk.people.accounts import Agent
from channels.desk.people.factors import Factors
from channels.desk.people.invitations import Invitations
from channels.desk.people.limits import Limits
from channels.desk.people.oidc import BACK, Provider, Registered
from channels.desk.routes.access import COOKIE
from channels.desk.routes.signing import LEAVING, signing
from channels.tables import agents, audit
from tests.channels.desk.conftest import PASSWORD, Stage
from tests.channels.desk.people.provider import CLIENT, CLIENT_SECRET, FakeProvider
from tests.channels.web.running import running

DESK = "http://desk.example"
CLAIMS = (
    "wrong audience",
    "of another app for us",
    "expired",
    "wrong nonce",
    "no nonce",
    "wrong issuer",
    "no subject",
    "of tomorrow",
)


@pytest.fixture(scope="module")
def served() -> Iterator[FakeProvider]:
    with running(FakeProvider()) as fake:
        yield fake


@pytest.fixture
def fake(served: FakeProvider) -> FakeProvider:
    """As new: nobody's provider lies from one test to the next."""
    vars(served).update(vars(FakeProvider(origin=served.origin, own=served.own)))
    served.subject = secrets.token_hex(4)
    return served


@pytest.fixture
async def desk(stage: Stage, fake: FakeProvider, redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    about = Registered(fake.origin, CLIENT, CLIENT_SECRET, DESK + BACK, "Town <ID>")
    accounts, app = stage.accounts, FastAPI()
    parts = (accounts, Factors(accounts), Invitations(accounts), Limits(redis), Provider(about, redis))
    app.include_router(signing(*parts, secure=False))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=DESK) as http:
        yield http


async def leave(desk: httpx.AsyncClient) -> str:
    """To the provider, which leads back at once: the address it leads to."""
    left = await desk.get("/sign-in/oidc")
    assert left.status_code == 303
    cookie = left.headers["set-cookie"].lower()
    assert "samesite=lax" in cookie and "httponly" in cookie and "max-age=600" in cookie
    async with httpx.AsyncClient() as browser:
        return str((await browser.get(left.headers["location"])).headers["location"])


async def come_back(desk: httpx.AsyncClient) -> httpx.Response:
    return await desk.get(await leave(desk))


async def known(stage: Stage, fake: FakeProvider) -> Agent:
    agent = await stage.agent()
    fake.email = agent.email.upper()
    return agent


async def in_by(stage: Stage, answer: httpx.Response) -> Agent | None:
    """Who is signed in by an answer."""
    cookie = answer.cookies.get(COOKIE)
    return await stage.accounts.who(cookie) if cookie else None


async def refusal(stage: Stage) -> Any:
    """What the trail says of the last refusal."""
    wanted = select(audit.c.about).where(audit.c.did == "sign-in refused").order_by(audit.c.id.desc()).limit(1)
    async with stage.engine.connect() as connection:
        return (await connection.execute(wanted)).scalar_one()


async def test_who_has_an_account_comes_in(stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider) -> None:
    agent = await known(stage, fake)
    answer = await come_back(desk)
    assert answer.status_code == 200 and 'content="0;url=/"' in answer.text, "a page of ours, which goes on"
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    assert await in_by(stage, answer) == agent
    asked = parse_qs(urlsplit((await desk.get("/sign-in/oidc")).headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == [DESK + BACK] and asked["scope"] == ["openid email profile"]
    assert fake.asked[0]["code_verifier"] and "code_verifier" not in asked


async def test_from_then_on_the_subject_counts_not_the_address(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider
) -> None:
    agent = await known(stage, fake)
    await come_back(desk)
    fake.email, fake.verified = "another@town.example", False
    assert await in_by(stage, await come_back(desk)) == agent
    other = await stage.agent()
    fake.email, fake.verified = other.email, True
    assert await in_by(stage, await come_back(desk)) == agent, "whatever address it is"
    fake.email, fake.verified, fake.subject = agent.email, True, "somebody else"
    assert await in_by(stage, await come_back(desk)) is None, "the address has been given to somebody else"
    assert (await refusal(stage))["why"] == "no account"


async def test_the_provider_may_tell_the_address_apart(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider
) -> None:
    agent = await known(stage, fake)
    fake.claims = {"email": None, "email_verified": None}
    fake.user = {"email": agent.email, "email_verified": True}
    assert await in_by(stage, await come_back(desk)) == agent


async def test_who_the_provider_tells_of_must_be_the_same(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider
) -> None:
    agent = await known(stage, fake)
    fake.claims = {"email": None}
    fake.user = {"sub": "somebody else", "email": agent.email, "email_verified": True}
    assert await in_by(stage, await come_back(desk)) is None
    assert "another subject" in (await refusal(stage))["why"]


async def test_a_provider_that_wants_the_secret_in_the_form_gets_it_there(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider
) -> None:
    agent, fake.post_only = await known(stage, fake), True
    assert await in_by(stage, await come_back(desk)) == agent


async def test_codes_and_other_passwords_are_the_providers_business(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider
) -> None:
    agent = await known(stage, fake)
    await stage.accounts.set_password(agent.email, PASSWORD)
    async with stage.engine.begin() as connection:
        await connection.execute(update(agents).where(agents.c.id == agent.id).values(totp="sealed"))
    assert await in_by(stage, await come_back(desk)) == agent


@pytest.mark.parametrize("verified", [False, None, "false", 1, "yes"])
async def test_an_address_that_is_not_verified_binds_nobody(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider, verified: Any
) -> None:
    await known(stage, fake)
    fake.verified = verified
    answer = await come_back(desk)
    assert answer.headers["location"] == "/sign-in?stranger#stranger"
    assert (await refusal(stage))["why"] == "no account"


@pytest.mark.parametrize("closed", [True, False])
async def test_nobody_gets_an_account_by_having_one_elsewhere(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider, closed: bool
) -> None:
    fake.email = "stranger@town.example"
    if closed:
        agent = await known(stage, fake)
        await come_back(desk)
        async with stage.engine.begin() as connection:
            await connection.execute(update(agents).where(agents.c.id == agent.id).values(active=False))
    answer = await come_back(desk)
    assert answer.headers["location"] == "/sign-in?stranger#stranger" and not answer.cookies.get(COOKIE)
    assert (await refusal(stage)) == {
        "by": "single sign-on",
        "why": "no account",
        "subject": f"{fake.origin} {fake.subject}",
        "email": fake.email,
    }


@pytest.mark.parametrize("what", CLAIMS)
async def test_an_identity_that_is_not_for_us_now_is_refused(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider, what: str
) -> None:
    await known(stage, fake)
    now = int(time.time())
    fake.claims = {
        "wrong audience": {"aud": "another app"},
        "of another app for us": {"aud": "another app", "azp": CLIENT},
        "expired": {"exp": now - 120, "iat": now - 400},
        "wrong nonce": {"nonce": "of another browser"},
        "no nonce": {"nonce": None},
        "wrong issuer": {"iss": "https://issuer.example"},
        "no subject": {"sub": None},
        "of tomorrow": {"iat": now + 86_400, "exp": now + 90_000},
    }[what]
    answer = await come_back(desk)
    assert answer.headers["location"] == "/sign-in?refused#refused" and not answer.cookies.get(COOKIE)
    assert (await refusal(stage))["why"].startswith("identity not proven")


def tampered(token: str) -> str:
    """With another subject, and the signature of the first."""
    header, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "==")) | {"sub": "somebody else"}
    return f"{header}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.{signature}"


@pytest.mark.parametrize("how", ["tampered", "another key", "none", "HS256", "no signature", "nonsense"])
async def test_a_signature_that_is_not_the_providers_is_refused(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider, how: str
) -> None:
    await known(stage, fake)
    if how == "another key":
        fake.key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
    elif how in ("none", "HS256"):
        fake.algorithm = how
    else:
        change = {"tampered": tampered, "no signature": lambda token: token.rpartition(".")[0] + "."}
        fake.alter = change.get(how, lambda token: "nonsense")
    answer = await come_back(desk)
    assert answer.headers["location"] == "/sign-in?refused#refused" and not answer.cookies.get(COOKIE)
    assert (await refusal(stage))["why"].startswith("identity not proven")


async def test_a_state_is_good_once_for_the_browser_that_left_with_it(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider, redis: Redis
) -> None:
    agent = await known(stage, fake)
    back, mine = await leave(desk), desk.cookies[LEAVING]
    desk.cookies.clear()
    stolen = await desk.get(back)
    assert stolen.headers["location"] == "/sign-in?refused#refused"
    assert (await refusal(stage))["why"] == "another browser"
    for cookie in (mine, "another"):
        replayed = await desk.get(back, headers={"Cookie": f"{LEAVING}={cookie}"})
        assert replayed.headers["location"] == "/sign-in?refused#refused", "whoever tried it first used it up"
        assert (await refusal(stage))["why"] == "unknown, late or used state"
    late = await leave(desk)
    for key in await redis.keys("desk:oidc:*"):
        assert 590 < await redis.ttl(key) <= 600
        await redis.delete(key)
    assert (await desk.get(late)).headers["location"] == "/sign-in?refused#refused"
    assert (await desk.get(BACK)).headers["location"] == "/sign-in?refused#refused"
    assert (await desk.get(f"{BACK}?state=é&code=x")).headers["location"] == "/sign-in?refused#refused"
    assert await in_by(stage, await come_back(desk)) == agent, "and the next time it works"


async def test_one_return_of_many_at_once_is_taken(stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider) -> None:
    await known(stage, fake)
    back = await leave(desk)
    mine = {"Cookie": f"{LEAVING}={desk.cookies[LEAVING]}"}
    answers = await asyncio.gather(*(desk.get(back, headers=mine) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 303, 303, 303, 303]


async def test_another_issuer_that_leads_back_is_refused(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider
) -> None:
    await known(stage, fake)
    back = (await leave(desk)).replace("iss=http", "iss=https")
    assert (await desk.get(back)).headers["location"] == "/sign-in?refused#refused"
    assert (await refusal(stage))["why"] == "another issuer"


async def test_who_changes_their_mind_is_not_signed_in(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider
) -> None:
    fake.error = "access_denied"
    assert (await come_back(desk)).headers["location"] == "/sign-in?refused#refused"
    assert (await refusal(stage))["why"] == "provider said access_denied"


async def test_a_provider_that_does_not_answer_as_one_is_away(
    stage: Stage, desk: httpx.AsyncClient, fake: FakeProvider
) -> None:
    await known(stage, fake)
    fake.answers = 400
    assert (await come_back(desk)).headers["location"] == "/sign-in?refused#refused"
    assert "invalid_grant" in (await refusal(stage))["why"]
    fake.answers = 503
    assert (await come_back(desk)).headers["location"] in ("/sign-in?away#away", "/sign-in?refused#refused")
    fake.issuer = "https://issuer.example"
    assert (await desk.get("/sign-in/oidc")).headers["location"] == "/sign-in?away#away"
    assert (await refusal(stage))["why"].startswith("away")


async def test_a_provider_that_is_not_there_is_away(stage: Stage, redis: Redis) -> None:
    about = Registered("http://127.0.0.1:9", CLIENT, CLIENT_SECRET, DESK + BACK)
    accounts, app = stage.accounts, FastAPI()
    parts = (accounts, Factors(accounts), Invitations(accounts), Limits(redis), Provider(about, redis))
    app.include_router(signing(*parts, secure=True))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=DESK) as http:
        assert (await http.get("/sign-in/oidc")).headers["location"] == "/sign-in?away#away"
        assert "with your organization’s account" in (await http.get("/sign-in")).text


async def test_the_button_is_there_where_there_is_a_provider(
    stage: Stage, desk: httpx.AsyncClient, redis: Redis
) -> None:
    shown = (await desk.get("/sign-in")).text
    assert "Sign in with Town &lt;ID&gt;" in shown and "Se connecter avec Town &lt;ID&gt;" in shown
    accounts, app = stage.accounts, FastAPI()
    app.include_router(signing(accounts, Factors(accounts), Invitations(accounts), Limits(redis), None, secure=False))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=DESK) as http:
        assert "/sign-in/oidc" not in (await http.get("/sign-in")).text
        assert (await http.get("/sign-in/oidc")).status_code == 404
