"""Names of organisations: the legal form apart, the rest in folded words."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from hub.match.absent import says_none
from hub.match.texts import folded_words, is_of_letters, skeleton, word_set

_FORMS: Final = {
    form: line.split(":")[0]
    for line in """
gmbh co kg:gmbh und co kg|gmbh co kg|gmbh cie kg|gmbh co kgaa|ag co kg|ug co kg|gmbh und co|gmbh co
gmbh:gmbh|gesellschaft mit beschrankter haftung|ges mit beschrankter haftung|ggmbh
gmbh:mbh|gesmbh|ges mbh|gesellschaft mbh
ag:ag|aktiengesellschaft
kg:kg|kommanditgesellschaft|kgaa|co kg
ug:ug|ug haftungsbeschrankt|unternehmergesellschaft
ohg:ohg|gbr|partg|partgmbb|partg mbb|offene handelsgesellschaft
ek:ek|eingetragener kaufmann|e kfm
eu:eu|einzelunternehmen|einzelfirma|eingetragenes einzelunternehmen
eenmanszaak:eenmanszaak
ev:ev|eingetragener verein
eg:eg|genossenschaft|gen
se:se
sa:sa|societe anonyme|sociedad anonima|spolka akcyjna|sa de cv|sapi de cv
sas:sas|sasu|societe par actions simplifiee
sarl:sarl|eurl|sagl|s a rl|societe a responsabilite limitee
snc:snc|sci|scp|scop
spa:spa|societa per azioni
srl:srl|srls|srl de cv|s de rl de cv|societa a responsabilita limitata
sl:sl|slu|sll|sociedad limitada
bv:bv|besloten vennootschap|vof
nv:nv
bvba:bvba|sprl
ltd:ltd|limited|ltd sti|limited sirketi|pty ltd|pte ltd|co ltd|pvt ltd|private limited
plc:plc|public limited company
llc:llc|lc
llp:llp|lp
inc:inc|incorporated|corp|corporation
ab:ab|aktiebolag|ab publ
as:as|asa|a s|akciova spolecnost
aps:aps
oy:oy|oyj
spzoo:spzoo|sp zoo|sp z oo|spolka z oo|spolka z ograniczona odpowiedzialnoscia
spzoo spk:sp zoo sp k|sp z oo sp k|spolka z oo sp k|sp zoo spolka komandytowa
spk:sp k|spk|spolka komandytowa
spj:sp j|spj|spolka jawna
ooo:ooo|tov|too
sro:sro|spol sro|spol s ro
vos:vos
kft:kft|zrt|nyrt|bt
doo:doo|dd|jdoo
eood:eood|ood
scoop:scoop|s coop|sociedad cooperativa|societa cooperativa|soc coop|cooperativa
sc:sc|sociedad civil|spolka cywilna
ehf:ehf
lda:lda|limitada|ltda
og:og|keg|offene gesellschaft
sca:sca|scs
asbl:asbl|vzw
ou:ou|uab|sia
jsc:jsc|ojsc|pjsc|ao|oao|zao|pao
sdn bhd:sdn bhd|bhd
pllc:pllc|lllp|pc
stiftung:stiftung
stichting:stichting
""".strip().splitlines()
    for form in line.split(":")[1].split("|")
}
_ASIDE: Final = re.compile(
    r"""\(\s*(?:i\.?\s?[lg]\.?\s*
    |(?:formerly|former|previously|vormals|ehemals|ehem|zuvor|now|new|old|alt|neu|neukunde|altkunde
       |test\w*|inactive|inaktiv|in\s+liquidation|in\s+gr[uü]ndung|dissolved|closed|duplicate
       |dublette|do\s+not|nicht|bitte)\b[^)]*)\)""",
    re.IGNORECASE | re.VERBOSE,
)
"""What a company was called, or is said of it: no part of its name, as "(Holdings)" is."""
_FIRST_WORDS: Final = frozenset(form.split()[0] for form in _FORMS)
_LAST_WORDS: Final = frozenset(form.split()[-1] for form in _FORMS)
_LONGEST: Final = max(len(form.split()) for form in _FORMS)
_LINKING: Final = word_set(
    """
    und u and et y e the der die das le la les il of di del della dei fur for co company cie
    pphu phu fhu
    """
)
"""Words that link others or, in Polish, say before the name that one makes, trades or serves."""
_ONLY_LAST: Final = frozenset({"eu", "gen", "sc"})
"""Forms that are something else where they stand in front."""
_PARTNERS: Final = frozenset({"gmbh", "ag", "ug"})
_BETWEEN: Final = frozenset({"und", "u", "co", "cie"})


_TRADING: Final = re.compile(
    r"""\s(?:d/?b/?a|d\.b\.a\.?|[to]/a|a/?k/?a|trading\ as|doing\ business\ as|operating\ as
    |handelnd\ unter)(?:\s|$)
    |[(]\s*(?:(?:formerly|previously|vormals|ehemals|fr[uü]her|jetzt|alias|aka|fka|anciennement)\b:?
    |(?:neu|new|now|alt|old|ex)\s?:)\s*(?=\w[^)]{2,}\)\s*$)""",
    re.IGNORECASE | re.VERBOSE,
)
"""What stands between two names of one company, in brackets or not."""


class OrganisationName(NamedTuple):
    """The distinguishing words in their order, and the legal form's short name or ''."""

    words: tuple[str, ...]
    form: str


@lru_cache(maxsize=65_536)
def standardise_organisation(text: str) -> OrganisationName | None:
    """The name without its legal form; None where no word is left."""
    if says_none(text):
        return None
    plain = (_ASIDE.sub(" ", text).strip() or text) if "(" in text else text
    words = folded_words(plain.replace("&", " und "))
    core, form = _without_form(words) if _may_have_form(words) else (words, "")
    kept = core if _LINKING.isdisjoint(core) else _without_linking(core)
    return OrganisationName(kept, form) if kept else None


def may_have_form(text: str) -> bool:
    """Whether a legal form or a sign may be found in a name: sooner told than the name is read."""
    if not is_of_letters(text):
        return True
    words = text.split()
    return skeleton(words[-1]) in _LAST_WORDS or skeleton(words[0]) in _FIRST_WORDS


def split_trading_names(text: str) -> list[str]:
    """The names in one text: "Foo Ltd t/a Bar" is Foo Ltd and Bar."""
    return _TRADING.split(text)


def with_form(name: OrganisationName, stated: str) -> OrganisationName:
    """The name with the legal form that is stated apart from it; its own goes first."""
    found = "" if name.form else _FORMS.get(" ".join(folded_words(stated)))
    return name._replace(form=found) if found else name


def _without_linking(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in _LINKING) or words


def _may_have_form(words: tuple[str, ...]) -> bool:
    return bool(words) and (words[-1] in _LAST_WORDS or words[0] in _FIRST_WORDS)


def _without_form(words: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """A legal form stands at the end, seldom in front; a name is never all form."""
    for size in range(min(_LONGEST, len(words) - 1), 0, -1):
        found = _FORMS.get(" ".join(words[-size:]))
        if found:
            return _without_rest(words[:-size], found)
        found = _FORMS.get(" ".join(words[:size])) if size > 1 or _may_stand_first(words[0]) else ""
        if found and len(words[0]) > 1:
            return words[size:], found
    return words, ""


def _may_stand_first(word: str) -> bool:
    return word not in _LINKING and word not in _ONLY_LAST


def _without_rest(words: tuple[str, ...], form: str) -> tuple[tuple[str, ...], str]:
    """The form "Ges. m. b. H. & Co. KG" may come apart as two: the whole is one."""
    while len(words) > 1 and words[-1] in _BETWEEN:
        words = words[:-1]
    if form != "kg" or words[-1] not in _LAST_WORDS:
        return words, form
    core, partner = _without_form(words)
    return (core, "gmbh co kg") if partner in _PARTNERS else (words, form)
