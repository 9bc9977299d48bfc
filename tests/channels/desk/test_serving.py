"""The desk as it is served: settings decide on single sign-on, on codes, and on how the cookie travels."""

import secrets
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from channels.desk.people.oidc import BACK
from channels.desk.routes.access import COOKIE
from channels.desk.serving import served
from channels.settings import Settings
from machine.servers import EmbeddedRedis
from tests.channels.desk.conftest import PASSWORD, SECRET, Stage
from tests.channels.desk.people.provider import CLIENT, CLIENT_SECRET, FakeProvider
from tests.channels.web.running import running

OIDC = {"oidc_client_id": CLIENT, "oidc_client_secret": CLIENT_SECRET}


async def test_a_provider_that_is_set_is_used(
    stage: Stage, database_url: str, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    with running(FakeProvider()) as fake:
        about: dict[str, Any] = {
            "oidc_issuer": fake.origin,
            "oidc_name": "Town ID",
            **OIDC,
            "desk_url": "https://d.example/",
        }
        where = {
            "home": tmp_path,
            "secret": SECRET.decode(),
            "database_url": database_url,
            "redis_url": redis_server.url,
        }
        app = served(Settings(_env_file=None, desk_require_codes="all", **where, **about))  # type: ignore[arg-type,call-arg]
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.example") as http:
            assert "Town ID" in (await http.get("/sign-in")).text
            left = httpx.URL((await http.get("/sign-in/oidc")).headers["location"])
            assert left.params["redirect_uri"] == "https://d.example" + BACK and left.params["client_id"] == CLIENT
            agent = await stage.agent()
            form = {"email": agent.email, "password": PASSWORD}
            assert (await http.post("/sign-in", data=form)).headers["location"] == "/"
            assert (await http.get("/")).headers["location"] == "/enrol"


@pytest.mark.parametrize("environment", ["production", "development"])
async def test_the_cookie_goes_by_https_only_in_production(
    stage: Stage, database_url: str, redis_server: EmbeddedRedis, tmp_path: Path, environment: str
) -> None:
    where = {
        "home": tmp_path,
        "secret": secrets.token_hex(32),
        "database_url": database_url,
        "redis_url": redis_server.url,
    }
    settings = Settings(_env_file=None, environment=environment, web_origins=["https://a.example"], **where)  # type: ignore[arg-type,call-arg]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served(settings)), base_url="https://d.example") as http:
        form = {"email": (await stage.agent()).email, "password": PASSWORD}
        given = (await http.post("/sign-in", data=form)).headers["set-cookie"].lower()
        assert COOKIE in given and ("secure" in given) == (environment == "production")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"oidc_issuer": "https://id.example"}, "GUICHET_OIDC_CLIENT_ID"),
        ({"oidc_issuer": "http://id.example", **OIDC}, "GUICHET_OIDC_ISSUER begins with https://"),
        ({"oidc_issuer": "https://id.example", "desk_url": "http://desk.example", **OIDC}, "GUICHET_DESK_URL begins"),
        ({"desk_url": "desk.example"}, "GUICHET_DESK_URL is not an origin"),
        ({"desk_url": "https://desk.example/desk"}, "GUICHET_DESK_URL is not an origin"),
        ({"desk_require_codes": "some"}, "'none', 'privileged' or 'all'"),
    ],
)
def test_settings_that_cannot_be_are_said(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as error:
        Settings(_env_file=None, **given)
    assert says in str(error.value)


def test_the_desk_is_where_it_listens_unless_told() -> None:
    assert Settings(_env_file=None, desk_port=8123).desk_address == "http://127.0.0.1:8123"
    assert Settings(_env_file=None, desk_url="https://desk.example/").desk_address == "https://desk.example"
