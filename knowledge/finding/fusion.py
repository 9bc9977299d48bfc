"""Fusion makes one score of several: a convex combination of words, pairs of words and meaning, each brought to 0…1."""

from dataclasses import dataclass

from knowledge.arrays import Floats, of_best, spread


@dataclass(frozen=True, slots=True)
class Shares:
    """What each half of the search contributes; they add up to 1."""

    words: float
    pairs: float
    meaning: float


# Chosen by a grid over the development sets: the same for each language, since the bundled encoder has learnt both.
WITHIN = Shares(0.3, 0.1, 0.6)
# Between languages shared words are mostly names and numbers: they help a little, and mislead when they count for more.
ACROSS = Shares(0.05, 0.05, 0.9)
OF_DOCUMENT = 0.4
SECTIONED = 0.2


def shares(asked: str, written: str) -> Shares:
    """The shares for a question asked in one language and passages written in another, or the same."""
    return ACROSS if asked != written else WITHIN


def fuse(words: Floats, pairs: Floats, cosine: Floats | None, by: Shares) -> Floats:
    """float32 (rows,), 0…1: BM25 over its best, cosine between its least and its most; words alone without cosines."""
    lexical: Floats = by.words * of_best(words) + by.pairs * of_best(pairs)
    if cosine is None:
        return lexical / (by.words + by.pairs)
    fused: Floats = lexical + by.meaning * spread(cosine)
    return fused


def fuse_documents(words: Floats, cosine: Floats | None, sectioned: Floats, by: Shares) -> Floats:
    """float32 (documents,): the same for whole documents.

    `sectioned` is 1 for those with headings, else 0: who asks how, when or how much is seldom answered by a paragraph
    that says that a service exists.
    """
    share = 0.0 if cosine is None else by.meaning if by is ACROSS else 0.5
    fused: Floats = (1 - share) * of_best(words) + SECTIONED * sectioned
    return fused if cosine is None else fused + share * spread(cosine)


def whole(passages: Floats, documents: Floats) -> Floats:
    """What a passage earned itself, and what its document did."""
    both: Floats = (1 - OF_DOCUMENT) * passages + OF_DOCUMENT * documents
    return both


def share_of_history(telling: float) -> float:
    """How much of a follow-up's score comes from the conversation before it, 0.4 … 0.8.

    `telling` is the newest turn's idf over the idf of a word that one passage has: about the number of words that would
    each single out a passage. "how much is it?" tells nothing, and most must come from what was said before; three
    telling words are a question of their own. Chosen on Doc2Dial (English) and FrDoc2BotDial (French) together.
    """
    return min(0.8, max(0.4, 0.8 - 0.16 * (telling - 0.5)))
