"""Whose pages a host's are, told from the end of its name: an ISO 3166-2 code in lower case, then the municipality."""

from collections.abc import Iterator
from urllib.parse import urlsplit

DEFAULT = "ca"
_BY_SUFFIX = {
    "canada.ca": "ca", "gc.ca": "ca", "gov.uk": "gb",
    "gov.ab.ca": "ca-ab", "alberta.ca": "ca-ab", "gov.bc.ca": "ca-bc", "gov.mb.ca": "ca-mb", "manitoba.ca": "ca-mb",
    "gnb.ca": "ca-nb", "gov.nl.ca": "ca-nl", "novascotia.ca": "ca-ns", "gov.nt.ca": "ca-nt", "gov.nu.ca": "ca-nu",
    "ontario.ca": "ca-on", "gov.on.ca": "ca-on", "princeedwardisland.ca": "ca-pe", "quebec.ca": "ca-qc",
    "gouv.qc.ca": "ca-qc", "saskatchewan.ca": "ca-sk", "yukon.ca": "ca-yt",
    "calgary.ca": "ca-ab-calgary", "edmonton.ca": "ca-ab-edmonton", "vancouver.ca": "ca-bc-vancouver",
    "winnipeg.ca": "ca-mb-winnipeg", "halifax.ca": "ca-ns-halifax", "ottawa.ca": "ca-on-ottawa",
    "toronto.ca": "ca-on-toronto", "montreal.ca": "ca-qc-montreal",
}  # fmt: skip


def of_address(url: str | None) -> str:
    """The jurisdiction of a well-formed address; Canada's where its host tells nothing."""
    host = urlsplit(url).hostname or "" if url else ""
    return next((_BY_SUFFIX[s] for s in _suffixes(host) if s in _BY_SUFFIX), DEFAULT)


def _suffixes(host: str) -> Iterator[str]:
    labels = host.split(".")
    return (".".join(labels[at:]) for at in range(len(labels)))
