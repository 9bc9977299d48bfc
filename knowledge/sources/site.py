"""A site by its sitemap: asked page by page for what has changed, kept in a folder, and read from there."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from knowledge.document import Document
from knowledge.sources.problem import OnProblem, Problem, SourceError, refuse
from knowledge.sources.site_cache import Cache
from knowledge.sources.site_fetch import Fetched, Fetcher, NotFetched, same_site
from knowledge.sources.site_map import LARGEST, NoSitemap, parse
from knowledge.sources.site_pages import documents

MOST = 10_000  # pages
MAPS = 200
PAGE, FILE = 5 * 1024 * 1024, 64 * 1024 * 1024  # bytes of a page, and of a PDF
FAILURES = 5  # one after the other: then the site is left alone
FEWEST = 4  # documents from which on a loss of half of them is one

Progress = Callable[[str, int, int], None]

_KINDS = {"text/html": "html", "application/xhtml+xml": "html", "application/pdf": "pdf"}
_SITEMAP = re.compile(r"\.(?:xml|txt)(?:\.gz)?$", re.IGNORECASE)
_UNLISTED = re.compile(
    rb"<meta\b(?=[^>]{0,300}\bname=[\"']?robots\b)(?=[^>]{0,300}\b(?:noindex|none)\b)", re.IGNORECASE
)


def read(
    site: str,
    folder: Path,
    on_problem: OnProblem = refuse,
    progress: Progress = lambda step, done, of: None,
    fetcher: Fetcher | None = None,
) -> list[Document]:
    """A document for each page that the site's sitemap names, and that has changed or not since the last reading.

    `folder` is the site's own. Pages under the path of `site` are read, and their translations; all of the sitemap, if
    `site` is the address of one. A reading that is broken off goes on where it was. Raises SourceError where the site
    does not answer, does not allow it or has no sitemap, and where it has lost half of its documents since the last time.
    """
    found = asked(site, folder, on_problem, progress, fetcher)
    cache = Cache.open(folder)
    if is_lost(cache.documents, len(found)):
        lost = f"The site has {len(found)} documents, and had {cache.documents} the last time."
        cache.drop()
        raise _held(site, lost, f"Nothing was published. If that is meant, remove {folder} and index again.")
    cache.accept(len(found))
    return found


def asked(
    site: str,
    folder: Path,
    on_problem: OnProblem = refuse,
    progress: Progress = lambda step, done, of: None,
    fetcher: Fetcher | None = None,
) -> list[Document]:
    """The same, whatever the site has lost; it is not kept as what is published until `settle` says so."""
    cache = Cache.open(folder)
    cache.begin(time.time())
    try:
        with (fetcher or Fetcher(site)).open() as asking:
            _fetch(site, asking, cache, on_problem, progress)
    except NotFetched as reason:
        raise _held(site, f"The site cannot be read: {reason}", "Check its address, and index again.") from reason
    return documents(cache.fresh, folder, on_problem)


def settle(folder: Path, published: int | None) -> None:
    """What was asked last is what is published from now on, so many documents; or it is forgotten, if None."""
    cache = Cache.open(folder)
    if not cache.fresh and not cache.gone:
        return  # another process was first
    if published is None:
        cache.drop()
    else:
        cache.accept(published)


def is_lost(had: int, has: int) -> bool:
    """Whether so many documents have become so few that it is rather a mishap."""
    return had >= FEWEST and has <= had / 2


def is_gone(problem: Problem) -> bool:
    """Whether a problem is that a page of the site is not there any more."""
    return problem.cause in ("The site answers 404.", "The site answers 410.")


def kept(folder: Path, on_problem: OnProblem = refuse) -> list[Document]:
    """The documents of the last reading that was published, without asking the site."""
    return documents(Cache.open(folder).pages, folder, on_problem)


def _held(site: str, cause: str, way_out: str) -> SourceError:
    return SourceError(Problem(site, cause, way_out))


def _fetch(site: str, fetcher: Fetcher, cache: Cache, on_problem: OnProblem, progress: Progress) -> None:
    wanted = _wanted(site, fetcher, on_problem)
    step, failures = f"fetch {urlsplit(site).hostname}", 0
    try:
        for number, (url, translations) in enumerate(wanted.items(), start=1):
            progress(step, number, len(wanted))
            if url not in cache.fresh and url not in cache.gone:
                try:
                    _ask(url, fetcher, cache)
                    failures = 0
                except NotFetched as reason:
                    failures = 0 if reason.refused else failures + 1
                    _missed(url, reason, cache, on_problem)
                if failures >= FAILURES:
                    raise _held(site, "The site does not answer any more.", "Index again later: it goes on from here.")
                if number % 20 == 0:
                    cache.save()
            if url in cache.fresh:
                cache.fresh[url].translations = translations
    finally:
        cache.save()


def _ask(url: str, fetcher: Fetcher, cache: Cache) -> None:
    before = cache.pages.get(url)
    largest = FILE if urlsplit(url).path.lower().endswith(".pdf") else PAGE
    found = fetcher.get(url, largest, before.question() if before else None)
    if found.status == 304 and before is not None:
        cache.fresh[url] = replace(before)
        return
    if found.status != 200:
        raise NotFetched(f"The site answers {found.status}.", refused=True)
    kind = _kind(found)
    if kind is None or "noindex" in found.headers.get("x-robots-tag", "").lower():
        cache.gone.append(url)
        return
    cache.keep(url, found.url, found.body, kind, found.headers.get("etag", ""), found.headers.get("last-modified", ""))


def _kind(found: Fetched) -> str | None:
    """What a page is; None where it is nothing that is read here, or asks not to be found."""
    kind = _KINDS.get(found.headers.get("content-type", "").partition(";")[0].strip().lower())
    return None if kind == "html" and _UNLISTED.search(found.body[:65_536]) else kind


def _missed(url: str, reason: NotFetched, cache: Cache, on_problem: OnProblem) -> None:
    """A page that did not come: it stays as it was if that is likely to pass, and is gone if not."""
    before = cache.pages.get(url)
    if reason.refused:
        cache.gone.append(url)
    if reason.refused or before is None:
        on_problem(Problem(url, str(reason), "It was left out; mend it, or take it out of the sitemap."))
    else:
        cache.fresh[url] = replace(before)
        on_problem(Problem(url, str(reason), "It stays as it was the last time."))


def _wanted(site: str, fetcher: Fetcher, on_problem: OnProblem) -> dict[str, dict[str, str]]:
    """The addresses to read, each with those of its translations."""
    path = urlsplit(site).path
    below = "" if _SITEMAP.search(path) else path.rstrip("/")
    named = list(fetcher.robots.sitemaps) if fetcher.robots else []
    waiting = [site] if _SITEMAP.search(path) else named or [urljoin(site, "/sitemap.xml")]
    seen: set[str] = set()
    found: dict[str, dict[str, str]] = {}
    while waiting and len(seen) < MAPS:
        url = waiting.pop(0)
        if url in seen:
            continue
        seen.add(url)
        try:
            answer = fetcher.get(url, LARGEST, free=True)
            if answer.status != 200:
                raise NotFetched(f"The site answers {answer.status}.")
            listed = parse(answer.body)
        except (NotFetched, NoSitemap) as reason:
            on_problem(Problem(url, f"The sitemap cannot be read: {reason}", "Its pages were left out."))
            continue
        waiting += listed.maps
        for page, others in listed.pages.items():
            if _is_below(page, site, below):
                together = {**others, "": page}
                for each in (page, *others.values()):
                    if same_site(each, site):
                        found.setdefault(each.partition("#")[0], together)
    if not found:
        where = f" under {below}" if below else ""
        raise _held(
            site,
            f"The site has no sitemap that names a page{where}.",
            "Give the address of its sitemap, or save its pages.",
        )
    if len(found) > MOST:
        on_problem(
            Problem(
                site, f"The sitemap names {len(found):,} pages.", f"The first {MOST:,} were read; index parts of it."
            )
        )
    return dict(list(found.items())[:MOST])


def _is_below(page: str, site: str, below: str) -> bool:
    return same_site(page, site) and (urlsplit(page).path + "/").startswith(below + "/")
