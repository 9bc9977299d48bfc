"""The text of an HTML page's content, section by section under its headings, as plain text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from knowledge.sources import plain
from knowledge.sources.html_main import FRAME, HEADINGS, Content
from knowledge.sources.html_tree import walk
from knowledge.text import fold

_BLOCKS = re.compile(
    "address|article|aside|blockquote|body|caption|center|d[dlt]|details|div|fieldset|fig(?:caption|ure)|footer|form|h[1-6r]|"
    "header|legend|li|main|[ou]l|p|pre|section|summary|table|t(?:body|foot|head|[dhr])"
)
_ENDS_HEADING = frozenset(("p", "ul", "ol", "table", "dl"))  # of a heading that nobody closed
_INDENTED = 4  # levels of lists within lists that text can show
_SPACE = re.compile(r"[ \t\n\r\f]+")
_LEFT_BY_ICON = re.compile(r"(?<=\w)[ \u00a0](?=[.,](?:\s|$))")  # a link's icon stood there
_SAID_BY_FRAMES = re.compile("(?:" + "|".join(line.replace("| ", "|") for line in FRAME["lines"].values()) + r")\s*:?")


@dataclass(frozen=True, slots=True)
class Part:
    """What stands under one heading. `anchor` is the id or name at which the browser finds it."""

    path: tuple[str, ...]
    text: str
    anchor: str | None


def parts(content: Content, title: str) -> list[Part]:
    """The parts that have text, in their order; a heading that repeats the page's title is in no path."""
    writer = _Writer(content, fold(title))
    skipped: set[int] = set(content.out)
    for node, entering in walk(content.root, skipped):
        if node.is_text_node:
            writer.said.append(_SPACE.sub(" ", node.text_content or ""))
        elif node.is_element_node:
            if entering and _aside(node):
                skipped.add(node.mem_id)
            elif entering:
                writer.enter(node)
            elif node.mem_id not in skipped:
                writer.leave(node)
    writer.close()
    return writer.done


def _aside(node: LexborNode) -> bool:
    """A footnote's number, or a list of links into the page itself."""
    if node.tag == "sup":
        return node.css_first("a") is not None
    if node.tag in ("ul", "ol"):
        links = node.css("a")
        if links and all((a.attributes.get("href") or "").startswith("#") for a in links):
            return len("".join(a.text() for a in links)) >= 0.9 * len(node.text().strip())
    return False


@dataclass(slots=True)
class _Item:
    """A list item that is open. `block` is where its text went, None before it has any."""

    mark: str
    block: int | None = None


_ELSEWHERE = -2  # in the section before: what follows is no new item, and no end of the last one


@dataclass(slots=True)
class _Writer:
    """Puts down what the walk passes: `said` is the paragraph that is open, `blocks` the section's, as (kind, text)."""

    content: Content
    title: str
    done: list[Part] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    blocks: list[tuple[str, str]] = field(default_factory=list)
    above: list[tuple[int, str]] = field(default_factory=list)
    anchor: str | None = None
    next_anchor: str | None = None  # the last id passed since there was text: where a heading that follows is found
    heading: int = 0  # the level of the heading that is open, and whether it has an id of its own
    named: bool = False
    lists: list[int | None] = field(default_factory=list)  # the next number, None for bullets
    items: list[_Item] = field(default_factory=list)
    tables: list[bool] = field(default_factory=list)  # whether the table has data, and not layout
    row: list[str] = field(default_factory=list)
    panels: list[tuple[int, list[tuple[int, str]], str | None]] = field(default_factory=list)

    def enter(self, node: LexborNode) -> None:
        tag, about = node.tag or "", node.attributes
        if tag == "br":
            self.said.append("\n")
        if self.heading and tag in _ENDS_HEADING and "".join(self.said).strip():
            self._head(self.heading)
        if not self.heading and _BLOCKS.fullmatch(tag):
            self.paragraph()
        level = _level(tag, about)
        name = about.get("id") or (about.get("name") if tag == "a" else None)
        if name and not self.named:
            self.next_anchor = name
            self._panel(node, name)
        if level and not any(self.tables):
            self.heading, self.named = level, bool(name)
        elif tag == "details":
            self.panels.append((node.mem_id, list(self.above), self.anchor))
        elif tag == "summary" and node.css_first("h1, h2, h3, h4, h5, h6") is None:
            self.heading = self._below()
        elif tag in ("ul", "ol"):
            self.lists.append(_start(about.get("start")) if tag == "ol" else None)
        elif tag == "li":
            number = self.lists[-1] if self.lists else None
            self.items.append(_Item("- " if number is None else f"{number}. "))
            if number is not None:
                self.lists[-1] = number + 1
            if any(self.tables):
                self.said.append(" - ")
        elif tag in ("table", "dl"):
            self.tables.append(_has_data(node))

    def leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if self.heading and (_level(tag, node.attributes) or tag == "summary"):
            self._head(self.heading)
            return
        if not self.heading and _BLOCKS.fullmatch(tag):
            self.paragraph(tag)
        if tag in ("tr", "dd"):
            self._end_row()
        elif tag in ("table", "dl") and self.tables:
            self._end_row()
            self.tables.pop()
        elif tag in ("ul", "ol") and self.lists:
            self.lists.pop()
        elif tag == "li" and self.items:
            self.items.pop()
        if self.panels and self.panels[-1][0] == node.mem_id:
            self._section()
            _, self.above, self.anchor = self.panels.pop()

    def close(self) -> None:
        self.paragraph()
        self._end_row()
        self._section()

    def paragraph(self, of: str = "") -> None:
        """The open paragraph, which is an `of`, is at its end."""
        lines = [_LEFT_BY_ICON.sub("", x) for x in map(plain.line, "".join(self.said).split("\n")) if x]
        self.said.clear()
        if any(self.tables):
            text = " ".join(lines)
            if of == "caption" and text:
                self.blocks.append(("p", text))
            elif of in ("td", "th", "dt", "dd"):
                self.row.append(text)
            elif text:
                self.said.append(text + " ")  # a paragraph inside a cell
            return
        if not lines or (len(lines) == 1 and _SAID_BY_FRAMES.fullmatch(fold(lines[0]))):
            return
        self.next_anchor = None
        if not self.items:
            self.blocks.append(("p", "\n".join(lines)))
            return
        item, text = self.items[-1], " ".join(lines)
        above = sum(i.block not in (None, _ELSEWHERE) for i in self.items[:-1])
        if item.block == _ELSEWHERE:
            self.blocks.append(("p", "\n".join(lines)))
            return
        if item.block is None:
            self.blocks.append(("li", "  " * min(above, _INDENTED) + item.mark + text))
        elif item.block == len(self.blocks) - 1:
            self.blocks[-1] = ("li", f"{self.blocks[-1][1]} {text}")
        else:
            self.blocks.append(("p", text))
        item.block = len(self.blocks) - 1

    def _panel(self, node: LexborNode, name: str) -> None:
        """A panel that opens is a section with its button's words for a heading, if its heading does not say them."""
        said = self.content.titles.get(name)
        if said and not any(self.tables) and (not self.above or fold(self.above[-1][1]) != fold(said)):
            self.paragraph()
            self.panels.append((node.mem_id, list(self.above), self.anchor))
            self.said.append(said)
            self._head(self._below())

    def _below(self) -> int:
        return self.above[-1][0] + 1 if self.above else 2

    def _head(self, level: int) -> None:
        said = plain.line(" ".join("".join(self.said).split("\n")))
        self.said.clear()
        self.heading, self.named = 0, False
        if not said:
            return
        self._section()
        self.above = [entry for entry in self.above if entry[0] < level]
        if fold(said) != self.title and not _SAID_BY_FRAMES.fullmatch(fold(said)):
            self.above.append((level, said))
        self.anchor, self.next_anchor = self.next_anchor, None

    def _end_row(self) -> None:
        row, self.row = self.row, []
        while row and not row[-1]:
            row.pop()
        if any(row):
            self.next_anchor = None
            self.blocks.append(("tr", " | ".join(row)))

    def _section(self) -> None:
        text = "".join(_joined(self.blocks))
        self.blocks.clear()
        for item in self.items:
            item.block = _ELSEWHERE
        if text:
            self.done.append(Part(tuple(heading for _, heading in self.above), text, self.anchor))


def _joined(blocks: list[tuple[str, str]]) -> Iterator[str]:
    before = ""
    for kind, text in blocks:
        if before:
            yield "\n" if kind == before != "p" else "\n\n"
        yield text
        before = kind


def _level(tag: str, about: dict[str, str | None]) -> int:
    if tag in HEADINGS:
        return int(tag[1])
    if about.get("role") == "heading":
        return _start(about.get("aria-level") or "2")
    return 0


def _start(number: str | None) -> int:
    return int(number) if number and number.isascii() and number.isdigit() and len(number) < 5 else 1


def _has_data(table: LexborNode) -> bool:
    """Whether its rows are facts side by side, and not a layout with whole texts in its cells."""
    if table.tag == "dl":
        texts = table.css("dd p, dd ul, dd ol, dd table, dd dl, dd h2, dd h3")
    else:
        texts = table.css("h1, h2, h3, h4, h5, h6, td table, td dl")
    # css() finds the table itself too, where it is in another one
    return all(node.mem_id == table.mem_id for node in texts) and table.attributes.get("role") != "presentation"
