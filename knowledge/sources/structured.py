"""Files of JSON, each read as what it holds: services of the HSDS, or content items of GOV.UK."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from knowledge.document import Document
from knowledge.sources import govuk, hsds, json_file
from knowledge.sources.problem import OnProblem, Problem, SourceError, refuse

_WAY_OUT = "Give services in the form of the HSDS 3, or content items as GOV.UK's API gives them."


def read(pages: Mapping[str, Path], on_problem: OnProblem = refuse, named: bool = False) -> Iterator[Document]:
    """The documents of `pages`, files by id. What holds something else is left out, in silence unless it was `named`."""
    services: dict[str, tuple[Path, list[Any]]] = {}
    items: dict[str, tuple[Path, list[Any]]] = {}
    for name, file in pages.items():
        try:
            content = json_file.load(file)
        except SourceError as reason:
            on_problem(reason.problem)
            continue
        if (found := govuk.items(content)) is not None:
            items[name] = file, found
        elif (found := hsds.services(content)) is not None:
            services[name] = file, found
        elif named:
            on_problem(Problem(file, "There is no service in it that could be read.", _WAY_OUT))
    return chain(hsds.read(services, on_problem), govuk.read(items, on_problem))
