"""Texts that only say that there is no value: n/a, NULL, nan, keine Angabe, a dash.

Forms, exports and programs write them where a cell should be empty. Taken for values they would
make one customer of all who have none.
"""

from __future__ import annotations

from typing import Final

_WORDS: Final = frozenset(
    """
none
unknown
not known
not available
not applicable
not provided
not specified
not given
not set
no data
no value
undefined
n/a
n / a
n.a
n. a
n/v
n.v
n/k
#n/a
#value!
#ref!
#name?
#null!
tbd
tba
t.b.d
unbekannt
nicht bekannt
nicht angegeben
nicht vorhanden
ohne angabe
keine angabe
keine angaben
keine
k.a
k. a
k/a
o.a
o. a
inconnu
inconnue
non renseigné
non renseigne
pas renseigné
sconosciuto
sconosciuta
non disponibile
desconocido
desconocida
sin datos
sin especificar
nieznany
nieznana
brak danych
nie dotyczy
onbekend
niet bekend
niet van toepassing
n.v.t
neznámý
neznama
ukendt
okänd
ukjent
bilinmiyor
неизвестно
нет данных
do not use
donotuse
deleted
gelöscht
anonymized
anonymised
anonymisiert
redacted
removed
""".strip().splitlines()
)
_PROGRAMS: Final = frozenset({"nan", "NaN", "NAN", "NaT", "na", "NA", "nil", "NIL", "null", "NULL"})
"""As programs write it: Nan, Nil and Null are names, too."""
_AROUND: Final = " .-–—_*?!/\\<>[](){}\"'"
_COPIED: Final = r"\N"
"""What PostgreSQL's COPY and MySQL write."""
_SUSPECTS: Final = _WORDS | {word.casefold() for word in ("", _COPIED.strip(_AROUND), *_PROGRAMS)}
_LONGEST: Final = 40


def says_none(text: str) -> bool:
    """Whether a text is no value but says that there is none; so does one of dashes or dots."""
    if len(text) > _LONGEST:
        return False
    bare = text.strip(_AROUND)
    plain = bare.casefold()
    if plain not in _SUSPECTS:  # nearly all
        return False
    return not bare or bare in _PROGRAMS or plain in _WORDS or text == _COPIED


def join_stated(*parts: str | None) -> str:
    """The parts that say something, in one text."""
    return " ".join([part for part in parts if part and not says_none(part)])


def is_filler(word: str) -> bool:
    """Whether a word is what a program puts in the place of a name's missing part: None Berg."""
    return word in _PROGRAMS or word in ("None", "NONE")
