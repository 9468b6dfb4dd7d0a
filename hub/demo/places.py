"""Raw material for addresses: real town and postcode pairs, common street names, telephone areas.

Telephone numbers come from ranges that regulators keep for fiction where there are any: Germany
(Bundesnetzagentur, Mitteilung 148/2021), France (ARCEP, numbering plan 2.5.12), Great Britain
(Ofcom, numbers for drama use), USA (NANPA, 555-0100 to 555-0199). Elsewhere they merely look valid.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Town(NamedTuple):
    """A town, its postcode, and the pattern of its landline numbers (each # is a digit)."""

    country: str
    name: str
    postcode: str
    landline: str


COUNTRIES: Final[Mapping[str, tuple[str, str]]] = {
    "DE": ("Germany", "Deutschland"),
    "AT": ("Austria", "Österreich"),
    "CH": ("Switzerland", "Schweiz"),
    "FR": ("France", "France"),
    "GB": ("United Kingdom", "United Kingdom"),
    "IT": ("Italy", "Italia"),
    "ES": ("Spain", "España"),
    "NL": ("Netherlands", "Nederland"),
    "US": ("United States", "United States"),
    "BE": ("Belgium", "Belgique"),
}
"""Country code to its English name and the name its people use."""

CURRENCIES: Final[Mapping[str, str]] = {"GB": "GBP", "US": "USD", "CH": "CHF"}
"""Country to its currency; the euro where nothing is said."""

SHARES: Final[Mapping[str, int]] = {
    "DE": 34, "AT": 12, "CH": 8, "FR": 10, "GB": 9, "US": 9, "IT": 6, "ES": 5, "NL": 5, "BE": 2,
}  # fmt: skip
"""Where customers live, in percent."""

MOBILES: Final[Mapping[str, tuple[str, ...]]] = {
    "DE": ("+49 171 39200##", "+49 176 040690##"),
    "AT": ("+43 660 9######", "+43 664 9######"),
    "CH": ("+41 79 555####", "+41 78 555####"),
    "FR": ("+33 6 3998####",),
    "GB": ("+44 7700 900###",),
    "US": (),
    "IT": ("+39 333 555####",),
    "ES": ("+34 612 555###",),
    "NL": ("+31 6 1555####",),
    "BE": ("+32 470 55####",),
}
"""Patterns of mobile numbers by country."""

_TOWNS: Final = {
    "DE": """
        Berlin 10115 +49 30 23125###|Berlin 10997 +49 30 23125###|Potsdam 14467 +49 30 23125###
        Hamburg 20095 +49 40 66969###|Lübeck 23552 +49 40 66969###
        Frankfurt am Main 60311 +49 69 90009###
        Offenbach 63065 +49 69 90009###|Köln 50667 +49 221 4710###|Bonn 53111 +49 221 4710###
        Düsseldorf 40213 +49 221 4710###|München 80331 +49 89 99998###
        Augsburg 86150 +49 89 99998###
        Nürnberg 90402 +49 89 99998###|Göttingen 37073 +49 69 90009###
        Würzburg 97070 +49 69 90009###""",
    "AT": """
        Wien 1010 +43 1 90#####|Wien 1070 +43 1 90#####|Graz 8010 +43 316 90####
        Linz 4020 +43 732 90####|Salzburg 5020 +43 662 90####|Innsbruck 6020 +43 512 90####""",
    "CH": """
        Zürich 8001 +41 44 555####|Bern 3011 +41 31 555####|Basel 4051 +41 61 555####
        Genève 1201 +41 22 555####|Luzern 6003 +41 41 555####""",
    "FR": """
        Paris 75001 +33 1 9900####|Paris 75011 +33 1 9900####|Lyon 69001 +33 4 6571####
        Strasbourg 67000 +33 3 5301####|Nantes 44000 +33 2 6191####
        Toulouse 31000 +33 5 3649####""",
    "GB": """
        London EC1A+1BB +44 20 79460###|Manchester M1+1AE +44 161 4960###
        Leeds LS1+3AB +44 113 4960###
        Birmingham B1+1BB +44 121 4960###|Edinburgh EH1+1YZ +44 131 4960###
        Bristol BS1+4DJ +44 117 4960###""",
    "US": """
        New York 10001 +1 212 55501##|Chicago 60601 +1 312 55501##|Boston 02108 +1 617 55501##
        Seattle 98101 +1 206 55501##|Denver 80202 +1 303 55501##|Austin 78701 +1 512 55501##""",
    "IT": """
        Milano 20121 +39 02 9999####|Roma 00184 +39 06 555####|Torino 10121 +39 011 555####
        Bologna 40121 +39 051 555####""",
    "ES": """
        Madrid 28001 +34 91 0555###|Barcelona 08001 +34 93 0555###|Málaga 29001 +34 95 2555###
        Zaragoza 50001 +34 97 6555###""",
    "NL": """
        Amsterdam 1012+AB +31 20 800####|Rotterdam 3011+AD +31 10 555####
        Utrecht 3511+AX +31 30 555####
        Eindhoven 5611+EM +31 40 555####""",
    "BE": "Bruxelles 1000 +32 2 555####|Liège 4000 +32 4 255####|Antwerpen 2000 +32 3 255####",
}

_STREETS: Final = {
    "de": "Hauptstraße|Bahnhofstraße|Schillerstraße|Lindenweg|Goethestraße|Am Markt|Gartenstraße|"
    "Mühlgasse|Ringstraße|Kirchplatz|Dorfstraße|Rosenweg|Bergstraße|Uferpromenade|Brunnengasse|"
    "Industriestraße|Schloßallee|Birkenweg|Jägerstraße|Feldstraße",
    "fr": "rue de la République|avenue Victor Hugo|rue des Écoles|"
    "boulevard Voltaire|place du Marché|"
    "rue Saint-Honoré|rue de l'Église|chemin des Prés|avenue de la Gare|rue du Château",
    "en": "High Street|Station Road|Church Lane|Victoria Road|Mill Lane|Park Avenue|Queens Road|"
    "Main Street|Maple Avenue|Oak Street|Elm Drive|King Street|Bridge Street|Washington Avenue",
    "it": "Via Roma|Via Garibaldi|Corso Vittorio Emanuele|Piazza Cavour|Via Dante|Via Mazzini",
    "es": "Calle Mayor|Avenida de la Constitución|Calle Real|Plaza de España|"
    "Calle del Sol|Paseo Colón",
    "nl": "Dorpsstraat|Kerkstraat|Molenweg|Stationsplein|Julianalaan|Prinsengracht|Nieuwstraat",
}


def _town(country: str, text: str) -> Town:
    left, _, landline = text.strip().partition(" +")
    name, _, postcode = left.rpartition(" ")
    return Town(country, name, postcode.replace("+", " "), f"+{landline}")


TOWNS: Final = {
    country: tuple(_town(country, row) for row in text.strip().replace("\n", "|").split("|"))
    for country, text in _TOWNS.items()
}
"""Country to its towns."""

STREETS: Final = {locale: tuple(text.split("|")) for locale, text in _STREETS.items()}
"""Locale to street names."""

NUMBER_FIRST: Final = frozenset({"FR", "GB", "US"})
"""Countries that write the house number before the street."""
