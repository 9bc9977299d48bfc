"""A vocabulary numbers terms: it keeps of each a 64-bit digest, in ascending order, and is read by memory map."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Digests = NDArray[np.unsignedinteger[Any]]
_MIX = 0x9E3779B97F4A7C15  # odd, so that two terms the other way round are another pair
_ALL = 0xFFFFFFFFFFFFFFFF


class Vocabulary:
    """A million passages have ten million pairs of words: as strings they would take a gigabyte in every process.

    Two of ten million terms share a digest once in 400,000 such vocabularies; they would then count as one.
    """

    def __init__(self, digests: Digests) -> None:
        self.digests = digests
        # asked for many times in a turn, by every view of it and every signal
        self._place = lru_cache(maxsize=1 << 14)(partial(_place, digests))

    def __len__(self) -> int:
        return len(self.digests)

    def __contains__(self, term: str) -> bool:
        return self.number(term) is not None

    def number(self, term: str) -> int | None:
        """None for a term that no row has."""
        return self._place(digested(term))


def _place(digests: Digests, sought: int) -> int | None:
    at = int(digests.searchsorted(np.uint64(sought)))
    return at if at < len(digests) and int(digests[at]) == sought else None


@lru_cache(maxsize=1 << 16)
def digested(term: str) -> int:
    """Of a pair, two terms with a space between, it is made from those of the two."""
    first, space, second = term.partition(" ")
    if space:
        return (digested(first) * _MIX + digested(second)) & _ALL
    return int.from_bytes(hashlib.blake2b(term.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def all_digested(terms: Iterable[str]) -> Digests:
    return np.fromiter((digested(term) for term in terms), np.uint64)


def paired(first: Digests, second: Digests) -> Digests:
    """The digests of pairs."""
    return np.asarray(first * np.uint64(_MIX) + second)
