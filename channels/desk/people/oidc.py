"""Single sign-on by OpenID Connect: the authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0)."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from redis.asyncio import Redis

KEPT_SECONDS = 600  # for somebody to sign in at the provider
PATIENCE_SECONDS = 10.0
LEEWAY_SECONDS = 60  # by which its clock and ours may differ
ALGORITHMS = ("RS256", "PS256", "ES256")  # never by a shared secret, never none
SCOPE = "openid email profile"
BACK = "/sign-in/oidc/back"


class Refused(Exception):
    """Nobody is signed in; the message is for the record of the desk."""


class Away(Exception):
    """The provider does not answer as one."""


@dataclass(frozen=True, slots=True)
class Registered:
    """How the desk is registered with a provider; `back` is the address it leads to, `name` what people call it."""

    issuer: str
    client_id: str
    client_secret: str
    back: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send a browser, and what it must keep meanwhile."""

    address: str
    browser: str


@dataclass(frozen=True, slots=True)
class Person:
    """`subject` is who it is for good; `email` is None unless the provider has verified it."""

    subject: str
    email: str | None


class Provider:
    """Its description and keys are fetched each time: they change, and people sign in once a day."""

    def __init__(self, registered: Registered, redis: Redis) -> None:
        self._about, self._redis = registered, redis
        self.name = registered.name

    async def begin(self) -> Begun:
        """Raises Away, and what Redis raises."""
        state, browser, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
        async with self._client() as client:
            found = await self._found(client)
            endpoint = found["authorization_endpoint"]
            address, _ = client.create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
        kept = {"nonce": nonce, "verifier": verifier, "browser": _hashed(browser)}
        await self._redis.set(_key(state), json.dumps(kept), ex=KEPT_SECONDS)
        return Begun(address, browser)

    async def finish(self, given: dict[str, str], browser: str) -> Person:
        """Who it is that a browser comes back with; `given` are the parameters it brings. Raises Refused and Away."""
        kept = json.loads(await self._redis.getdel(_key(given.get("state", ""))) or "{}")
        if not kept:
            raise Refused("unknown, late or used state")
        if not hmac.compare_digest(kept["browser"], _hashed(browser)):
            raise Refused("another browser")
        if given.get("iss", self._about.issuer) != self._about.issuer:  # RFC 9207
            raise Refused("another issuer")
        if "code" not in given:
            raise Refused(f"provider said {given.get('error', 'nothing')[:40]}")
        async with self._client() as client:
            found = await self._found(client)
            client.token_endpoint_auth_method = _method(found)
            token = await self._token(client, found["token_endpoint"], given["code"], kept["verifier"])
            claims = self._claims(token, await self._json(client, found["jwks_uri"]), kept["nonce"])
            about = claims if "email" in claims else await self._user(client, found, claims)
        email, verified = about.get("email"), about.get("email_verified")
        known = isinstance(email, str) and (verified is True or verified == "true")
        subject = f"{self._about.issuer} {claims['sub']}"
        return Person(subject, email if known else None)

    def _client(self) -> AsyncOAuth2Client:
        about = self._about
        return AsyncOAuth2Client(
            client_id=about.client_id,
            client_secret=about.client_secret,
            redirect_uri=about.back,
            scope=SCOPE,
            code_challenge_method="S256",
            timeout=PATIENCE_SECONDS,
        )

    async def _found(self, client: AsyncOAuth2Client) -> dict[str, Any]:
        """The provider's description of itself (OpenID Connect Discovery 1.0)."""
        found = await self._json(client, f"{self._about.issuer.rstrip('/')}/.well-known/openid-configuration")
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if found.get("issuer") != self._about.issuer or not all(isinstance(found.get(each), str) for each in needed):
            raise Away("its description is of another issuer, or incomplete")
        return found

    async def _json(self, client: AsyncOAuth2Client, address: str, **more: Any) -> dict[str, Any]:
        try:
            answer = await client.request("GET", address, withhold_token=True, **more)
            answer.raise_for_status()
            return dict(answer.json())
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, TypeError) as error:
            raise Away(type(error).__name__) from error

    async def _token(self, client: AsyncOAuth2Client, endpoint: str, code: str, verifier: str) -> dict[str, Any]:
        try:
            return dict(await client.fetch_token(endpoint, code=code, code_verifier=verifier))
        except AuthlibBaseError as error:
            raise Refused(f"code refused: {error.error}"[:60]) from error
        except (httpx2.HTTPError, ValueError, TypeError) as error:
            raise Away(type(error).__name__) from error

    def _claims(self, token: dict[str, Any], keys: dict[str, Any], nonce: str) -> dict[str, Any]:
        about = self._about
        wanted = {
            "iss": {"essential": True, "value": about.issuer},
            "aud": {"essential": True, "value": about.client_id},
        }
        params = {"nonce": nonce, "client_id": about.client_id, "access_token": token.get("access_token")}
        try:
            signing = [each for each in keys["keys"] if each.get("use", "sig") == "sig"]
            found = jwt.decode(str(token["id_token"]), KeySet.import_key_set({"keys": signing}), list(ALGORITHMS))
            claims = CodeIDToken(found.claims, found.header, wanted, params)
            claims.validate(leeway=LEEWAY_SECONDS)
        except (JoseError, AuthlibBaseError, KeyError, TypeError, ValueError) as error:
            raise Refused(
                f"identity not proven: {getattr(error, 'error', type(error).__name__)}: {error}"[:120]
            ) from error
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise Refused("identity not proven: no subject")
        return dict(claims)

    async def _user(self, client: AsyncOAuth2Client, found: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
        """What the provider tells of somebody beside their identity."""
        endpoint, token = found.get("userinfo_endpoint"), (client.token or {}).get("access_token")
        if not isinstance(endpoint, str) or not token:
            return {}
        about = await self._json(client, endpoint, headers={"Authorization": f"Bearer {token}"})
        if about.get("sub") != claims["sub"]:
            raise Refused("identity not proven: another subject")
        return about


def _method(found: dict[str, Any]) -> str:
    """How the desk proves to the provider who it is."""
    offered = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"


def _key(state: str) -> str:
    return f"desk:oidc:{_hashed(state)}"


def _hashed(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()
