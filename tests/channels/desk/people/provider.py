"""A small provider of OpenID Connect, on loopback, that signs by RS256 and lies when a test asks for it."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, CLIENT_SECRET = "guichet-desk", "what the provider gave"


@dataclass
class FakeProvider:
    """`claims` replace those of the id_token (None leaves one out), `user` is what the userinfo endpoint says.

    `alter` is done to the finished id_token; `algorithm` "none" or "HS256" are attacks, `key` signs in place of the own one;
    `answers` is the status of the token endpoint, `asks` whether somebody has to press something. `asked` has what the
    desk sent to it.
    """

    origin: str = ""
    subject: str = "p-1"
    email: str = ""
    verified: Any = True
    claims: dict[str, Any] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)
    issuer: str | None = None
    algorithm: str = "RS256"
    alter: Any = None
    error: str | None = None
    answers: int = 200
    key: RSAKey | None = None
    own: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    post_only: bool = False
    asks: bool = False

    def cut(self) -> None: ...

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def description() -> dict[str, Any]:
            about: dict[str, Any] = {"issuer": self.issuer or self.origin}
            ends = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
            about |= {f"{name}_endpoint": f"{self.origin}/{path}" for name, path in ends.items()}
            methods = ["client_secret_post"] if self.post_only else ["client_secret_basic", "client_secret_post"]
            return about | {"jwks_uri": f"{self.origin}/jwks", "token_endpoint_auth_methods_supported": methods}

        @app.get("/authorize")
        async def authorize(request: Request) -> Response:
            given = dict(request.query_params)
            back = {"state": given["state"], "iss": self.origin}
            if self.error:
                return RedirectResponse(f"{given['redirect_uri']}?{urlencode(back | {'error': self.error})}")
            code = secrets.token_hex(8)
            self.codes[code] = given
            way = f"{given['redirect_uri']}?{urlencode(back | {'code': code})}"
            return HTMLResponse(f'<a href="{escape(way)}">It is me</a>') if self.asks else RedirectResponse(way)

        @app.post("/token")
        async def token(request: Request) -> Response:
            given = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
            self.asked.append(given | {"authorization": request.headers.get("authorization", "")})
            begun = self.codes.pop(given.get("code", ""), None)
            basic = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
            by_form = (given.get("client_id"), given.get("client_secret")) == (CLIENT, CLIENT_SECRET)
            known = by_form if self.post_only else self.asked[-1]["authorization"] == f"Basic {basic}"
            challenge = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
            proven = begun and encoded(challenge) == begun["code_challenge"]
            if self.answers != 200 or not (known and begun and proven and begun["code_challenge_method"] == "S256"):
                status = self.answers if self.answers != 200 else 400
                return JSONResponse({"error": "invalid_grant"}, status)
            return JSONResponse({"access_token": "t", "token_type": "Bearer", "id_token": self._id_token(begun)})

        @app.get("/jwks")
        async def keys() -> dict[str, Any]:
            return {"keys": [self.own.as_dict(private=False)]}

        @app.get("/userinfo")
        async def userinfo(request: Request) -> Response:
            known = request.headers.get("authorization") == "Bearer t"
            return JSONResponse({"sub": self.subject, **self.user} if known else {}, 200 if known else 401)

        return app

    def _id_token(self, begun: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.origin, "sub": self.subject, "aud": CLIENT, "exp": now + 300, "iat": now}
        claims |= {"nonce": begun["nonce"], "email": self.email, "email_verified": self.verified, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.algorithm in ("none", "HS256"):
            parts = ({"alg": self.algorithm, "kid": "k1"}, claims)
            made = ".".join(map(encoded, (json.dumps(each).encode() for each in parts))) + "."
            if self.algorithm == "HS256":  # by the public key, which everybody has
                public = self.own.as_pem(private=False)
                made += encoded(hmac.digest(public, made[:-1].encode(), "sha256"))
        else:
            made = jwt.encode({"alg": self.algorithm, "kid": "k1"}, claims, self.key or self.own)
        return self.alter(made) if self.alter else made


def encoded(given: bytes) -> str:
    return base64.urlsafe_b64encode(given).decode().rstrip("=")
