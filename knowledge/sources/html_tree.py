"""The tree of an HTML page: from bytes in whatever charset, bounded in depth, walked without recursion."""

import codecs
import re
from collections.abc import Collection, Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

DEEPEST = 512  # as in browsers: parsing deeper trees takes time that grows with the square of the depth

_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
# these end by themselves, have no inside, or carry meaning: an open one is not counted, and never left out
_FLAT = re.compile(
    r"p|li|d[td]|t[dhr]|thead|tbody|tfoot|opt(?:ion|group)|r[pt]|html|head|body|a|button|h[1-6]|script|style|title|textarea|"
    r"area|base|br|col(?:group)?|embed|hr|img|input|link|meta|param|source|track|wbr"
)


def decode(data: bytes) -> str:
    """The page's text: UTF-8 where the bytes are UTF-8, whatever the page declares; else as declared; else cp1252."""
    for mark, charset in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(charset, "replace")
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken == 0 or broken * 4 <= sum(not c.isascii() for c in text) - broken:  # a byte cut off here and there
        return text
    return data.decode(_declared(data), "replace")


def _declared(data: bytes) -> str:
    found = _DECLARED.search(data[:4096])
    try:
        charset = codecs.lookup(found[1].decode("ascii")).name if found else "cp1252"
        "".encode(charset)  # some codecs are not of text
    except (LookupError, UnicodeError):
        return "cp1252"
    # the WHATWG encoding standard reads Latin-1 as cp1252; and what declares UTF without being it is neither
    return "cp1252" if charset in ("iso8859-1", "ascii") or charset.startswith("utf") else charset


def parse(text: str) -> LexborHTMLParser:
    """The page's tree, at most about DEEPEST elements deep: tags further in are left out, their text stays."""
    return LexborHTMLParser(_flattened(text) if text.count("<") > DEEPEST else text)


def _flattened(text: str) -> str:
    depth: dict[str, int] = {}
    left_out: dict[str, int] = {}
    total = 0

    def keep(tag: re.Match[str]) -> str:
        nonlocal total
        name = tag[2].lower()
        if _FLAT.fullmatch(name) or tag[3].endswith("/"):
            return tag[0]
        if tag[1]:
            if left_out.get(name):
                left_out[name] -= 1
                return ""
            if depth.get(name):
                depth[name] -= 1
                total -= 1
        elif total >= DEEPEST:
            left_out[name] = left_out.get(name, 0) + 1
            return ""
        else:
            depth[name] = depth.get(name, 0) + 1
            total += 1
        return tag[0]

    return _TAG.sub(keep, text)


def walk(root: LexborNode, out: Collection[int] = ()) -> Iterator[tuple[LexborNode, bool]]:
    """Each node from `root` down as (node, entering): elements twice, text once.

    A node whose mem_id is in `out`, or is put there when it is entered, is left with all that is in it.
    """
    node: LexborNode | None = root
    while node is not None:
        if node.mem_id not in out:
            yield node, True
        if node.is_element_node and node.mem_id not in out:
            inner = node.first_child
            if inner is not None:
                node = inner
                continue
            yield node, False
        while node is not None and node.mem_id != root.mem_id and node.next is None:
            node = node.parent
            if node is not None:
                yield node, False
        if node is None or node.mem_id == root.mem_id:
            return
        node = node.next
