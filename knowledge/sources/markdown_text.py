"""The text of a Markdown page, part by part under its headings, as plain text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from knowledge.sources import plain
from knowledge.text import fold

_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_ANCHOR = re.compile(r"\s*\{#([^\s{}]+)\}\s*$")


@dataclass(frozen=True, slots=True)
class Part:
    """What stands under one heading. `link` is where the heading points, `anchor` the name it is given by {#name}."""

    path: tuple[str, ...]
    text: str
    link: str | None = None
    anchor: str | None = None


def parts(body: str, title: str = "") -> Iterator[Part]:
    """The parts in their order, also those without text. A heading that repeats the page's title is in no path."""
    above: list[tuple[int, str]] = []
    link = anchor = None
    blocks: list[str] = []
    for node in SyntaxTreeNode(_MARKDOWN.parse(body)).children:
        if node.type != "heading":
            blocks.append(_block(node))
            continue
        yield Part(_path(above), _text(blocks), link, anchor)
        blocks = []
        level, said = int(node.tag[1]), _inline(node)
        named = _ANCHOR.search(said)
        said, anchor = (said[: named.start()], named[1]) if named else (said, None)
        link = next((str(n.attrs["href"]) for n in node.walk() if n.type == "link" and n.attrs.get("href")), None)
        above = [entry for entry in above if entry[0] < level]
        if said and not (level == 1 and fold(said) == fold(title)):
            above.append((level, said))
    yield Part(_path(above), _text(blocks), link, anchor)


def _path(above: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(heading for _, heading in above)


def _text(blocks: Sequence[str]) -> str:
    return "\n\n".join(block for block in blocks if block)


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "paragraph" | "heading":
            return _inline(node)
        case "bullet_list" | "ordered_list":
            return "\n".join(_items(node, ""))
        case "table":
            return "\n".join(_rows(node))
        case "fence" | "code_block":
            return "\n".join(plain.line(x) for x in node.content.splitlines() if x.strip())
        case "hr" | "html_block":  # a comment to the page's authors, or layout
            return ""
    return _text([_block(child) for child in node.children])


def _items(node: SyntaxTreeNode, indent: str) -> Iterator[str]:
    number = int(node.attrs.get("start", 1))
    for offset, item in enumerate(node.children):
        mark = "- " if node.type == "bullet_list" else f"{number + offset}. "
        inner = [child for child in item.children if child.type.endswith("_list")]
        said = " ".join(_block(child) for child in item.children if child not in inner).strip()
        if said:
            yield indent + mark + said
        for child in inner:
            yield from _items(child, indent + "  " if said else indent)


def _rows(node: SyntaxTreeNode) -> Iterator[str]:
    for row in (n for n in node.walk() if n.type == "tr"):
        yield " | ".join(_inline(cell) for cell in row.children)


def _inline(node: SyntaxTreeNode) -> str:
    pieces = []
    for inner in node.walk():
        match inner.type:
            case "text" | "code_inline":
                pieces.append(inner.content)
            case "softbreak":
                pieces.append(" ")
            case "hardbreak":
                pieces.append("\n")
    return "\n".join(plain.line(x) for x in "".join(pieces).split("\n")).strip()
