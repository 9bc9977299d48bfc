"""Settings for telephones: every channel is on, with an account and numbers of nobody, and providers on this machine."""

import secrets

from pydantic import SecretStr

from channels.settings import Settings
from machine.home import CannotStart
from machine.ports import free_port

PORT = 8090
NAMES = (
    "public_url",
    "twilio_account",
    "twilio_token",
    "twilio_url",
    "sms_number",
    "sms_per_second",
    "whatsapp_number",
    "telegram_token",
    "telegram_url",
)


def with_telephones(settings: Settings) -> Settings:
    """The settings with all channels on. Numbers are those that North America keeps for fiction.

    Raises CannotStart in production, where no provider is to be played.
    """
    if settings.environment == "production":
        raise CannotStart("Telephones are for development only. Leave out --dev, or GUICHET_ENVIRONMENT=production.")
    port = settings.public_port or free_port(8000)
    providers = f"http://127.0.0.1:{free_port(PORT)}"
    made: dict[str, object] = {
        "public_port": port,
        "public_url": f"http://127.0.0.1:{port}",
        "twilio_account": "AC" + "0" * 32,
        "twilio_token": SecretStr(secrets.token_hex(16)),
        "twilio_url": providers,
        "sms_number": "+16135550100",
        "sms_per_second": 20.0,
        "whatsapp_number": "+16135550101",
        "telegram_token": SecretStr(f"1:{secrets.token_hex(16)}"),
        "telegram_url": providers,
    }
    return settings.model_copy(update=made)


def telephones(settings: Settings) -> dict[str, str]:
    """What of the channels' settings must be told to processes that are started, as text."""
    given = {name: getattr(settings, name) for name in NAMES}
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in given.items()
        if value is not None
    }
