"""A reply in Telegram's HTML, cut where it is too long, and the buttons under it."""

from html import escape

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from channels.channel import Quote, Reply
from channels.sms.cutting import cut
from channels.sms.render import cited
from channels.texts import texts

LONGEST = 3500  # characters of what is said: 4096 with its marks, https://core.telegram.org/bots/api#sendmessage
LONGEST_DATA = 64  # bytes that a button carries


def render(reply: Reply) -> tuple[str, str]:
    """The reply in Telegram's HTML, and what is left for want of room."""
    text, rest = cut(reply.text, lambda part: len(part) <= LONGEST)
    parts = [escape(text, quote=False), *(_quoted(quote, reply.language) for quote in reply.quotes)]
    links = [f"• {_link(link.title, link.url)} – {escape(link.publisher, quote=False)}" for link in reply.links]
    if links:
        parts.append("\n".join([texts(reply.language)["see_also"], *links]))
    return "\n\n".join(part for part in parts if part), rest


def keyboard(reply: Reply, rest: str) -> InlineKeyboardMarkup | None:
    """A button for each choice, and one for what is left."""
    buttons = [
        (choice.label, f"choice:{reply.id}:{number}") for number, choice in enumerate(reply.choices, start=1)
    ] + ([(texts(reply.language)["more_button"], f"more:{reply.id}")] if rest else [])
    fitting = [(label, data) for label, data in buttons if len(data.encode()) <= LONGEST_DATA]
    rows = [[InlineKeyboardButton(label, callback_data=data)] for label, data in fitting]
    return InlineKeyboardMarkup(rows) if rows else None


def _quoted(quote: Quote, language: str) -> str:
    title = " › ".join(part for part in (quote.title, quote.section) if part)
    publisher = cited(quote, language).partition("\n")[0]
    block = f"<blockquote>{escape(quote.text, quote=False)}</blockquote>"
    return "\n".join([block, _link(title, quote.url), escape(publisher, quote=False)])


def _link(title: str, url: str | None) -> str:
    return (
        f'<a href="{escape(url)}">{escape(title, quote=False)}</a>' if url else f"<b>{escape(title, quote=False)}</b>"
    )
