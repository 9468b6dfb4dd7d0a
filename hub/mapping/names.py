"""Functions of the mapping language on names of people and organisations."""

from __future__ import annotations

from typing import Any, Final

from hub.mapping.texts import as_text, words_of

_LONGEST: Final = 300
_LEGAL_FORMS: Final = words_of("""
a/s ab abp ag aktiengesellschaft aps as asa bv bvba co company corp corporation cv cvba doo eg
eirl ek eurl ev gbr gesellschaft ggmbh gie gmbh hf inc incorporated ivs kb kft kg kgaa kk ks lda
limited llc llp lp ltd ltda mbh nv nyrt ohg oy oyj oü partg partgmbb plc pte pty pvt sa sapi
sarl sas sasu sc sca scop scs se sl slu snc spa spol spzoo srl sro stiftung tov ug vof zoo zrt
""")
_ALSO_NAMES: Final = words_of("as ek ks sa se")
_ORGANISATION_WORDS: Final = words_of("""
academy agency akademie amt asociacion asociación associates association associazione autohaus
ayuntamiento baeckerei bakery bank behörde bibliothek brauerei brothers bundesamt bureau
bäckerei cabinet caritas center centre centrum charity church city clinic clinique club college
comune consulting council department fondation fondazione foundation fundacion fundación
gemeinde genossenschaft group groupe grupo gruppe gruppo handel handelsgesellschaft handwerk
hochschule holding hospital hotel industrie industries institut institute instituto
international kindergarten kirche kirchengemeinde klinik klinikum krankenhaus kreis laboratories
labs landkreis landratsamt logistics logistik mairie maschinenbau ministerium ministry
municipality museum office orchestra partners partnership pharmacy praxis restaurant school
schule services sociedad societe society société solutions sparkasse stadt stadtwerke studio
studios systems team technologies technology theater trading transport transporte trust
universidad universita universitaet universite university università universität université
verband verein verlag versicherung werke werkstatt werkstätten

apotheek apotheke apteka automotive autoservice bakkerij baustoffe bistro bistrot
biuro boulangerie boutique bouwbedrijf brasserie brewery cafe café cafetería cafeteria catering
cleaning coiffure colegio college collège construcciones cukiernia daycare dental ecole école
edilizia electrical elektrotechnik equipment escuela fahrschule farmacia farmacie feuerwehr fitness
fleischerei furniture garage gabinet gasthaus gasthof gastronomie gestoria gestoría
grundschule gym gymnasium hausverwaltung haustechnik heating hermanos holzbau hurtownia immobilien
immobilier immobiliare inmobiliaria installatiebedrijf instruments insurance kancelaria kanzlei
kältetechnik konditorei kwiaciarnia lackierungen landscaping laundry liceum lycee lycée macelleria
malerbetrieb manufacturing medizintechnik menuiserie metallbau metzgerei motors nursery
officina packaging panaderia panadería panificio parafia parrocchia peluqueria peluquería pfarramt
pfarrei pharma pharmacie piekarnia pizzeria plomberie plumbing przychodnia przedsiębiorstwo
realty reisebüro restauracja restaurante ristorante roofing sanitär schlosserei schreinerei scuola
serwis sklep software stichting stowarzyszenie szkola szkoła talleres tischlerei trattoria
tuition turnverein urzad urząd vereniging warsztat weingut wholesale zahnarztpraxis zaklad zakład
zimmerei
""")
"""What institutions are called, then shops, workshops and offices of one person."""
_ENDINGS: Final = (
    "gmbh", "werke", "verein", "verband", "gesellschaft", "versicherung", "technik", "handel",
    "schule", "klinik", "stiftung", "sparkasse", "genossenschaft", "universität", "apotheke",
    "bäckerei", "metzgerei", "schreinerei", "praxis", "kanzlei", "verwaltung", "transporte",
    "gymnasium", "bedrijf",
)  # fmt: skip  # German joins its nouns
_TITLES: Final = words_of("""
dame dhr dipl-inf dipl-ing dipl-kffr dipl-kfm dott dottssa dr frau fräulein hc herr ing jur m
madame mag med mevr miss mlle mme monsieur mr mrs ms mx nat phil prof professor rer sig signor
signora sir sr sra srta
""")
_SUFFIXES: Final = words_of("""
ba bsc cpa esq ii iii iv jr llm ma mba mbe md msc obe phd sr
""")
_PARTICLES: Final = words_of("""
't af al ap auf av bin bint da dal dalla das de degli dei del della den der di do dos du el het
im in la las le les lo los mac ten ter tho thor und van vande vanden vander vom von y zu zum zur
ó
""")


def kind_of_name(value: Any) -> str | None:
    """Organisation for a name with a legal form or a word such as Verein; else person."""
    name = as_text(value)[:_LONGEST]
    words = [_bare(word) for word in name.replace(",", " ").replace("(", " ").split()]
    if not any(words):
        return None
    is_organisation = (
        "&" in name
        or any(_names_organisation(word) for word in words)
        or _ends_in_form(name)
        or any(_joined(words, size) in _LEGAL_FORMS for size in (2, 3, 4))
    )
    return "organisation" if is_organisation else "person"


def family_name(value: Any) -> str | None:
    """The family name of "Family, Given" or "Given von Family"; a single word is one."""
    return _split_name(as_text(value)[:_LONGEST])[1]


def given_name(value: Any) -> str | None:
    """The given names of "Family, Given" or "Given von Family"."""
    return _split_name(as_text(value)[:_LONGEST])[0]


def _names_organisation(word: str) -> bool:
    if word in _ORGANISATION_WORDS:
        return True
    # Forms of two letters are also parts of people's names: those count at the end alone.
    if len(word) > 2 and word in _LEGAL_FORMS:
        return True
    return any(len(word) > len(end) + 1 and word.endswith(end) for end in _ENDINGS)


def _ends_in_form(name: str) -> bool:
    last = name.rsplit(maxsplit=1)[-1].strip(',;:"()')
    form = last.replace(".", "").lower()
    dotted = last.count(".") > 1  # "e.K." is a legal form, "Ek" a family name
    return form in _LEGAL_FORMS and (form not in _ALSO_NAMES or last.isupper() or dotted)


def _joined(words: list[str], size: int) -> str:
    # "e. V.", "S. p. A.", "sp. z o.o." written apart; never a single initial and a long word.
    tail = words[-size:]
    return "".join(tail).replace(".", "") if all(len(word) <= 4 for word in tail) else ""


def _split_name(name: str) -> tuple[str | None, str | None]:
    family, comma, given = name.partition(",")
    if comma and not all(_bare(word).replace(".", "") in _SUFFIXES for word in given.split()):
        return " ".join(_plain_words(given)), " ".join(_plain_words(family)) or None
    words = _plain_words(family)
    if len(words) < 2:
        return None, words[0] if words else None
    start = next(
        (place for place in range(1, len(words) - 1) if words[place].lower() in _PARTICLES),
        len(words) - 1,
    )
    return " ".join(words[:start]), " ".join(words[start:])


def _plain_words(name: str) -> list[str]:
    words = name.split()
    while len(words) > 1 and _bare(words[0]).replace(".", "") in _TITLES:
        words = words[1:]
    while len(words) > 1 and _bare(words[-1]).replace(".", "") in _SUFFIXES:
        words = words[:-1]
    return words


def _bare(word: str) -> str:
    return word.lower().strip('.,;:"()')
