"""Raw material for invented people and companies: names, short forms, legal forms, trades.

A given name is written ``Formal:Short,Short``. The short forms were collected for this table and
are independent of the list that the matcher knows, so that the demo measures, not flatters it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_GIVEN: Final = {
    "de": (
        "Elisabeth:Liesl,Lisi,Sissi Robert:Bob,Robi Johannes:Hannes,Hans Josef:Sepp,Pepi "
        "Katharina:Kathi,Käthe Maximilian:Max Alexander:Alex Susanne:Susi Wolfgang:Wolfi,Wolf "
        "Michael:Michi Christine:Christl Friedrich:Fritz,Friedl Margarete:Gretl,Grete "
        "Georg:Schorsch "
        "Barbara:Babsi Andreas:Andi Theresia:Resi Ludwig:Wiggerl Magdalena:Leni,Magda Thomas:Tom "
        "Stefan Jürgen Günther Ursula:Uschi Renate Jörg Sabine Björn Anja Heike Klaus Dörte Birgit "
        "Matthias:Matze Franziska:Franzi Sebastian:Basti Benjamin:Ben Gerhard:Gerd Heinrich:Heinz "
        "Monika:Moni Gabriele:Gabi Manfred:Fredi Anneliese:Anne Konstantin:Kosta Lena Jonas Miriam"
    ),
    "fr": (
        "François Hélène:Léna Jean-Pierre:JP André:Dédé Élodie:Élo Frédéric:Fred Dominique:Dom "
        "Isabelle:Isa Christophe:Chris Véronique:Véro Sébastien:Seb Benoît:Ben Céline Mathilde "
        "Guillaume:Guigui Aurélie Laurent:Lolo Nathalie:Nath Thierry Sylvie Maxime:Max Chloé "
        "Antoine:Tonio Caroline:Caro Stéphane:Steph Geneviève:Ginette Olivier Noémie Pascal"
    ),
    "en": (
        "Robert:Bob,Rob,Bobby William:Bill,Will,Liam Elizabeth:Liz,Beth,Betty "
        "Margaret:Peggy,Maggie "
        "Richard:Dick,Rick James:Jim,Jimmy Katherine:Kate,Kathy Michael:Mike,Mick Edward:Ted,Ned "
        "Charles:Chuck,Charlie Patricia:Pat,Tricia Jennifer:Jen Thomas:Tom Susan:Sue "
        "Andrew:Drew,Andy "
        "Christopher:Chris Deborah:Deb Steven:Steve Anthony:Tony Rebecca:Becky Samuel:Sam Joan "
        "Oliver:Ollie Amanda:Mandy Gregory:Greg Victoria:Vicky Nicholas:Nick Harriet:Hattie Ruth "
        "Douglas:Doug Nigel Fiona Graham Heather Malcolm Olivia:Liv Theodore:Theo Abigail:Abby"
    ),
    "it": (
        "Giuseppe:Beppe,Peppino Francesco:Franco,Ciccio Alessandro:Sandro Giovanni:Gianni,Nino "
        "Francesca:Franca Elisabetta:Betta Roberto:Berto Antonio:Tonino Maddalena:Lena Luigi:Gino "
        "Vincenzo:Enzo Caterina:Rina Domenico:Mimmo Raffaella:Lella Niccolò:Nico Chiara Loredana"
    ),
    "es": (
        "José:Pepe Francisco:Paco,Curro Dolores:Lola Guadalupe:Lupe Ignacio:Nacho Enrique:Quique "
        "María Mercedes:Merche Manuel:Manolo Concepción:Concha Rafael:Rafa Isabel:Isa Jesús:Chus "
        "Beatriz:Bea Alejandro:Álex Íñigo Núria Montserrat:Montse Begoña Raúl"
    ),
    "nl": (
        "Johannes:Jan,Hans Wilhelmina:Mina,Willemijn Hendrik:Henk Cornelis:Kees "
        "Elisabeth:Els,Betje "
        "Antonius:Ton,Toon Adriana:Jana Gerardus:Gerard,Ger Maria:Mia,Ria Petrus:Piet Jacobus:Koos "
        "Catharina:Trijntje,Rina Theodorus:Theo Margaretha:Greet Nicolaas:Klaas Sanne Femke Joost"
    ),
}

_FAMILY: Final = {
    "de": (
        "Müller Schäfer Jäger Köhler Groß Weiß Böhm Krüger Schröder Huber Gruber Bauer "
        "Wagner Steiner "
        "Moser Hofer Leitner Fuchs Eder Schmid Schmidt Schmitt Meier Mayer Maier Meyer "
        "Becker Hoffmann "
        "Schulz Koch Richter Klein Wolf Neumann Schwarz Zimmermann Braun Hartmann Krause Lehmann "
        "Kaiser Vogel Winkler Lorenz Baumann Albrecht Sommer Brandt Haas Vogt Stadler "
        "Pichler Egger "
        "Berger Lang Aigner Brunner Wallner Ortner Zürcher Bühler Wüthrich Ammann Frei Gerber Käser"
    ),
    "fr": (
        "Lefèvre Dupont Moreau Garçon Bélanger Rousseau Fournier Girard Mercier Blanchard Guérin "
        "Chevalier Gauthier Lemaître Perrin Renaud Dufour Joly Barbier Besson Hervé Le\xa0Goff "
        "Vasseur Delacroix Peeters Lambert Dubois Janssens Maréchal"
    ),
    "en": (
        "Smith Jones Taylor Brown Walker Wright Thompson Hughes Edwards Green Hall Wood "
        "Harris Clarke "
        "Jackson Cooper Morgan Bailey Bell Murphy O'Connor O'Neill Macdonald McLean Fletcher Shaw "
        "Barker Holmes Palmer Stone Pearson Webb Hart Nguyen Garcia Martinez Robinson Miller Davis"
    ),
    "it": (
        "Rossi Russo Ferrari Bianchi Romano Colombo Ricci Marino Greco De\xa0Luca Mancini Esposito "
        "Rizzo Lombardi Moretti Barbieri Fontana D'Angelo Caruso Ferrara"
    ),
    "es": (
        "García Fernández González Rodríguez López Martínez Sánchez Pérez Núñez Muñoz "
        "Ibáñez Castaño "
        "Romero Navarro Domínguez Gil Vázquez Ramos Serrano Blanco"
    ),
    "nl": (
        "de\xa0Vries van\xa0Dijk Jansen de\xa0Boer van\xa0den\xa0Berg Bakker Visser Smit "
        "Meijer Mulder "
        "de\xa0Groot Bos Vos Peters Hendriks van\xa0Leeuwen Dekker Brouwer de\xa0Wit Dijkstra"
    ),
}

_TRADES: Final = {
    "de": "Bäckerei Metallbau Elektrotechnik Gebäudetechnik Spedition Druckerei Tischlerei "
    "Maschinenbau "
    "Kältetechnik Logistik Gartenbau Möbelhaus Apotheke Autohaus Brauerei Werkzeugbau",
    "fr": "Boulangerie Imprimerie Menuiserie Électricité Plomberie Transports Mécanique Hôtellerie",
    "en": "Logistics Engineering Foods Plumbing Printing Textiles Joinery Software Dairy Packaging",
    "it": "Officina Panificio Tipografia Trasporti Arredamenti Elettronica Ceramiche Vini",
    "es": "Panadería Talleres Imprenta Transportes Conservas Electricidad Muebles Bodegas",
    "nl": "Bakkerij Drukkerij Transport Techniek Kwekerij Installatie Scheepsbouw Zuivel",
}

_COINED: Final = (
    "Alpenrot Bergfalk Corvina Dornach Eibenholz Falkenau Grauwerk Hollerbusch "
    "Isartal Juratec Kranich "
    "Lindwurm Morgenlicht Nebelhorn Ostwind Pfauenrad Quellgrund Rotkehl Silberpfad "
    "Tannwald Uferlos "
    "Veltrix Wacholder Xylora Zirbelkern Ambrova Brindleton Cinderford Dunmarrow Elmsworth Fenwick "
    "Glastenvale Harrowgate Ivelmere Kestrelby Larkspur Marlowen Northcrag Oakenshaw "
    "Pemberlyn Quorndale"
)

LOCALES: Final[Mapping[str, str]] = {
    "DE": "de", "AT": "de", "CH": "de", "FR": "fr", "BE": "fr",
    "GB": "en", "US": "en", "IT": "it", "ES": "es", "NL": "nl",
}  # fmt: skip
"""Country to the language its names are drawn from."""

LEGAL_FORMS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "DE": (
        ("GmbH", "G.m.b.H.", "GMBH"),
        ("GmbH & Co. KG", "GmbH & Co KG"),
        ("AG",),
        ("e.K.", "eK"),
    ),
    "AT": (("GmbH", "Ges.m.b.H.", "GesmbH"), ("OG",), ("KG",), ("AG",)),
    "CH": (("AG", "A.G."), ("GmbH",), ("SA",)),
    "FR": (("SARL", "S.A.R.L."), ("SAS", "S.A.S."), ("SA", "S.A.")),
    "BE": (("SRL", "S.R.L."), ("NV", "N.V.")),
    "GB": (("Ltd", "Limited", "LTD."), ("PLC", "plc"), ("LLP",)),
    "US": (("Inc.", "Inc", "Incorporated"), ("LLC", "L.L.C."), ("Corp.", "Corporation")),
    "IT": (("S.r.l.", "SRL", "Srl"), ("S.p.A.", "SpA")),
    "ES": (("S.L.", "SL"), ("S.A.", "SA")),
    "NL": (("B.V.", "BV"), ("N.V.", "NV")),
}
"""Country to its legal forms, each with the other ways in which people write it."""


def _words(text: str) -> tuple[str, ...]:
    # A no-break space holds the parts of one name together in the tables above.
    return tuple(word.replace("\xa0", " ") for word in text.split(" ") if word)


def _short_forms(text: str) -> dict[str, tuple[str, ...]]:
    pairs = (word.partition(":") for word in _words(text))
    return {formal: tuple(short.split(",")) if short else () for formal, _, short in pairs}


GIVEN: Final = {locale: _short_forms(text) for locale, text in _GIVEN.items()}
"""Locale to given names, each with its short forms."""

FAMILY: Final = {locale: _words(text) for locale, text in _FAMILY.items()}
"""Locale to family names."""

TRADES: Final = {locale: _words(text) for locale, text in _TRADES.items()}
"""Locale to words for what a company does."""

COINED: Final = _words(_COINED)
"""Invented words that companies call themselves."""
