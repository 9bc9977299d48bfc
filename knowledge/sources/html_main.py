"""The part of an HTML page that is its content: found by landmarks, or where the running text is."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledge.sources import plain
from knowledge.sources.html_tree import walk
from knowledge.text import fold

FRAME = yaml.safe_load(Path(__file__).with_name("html_frame.yml").read_text(encoding="utf-8"))
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))

_OUT, _ROLES, _UNSEEN, _CONTENT = (frozenset(FRAME[k].split()) for k in ("elements", "roles", "unseen", "content"))
_ANYWHERE = re.compile("|".join(FRAME["anywhere"].split()), re.IGNORECASE)
_WHOLE = re.compile("|".join(FRAME["whole"].split()), re.IGNORECASE)
_OPENERS = frozenset(word for words in FRAME["openers"].values() for word in words.split())
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_MOST = 0.3  # of the running text: what holds more of it is no frame, whatever it is called

Attributes = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Content:
    """`root` holds the content; nodes in `out` (by mem_id) are no part of it.

    `titles` has what is said by the tab or button that opens a panel, by the panel's id; "" for "Show more".
    """

    root: LexborNode
    out: frozenset[int]
    titles: Mapping[str, str]


def content(tree: LexborHTMLParser) -> Content | None:
    """Where the content of the page is; None where the page has no text."""
    body = tree.body
    if body is None:
        return None
    titles = _titles(body)
    out, framed = _frame(body, titles)
    weight = _weights(body, out)
    total = weight[body.mem_id]
    out |= {node.mem_id for node in framed if weight.get(node.mem_id, 0) <= _MOST * total}
    weight = _weights(body, out)
    if not weight[body.mem_id]:
        return None
    root = _landmark(body, out, weight)
    if root is None:
        root, menus = _densest(body, out, weight)
        out |= menus
    return Content(root, frozenset(out), titles)


def _titles(body: LexborNode) -> dict[str, str]:
    found: dict[str, str] = {}
    for control in body.css("[aria-controls], [data-target], [role=tab][href], [data-toggle][href]"):
        about = control.attributes
        panel = about.get("aria-controls") or about.get("data-target") or about.get("href") or ""
        said = _said(control)
        if said:
            says_nothing = fold(said).split()[0] in _OPENERS
            found.setdefault(panel.lstrip("#").split(" ")[0], "" if says_nothing else said)
    return found


def _said(control: LexborNode) -> str:
    unseen: set[int] = set()
    words: list[str] = []
    for node, entering in walk(control, unseen):
        if node.is_text_node:
            words.append(node.text_content or "")
        elif entering and node.is_element_node and node.mem_id != control.mem_id:
            about = node.attributes
            if about.get("aria-hidden") == "true" or _UNSEEN & set((about.get("class") or "").split()):
                unseen.add(node.mem_id)
    return plain.line("".join(words))


def _frame(body: LexborNode, titles: Collection[str]) -> tuple[set[int], list[LexborNode]]:
    """What is surely no content, by mem_id; and what is none if it does not hold most of the text."""
    out: set[int] = set()
    framed: list[LexborNode] = []
    inside = titled = 0  # how many mains and articles, headings and summaries we are in
    for node, entering in walk(body, out):
        if not node.is_element_node:
            continue
        tag = node.tag or ""
        if entering and tag not in ("body", "main"):
            about = node.attributes
            if _no_content(node, tag, about, titles, inside > 0, titled > 0):
                out.add(node.mem_id)
                continue
            if tag == "form" or (tag not in HEADINGS and _named_frame(about)):
                framed.append(node)
        if tag in ("main", "article"):
            inside += 1 if entering else -1
        elif tag in HEADINGS or tag == "summary":
            titled += 1 if entering else -1
    return out, framed


def _no_content(
    node: LexborNode, tag: str, about: Attributes, panels: Collection[str], inside: bool, titled: bool
) -> bool:
    role = about.get("role") or ""
    if tag in _OUT or role in _ROLES or (tag == "header" and not inside):
        return True
    if tag == "aside" or role == "complementary":
        return not inside or _mostly_links(node)  # ontario.ca sets what matters most into asides
    if not titled and tag not in HEADINGS:
        if tag == "button" or (tag == "a" and ("aria-controls" in about or role == "tab")):
            return True
        if _UNSEEN & set((about.get("class") or "").split()):
            return True
    hidden = "hidden" in about or about.get("aria-hidden") == "true" or _HIDDEN.search(about.get("style") or "")
    return bool(hidden) and about.get("id") not in panels and not _opens(about)


def _named_frame(about: Attributes) -> bool:
    names = [*(about.get("class") or "").split(), about.get("id") or ""]
    return any(_ANYWHERE.search(name) or _WHOLE.fullmatch(name) for name in names if name)


def _mostly_links(node: LexborNode) -> bool:
    linked = sum(len(a.text(deep=True).strip()) for a in node.css("a"))
    return linked > len(" ".join(node.text(deep=True).split())) / 2


def _opens(about: Attributes) -> bool:
    """Whether it is hidden only until somebody opens it."""
    return bool(re.search(r"accordion|collaps|expand|panel|toggle|details", about.get("class") or "", re.IGNORECASE))


def _weights(body: LexborNode, out: Collection[int]) -> dict[int, float]:
    """How much running text each element holds, in characters; a link's count a fifth, for menus are links."""
    weight: dict[int, float] = {}
    open_: list[float] = [0.0]
    links = 0
    for node, entering in walk(body, out):
        if node.is_text_node:
            size = len((node.text_content or "").strip())
            open_[-1] += size / 5 if links else size
        elif node.is_element_node:
            links += (1 if entering else -1) if node.tag == "a" else 0
            if entering:
                open_.append(0.0)
            else:
                weight[node.mem_id] = inner = open_.pop()
                open_[-1] += inner
    return weight


def _landmark(body: LexborNode, out: Collection[int], weight: Mapping[int, float]) -> LexborNode | None:
    landmarks: tuple[list[LexborNode], ...] = ([], [], [])
    for node, entering in walk(body, out):
        if entering and node.is_element_node:
            about = node.attributes
            if node.tag == "main" or about.get("role") == "main":
                landmarks[0].append(node)
            elif node.tag == "article" or about.get("itemprop") == "articleBody":
                landmarks[1].append(node)
            elif (about.get("id") or "").lower() in _CONTENT:
                landmarks[2].append(node)
    for nodes in landmarks:
        best = max(nodes, key=lambda node: weight[node.mem_id], default=None)
        if best is not None and weight[best.mem_id] >= weight[body.mem_id] / 2:
            return best
    return None


def _densest(body: LexborNode, out: Collection[int], weight: Mapping[int, float]) -> tuple[LexborNode, set[int]]:
    """The smallest element that holds nearly all the running text and its headings; and the menus that it holds too."""
    root = body
    while True:
        inner = [n for n in _children(root) if n.mem_id not in out and n.is_element_node]
        best = max(inner, key=lambda node: weight[node.mem_id], default=None)
        if best is None or weight[best.mem_id] < 0.8 * weight[root.mem_id] or best.tag in ("table", "ul", "ol", "p"):
            return root, set()
        others = [n for n in inner if n.mem_id != best.mem_id]
        if any(_has_heading(n, out) for n in others):
            return root, {n.mem_id for n in others if _mostly_links(n) and not _has_heading(n, out)}
        root = best


def _children(node: LexborNode) -> Iterable[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


def _has_heading(root: LexborNode, out: Collection[int]) -> bool:
    return any(node.tag in HEADINGS and node.tag != "h1" for node, entering in walk(root, out) if entering)
