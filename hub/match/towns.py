"""Names of towns, folded: each as it is called at home, without the river that it lies on."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from hub.match.absent import says_none
from hub.match.texts import folded_words, skeleton, word_set

_ELSEWHERE: Final = """
aachen: aix la chapelle
antwerpen: antwerp, anvers
athina: athens, athen, athenes
basel: bale, basle, basilea
beograd: belgrade, belgrad
bern: berne, berna
bolzano: bozen
braunschweig: brunswick
bratislava: pressburg
bressanone: brixen
brno: brunn
brugge: bruges
bruxelles: brussels, brussel, bruselas
bucuresti: bucharest, bukarest, bucarest
den haag: the hague, s gravenhage, sgravenhage, la haye
dunkerque: dunkirk
firenze: florence, florenz
fribourg: freiburg im uchtland, freiburg iu, freiburg i u
gdansk: danzig
geneve: geneva, genf, ginevra
genova: genoa, genua
gent: ghent, gand
goteborg: gothenburg
hannover: hanover
katowice: kattowitz
kobenhavn: copenhagen, kopenhagen, copenhague
koln: cologne, colonia
konstanz: constance
krakow: cracow, krakau, cracovie
kyiv: kiev, kiew
liege: luttich, luik
lille: rijsel
lisboa: lisbon, lissabon, lisbonne
ljubljana: laibach
london: londres, londra, londyn
los angeles: la, l a
luxembourg: luxemburg
luzern: lucerne, lucerna
lviv: lemberg, lwow
meran: merano
milano: milan, mailand
moskva: moscow, moskau, moscou
mulhouse: mulhausen
munchen: munich, monaco di baviera, monachium
napoli: naples, neapel
new york: new york city, nyc
nice: nizza
nurnberg: nuremberg, norimberga
olomouc: olmutz
oostende: ostend, ostende
padova: padua
plzen: pilsen
poznan: posen
praha: prague, prag, praga
regensburg: ratisbon
roma: rome, rom, rzym
s hertogenbosch: den bosch, shertogenbosch
saarbrucken: sarrebruck
sevilla: seville
st gallen: sankt gallen, saint gall
strasbourg: strassburg
stuttgart: stoccarda
szczecin: stettin
thessaloniki: saloniki
torino: turin
trento: trient
trieste: triest
venezia: venice, venedig, venise
warszawa: warsaw, warschau, varsovie
wien: vienna, vienne, wieden
wroclaw: breslau
zagreb: agram
zaragoza: saragossa
zurich: zurigo
"""
_RIVER: Final = word_set("am an ob im bei vor a upon under sur sous nad")
"""What stands between a town's name and what it lies on, as on the Main."""
_NO_NAMES: Final = word_set("cedex stadt")
_ASIDE: Final = re.compile(r"(?<=\w)\s*[(/].*$", re.DOTALL)


def _at_home() -> dict[str, str]:
    lines = (line.partition(":") for line in _ELSEWHERE.strip().splitlines())
    return {
        skeleton(name.strip()): skeleton(home)
        for home, _, names in lines
        for name in names.split(",")
    }


_AT_HOME: Final = _at_home()


@lru_cache(maxsize=32_768)
def standardise_town(city: str) -> str:
    """The folded name; '' for what is none. "Frankfurt am Main", "Frankfurt/M." are Frankfurt."""
    if says_none(city):
        return ""
    is_plain = "/" not in city and "(" not in city
    words = folded_words(city if is_plain else _ASIDE.sub("", city))
    plain = [word for word in words if not word.isdigit() and word not in _NO_NAMES]
    name, short = " ".join(plain), _without_river(plain)
    return _AT_HOME.get(name) or _AT_HOME.get(short, short)


def _without_river(words: list[str]) -> str:
    place = next((n for n, word in enumerate(words) if word in _RIVER and n), len(words))
    return " ".join(words[:place])
