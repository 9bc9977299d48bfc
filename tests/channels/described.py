"""The OpenAPI description of the public app, with what its routes read by themselves: headers, queries, bodies, pages."""

from typing import Any

from fastapi import FastAPI

Schema = dict[str, Any]
JSON, FORM = "application/json", "application/x-www-form-urlencoded"

TEXT: Schema = {"type": "string", "maxLength": 60}
ID: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_:-]{1,64}$"}
REPLY: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_:/-]{1,80}$"}
CODE: Schema = {"enum": ["en", "fr", "ca-on-toronto", "", None]}
INTEGER: Schema = {"type": "integer"}
DATE: Schema = {"enum": [1_790_000_000, 1_790_000_060, 0, -1, 10**12]}
NUMBER: Schema = {"enum": ["+16135550198", "whatsapp:+16135550198", "", "whatsapp:", "+", "613 555 0198"]}
WEBHOOK: Schema = {"MessageSid": TEXT, "AccountSid": TEXT, "From": NUMBER, "To": NUMBER}


def fields(needs: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(needs)}


CHAT = fields(("id", "type"), id=INTEGER, type={"enum": ["private", "group", "channel"]}, title=TEXT)
USER = fields(
    ("id", "is_bot", "first_name"), id=INTEGER, is_bot={"type": "boolean"}, first_name=TEXT, language_code=TEXT
)
MESSAGE = fields(
    ("message_id", "date", "chat"),
    message_id=INTEGER,
    date=DATE,
    edit_date=DATE,
    chat=CHAT,
    text={"enum": ["/start", "/help@bot now", "/", "hello", "\u202e\u0000", ""]},
    caption=TEXT,
    photo={"type": "array", "items": fields(file_id=TEXT, file_unique_id=TEXT, width=INTEGER, height=INTEGER)},
    location=fields(latitude={"type": "number"}, longitude={"type": "number"}),
    **{"from": USER},
)
TOUCH = fields(
    ("id", "from", "chat_instance"),
    id=TEXT,
    chat_instance=TEXT,
    message=MESSAGE,
    data={"enum": ["choice:m1/1:2", "more:m1/1", "choice:", ":::", "choice:m1/1:\u0663", ""]},
    **{"from": USER},
)
MEMBER = fields(("status", "user"), status={"enum": ["kicked", "member", "left"]}, user=USER, until_date=DATE)
MOVED = fields(
    ("chat", "from", "date", "old_chat_member", "new_chat_member"),
    chat=CHAT,
    date=DATE,
    old_chat_member=MEMBER,
    new_chat_member=MEMBER,
    **{"from": USER},
)
UPDATE = fields(
    ("update_id",),
    update_id=INTEGER,
    message=MESSAGE,
    edited_message=MESSAGE,
    callback_query=TOUCH,
    my_chat_member=MOVED,
)

BODIES: dict[str, Schema] = {
    "/web/conversations": fields(),
    "/web/messages": fields(("id", "text"), id=ID, text=TEXT, language=CODE, page_language=CODE, place=CODE),
    "/web/continue": fields(),
    "/web/typing": fields(),
    "/web/feedback": fields(("reply", "helpful"), reply=REPLY, helpful={"type": "boolean"}),
    "/telegram/updates": UPDATE,
}
FORMS: dict[str, Schema] = {
    "/sms/messages": fields(("Body",), **WEBHOOK, Body=TEXT, NumMedia=TEXT, OptOutType=TEXT),
    "/whatsapp/messages": fields(("Body",), **WEBHOOK, Body=TEXT, NumMedia=TEXT, ListId=TEXT, ButtonPayload=TEXT),
    **dict.fromkeys(
        ("/sms/status", "/whatsapp/status"),
        fields(
            ("MessageStatus",),
            **WEBHOOK,
            MessageStatus={"enum": ["queued", "sent", "delivered", "failed", "undelivered", "read", "lost", ""]},
            ErrorCode={"enum": ["21610", "30005", "", "\u0663"]},
        ),
    ),
    "/chat": fields(("id", "text"), id=ID, text=TEXT, language=TEXT),
    "/chat/continue": fields(language=TEXT),
    "/chat/feedback": fields(("reply", "helpful"), reply=REPLY, helpful={"enum": ["yes", "no"]}, language=TEXT),
}
SOUND: dict[str, Any] = {
    "/web/messages": {"id": "m1", "text": "hello"},
    "/web/feedback": {"reply": "m1/1", "helpful": True},
    "/telegram/updates": {"update_id": 1},
    "/sms/messages": {"MessageSid": "SM1", "Body": "hello"},
    "/whatsapp/messages": {"MessageSid": "SM1", "Body": "hello"},
    "/sms/status": {"MessageSid": "SM2", "MessageStatus": "sent"},
    "/whatsapp/status": {"MessageSid": "SM2", "MessageStatus": "sent"},
    "/chat": {"id": "m2", "text": "hello"},
    "/chat/feedback": {"reply": "m1/1", "helpful": "yes"},
}
"""A body of each path that is taken, where one with nothing in it is not."""

QUERIES = {"/sms/status": ("reply",), "/whatsapp/status": ("reply",), "/chat": ("lang", "rated")}
GUESSED: Schema = {"enum": ["", "0", "A" * 27 + "=", "\u00e9" * 28]}  # as long as a signature, and not
HEADERS: dict[str, Schema] = {
    "Accept-Language": TEXT,
    "Authorization": {"enum": ["Bearer", "Bearer nobody", "Bearer \u00e9", "Basic Zm9v", "", "\u00e9"]},
    "Last-Event-ID": {"enum": ["0-0", "1790000000000-0", "9999999999999999999-9999999999999999999", "-", "", "1-1-1"]},
    "Sec-Fetch-Site": {"enum": ["same-origin", "cross-site", ""]},
    "Origin": TEXT,
    "X-Twilio-Signature": GUESSED,
    "X-Telegram-Bot-Api-Secret-Token": GUESSED,
    "X-Forwarded-For": {"enum": ["192.0.2.1", "2001:db8::1", "nonsense", ""]},
}
ASSET: Schema = {"enum": ["en", "fr", "guichet.css", "guichet-chat.js", "pages.py", "é", "..", "a\u0000"]}
PAGES = {"/": ("get",), "/chat": ("get", "post"), "/chat/continue": ("post",), "/chat/feedback": ("post",)}
PAGES |= {"/{asset}": ("get",)}


def described(app: FastAPI) -> dict[str, Any]:
    """What the app says of itself, and what it does not: each operation with all headers, and a body that is well formed,
    or of another kind."""
    description = app.openapi()
    paths: dict[str, Any] = {path: dict(operations) for path, operations in description["paths"].items()}
    for path, methods in PAGES.items():
        paths[path] = {method: {"responses": {"200": {"description": "a page"}}} for method in methods}
    for path, operations in paths.items():
        for method, operation in operations.items():
            operations[method] = operation | {"parameters": _parameters(path)}
            if method == "post":
                operations[method]["requestBody"] = {"content": _body(path)}
    return description | {"paths": paths}


def _parameters(path: str) -> list[Schema]:
    given = [("header", name, schema) for name, schema in HEADERS.items()]
    given += [("query", name, TEXT) for name in QUERIES.get(path, ())]
    found = [{"in": where, "name": name, "schema": schema} for where, name, schema in given]
    return found + ([{"in": "path", "name": "asset", "required": True, "schema": ASSET}] if "{asset}" in path else [])


def _body(path: str) -> Schema:
    """What is meant for the path; of the other kinds, what a stranger may send."""
    return {
        JSON: {"schema": BODIES.get(path, {})},
        FORM: {"schema": FORMS.get(path, fields(text=TEXT))},
        "application/vnd.any+json": {"schema": {}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    }
