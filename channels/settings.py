"""Every setting of the running service, typed; read from GUICHET_… in the environment or from a .env file."""

import os
import re
import secrets
import socket
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from channels.quiet import hours

SHORTEST_SECRET = 32
FEWEST_DIFFERENT = 8  # characters
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")  # E.164
_SENDER = re.compile(rf"{_NUMBER.pattern}|\d{{3,6}}|MG[0-9a-f]{{32}}")  # or a short code, or a messaging service
PLACEHOLDERS = ("change", "secret", "password", "example", "default", "placeholder")  # of templates and tutorials


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="GUICHET_", env_file=".env", extra="ignore", env_ignore_empty=True)

    home: Path = Field(Path(".guichet"), description="Folder of everything that is made at run time.")
    environment: Literal["development", "production"] = "development"
    secret: SecretStr | None = Field(
        None, description="Key of the hashes that stand for addresses; 32 characters or more."
    )

    public_host: str = "127.0.0.1"
    public_port: int = Field(8000, ge=0, le=65535)
    web_origins: list[str] = Field(["*"], description="Sites whose pages may embed the chat, as origins.")
    messages_per_minute: int = Field(30, ge=1, description="Most messages accepted from one conversation in a minute.")

    messages_per_minute_from_address: int = Field(
        1800,
        ge=1,
        description="Most messages accepted in a minute from one address of the internet, which many may share.",
    )

    desk_host: str = Field("127.0.0.1", description="Interface on which agents reach the desk.")
    desk_port: int = Field(8010, ge=0, le=65535, description="Its port.")
    desk_teams: Path | None = Field(None, description="File of the desk's teams, in place of the bundled one.")
    translation_url: str | None = Field(
        None, description="A service with the interface of LibreTranslate that agents may ask; texts are sent to it."
    )
    translation_key: SecretStr | None = Field(None, description="What it knows us by, if it wants that.")
    desk_url: str | None = Field(None, description="Address at which agents reach the desk, https://www.example.ca.")
    desk_require_codes: Literal["none", "privileged", "all"] = Field(
        "none", description="Who must have one-time codes: nobody, supervisors and administrators, or everybody."
    )
    oidc_issuer: str | None = Field(None, description="Issuer of the provider of single sign-on, for the desk.")
    oidc_client_id: str | None = Field(None, description="What the desk is called there.")
    oidc_client_secret: SecretStr | None = Field(None, description="How it proves there that it is the desk.")
    oidc_name: str | None = Field(None, description="What agents call it: the button says “Sign in with …”.")

    public_url: str | None = Field(
        None, description="Address at which providers reach the public app, https://www.example.ca."
    )
    twilio_account: str | None = Field(
        None, description="Twilio's account SID; with it and the token, SMS and WhatsApp."
    )
    twilio_token: SecretStr | None = Field(
        None, description="Twilio's auth token: it signs, and is checked, both ways."
    )
    twilio_url: str = Field("https://api.twilio.com", description="Twilio's API, or what stands for it.")
    sms_number: str | None = Field(
        None, description="Number that texts come to, +16135550142, or a messaging service's SID."
    )
    sms_segments: int = Field(3, ge=1, le=10, description="Segments that one answer may cost.")
    sms_typography: Literal["exact", "settled", "plain"] = Field(
        "settled",
        description="What is written plainer so that a text costs less: nothing, quotation marks, or accents too.",
    )
    sms_per_second: float = Field(1.0, gt=0, description="Texts that the number may send in a second.")
    sms_stop_by_twilio: bool = Field(True, description="Whether Twilio itself answers STOP, START and HELP.")
    whatsapp_number: str | None = Field(None, description="Number that WhatsApp messages come to, +16135550142.")
    whatsapp_template: str | None = Field(
        None, description="SID of an approved template to send when the 24 hours have passed; else nothing is sent."
    )
    whatsapp_choices: dict[str, str] = Field(
        {}, description="SIDs of content templates with a list of so many choices; others are numbered."
    )
    whatsapp_per_second: float = Field(
        20.0, gt=0, description="WhatsApp messages that the number may send in a second."
    )
    telegram_token: SecretStr | None = Field(None, description="Token of the bot, from @BotFather.")
    telegram_url: str = Field("https://api.telegram.org", description="Telegram's API, or what stands for it.")
    telegram_per_second: float = Field(25.0, gt=0, description="Telegram messages that the bot may send in a second.")
    quiet_hours: str = Field(
        "21:00-08:00", description="When nobody is written to about what they did not just ask for."
    )
    time_zone: str = Field("America/Toronto", description="Time zone of the quiet hours.")

    redis_url: str | None = Field(None, description="Your own Redis; without it one is started from a wheel.")
    database_url: str | None = Field(None, description="Your own PostgreSQL; without it one is started from a wheel.")
    bot_url: str = "http://127.0.0.1:5005"
    actions_url: str = "http://127.0.0.1:5055/webhook"
    bot_host: str = Field("127.0.0.1", description="Interface Rasa listens on: loopback, or a private network's.")
    bot_timeout: float = Field(4.0, gt=0, description="Seconds that the bot may take before knowledge answers alone.")

    model: str | None = Field(None, description="Folder or hub name of another sentence-transformers model.")
    watch: bool = Field(False, description="Whether `guichet up` watches what was indexed, and publishes what changes.")
    watch_minutes: int = Field(15, ge=1, description="Minutes between two readings of a site that is watched.")
    watch_review: bool = Field(False, description="Whether changes that are seen wait for a publisher's word.")
    stale_months: int = Field(12, ge=1, description="Age in months from which on a page is reported as out of date.")
    keep_transcripts_days: int = Field(30, ge=1)
    keep_conversation_hours: int = Field(24, ge=1, description="How long a web conversation can be resumed.")
    concurrent_turns: int = Field(32, ge=1, description="Conversations that one worker answers side by side.")
    worker: str = Field(
        "1", description="Name of this worker among those of the same host; it must stay over a restart."
    )

    @field_validator("web_origins")
    @classmethod
    def _are_origins(cls, given: list[str]) -> list[str]:
        for origin in given:
            parts = urlsplit(origin)
            if origin != "*" and (origin != f"{parts.scheme}://{parts.netloc}" or "*" in origin or not parts.netloc):
                raise ValueError(
                    f"{origin!r} in GUICHET_WEB_ORIGINS is not an origin, so no page would match it. "
                    "Write it as a browser does, without a path or a slash at its end: https://www.example.ca"
                )
        return given

    @model_validator(mode="after")
    def _channels_are_whole(self) -> Self:
        hours(self.quiet_hours, self.time_zone)
        if (self.sms_number or self.whatsapp_number) and not (self.twilio_account and self.twilio_token):
            raise ValueError(
                "SMS and WhatsApp need GUICHET_TWILIO_ACCOUNT and GUICHET_TWILIO_TOKEN: both are on Twilio's console."
            )
        for name, form in (("sms_number", _SENDER), ("whatsapp_number", _NUMBER)):
            number = getattr(self, name)
            if number and not form.fullmatch(number):
                raise ValueError(
                    f"GUICHET_{name.upper()} is {number!r}. Write it with + and the country, as +16135550142."
                )
        if self.public_url and not urlsplit(self.public_url).netloc:
            raise ValueError("GUICHET_PUBLIC_URL is not an address. Write it as https://www.example.ca")
        return self

    @model_validator(mode="after")
    def _desk_is_whole(self) -> Self:
        if self.desk_url and not _is_origin(self.desk_url):
            raise ValueError("GUICHET_DESK_URL is not an origin. Write it without a path: https://www.example.ca")
        if not self.oidc_issuer:
            return self
        if not (self.oidc_client_id and self.oidc_client_secret):
            raise ValueError(
                "Single sign-on needs GUICHET_OIDC_CLIENT_ID and GUICHET_OIDC_CLIENT_SECRET: the provider gives both."
            )
        for name in ("oidc_issuer", "desk_url"):
            given = urlsplit(getattr(self, name) or "")
            if given.netloc and given.scheme != "https" and given.hostname not in ("127.0.0.1", "localhost", "::1"):
                raise ValueError(f"GUICHET_{name.upper()} begins with https:// where there is single sign-on.")
        return self

    @model_validator(mode="after")
    def _safe_outside_development(self) -> Self:
        given = self.secret.get_secret_value() if self.secret else None
        if given is not None and len(given) < SHORTEST_SECRET:
            raise ValueError(
                f"GUICHET_SECRET is shorter than {SHORTEST_SECRET} characters. Make one: openssl rand -hex 32"
            )
        if self.environment == "production":
            if given is None or _easily_guessed(given):
                raise ValueError("GUICHET_SECRET is missing or easily guessed. Make one: openssl rand -hex 32")
            if "*" in self.web_origins:
                raise ValueError(
                    'GUICHET_WEB_ORIGINS allows every site. Name those that embed the chat: ["https://www.example.ca"]'
                )
        return self

    @property
    def desk_address(self) -> str:
        """Where agents reach the desk, without a slash at the end."""
        return (self.desk_url or f"http://127.0.0.1:{self.desk_port}").rstrip("/")

    @property
    def public_address(self) -> str | None:
        """Where citizens reach the public app; on one machine in development, where it listens."""
        here = f"http://{self.public_host}:{self.public_port}" if self.environment == "development" else None
        return self.public_url or here

    @property
    def consumer(self) -> str:
        """This worker's name towards Redis, the same after a restart."""
        return f"{socket.gethostname()}-{self.worker}"

    @cached_property
    def key(self) -> bytes:
        """The secret; in development it is made once and kept in the home folder, readable by its owner only."""
        if self.secret:
            return self.secret.get_secret_value().encode()
        path = self.home / "secret"
        if not path.exists():
            _keep_new_secret(path)
        return path.read_bytes()


def _is_origin(given: str) -> bool:
    parts = urlsplit(given)
    return parts.scheme in ("http", "https") and given.rstrip("/") == f"{parts.scheme}://{parts.netloc}"


def _easily_guessed(secret: str) -> bool:
    return len(set(secret)) < FEWEST_DIFFERENT or any(word in secret.lower() for word in PLACEHOLDERS)


def _keep_new_secret(path: Path) -> None:
    """Write a secret that all processes share, whichever of them comes first: the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as made:  # readable by its owner only
        made.write(secrets.token_hex(32))
        made.flush()
        try:
            os.link(made.name, path)
        except FileExistsError:  # another process was first
            pass
