"""What is compared, and the levels of agreement: the first level that holds is a pair's outcome.

A field that cannot be compared (missing on one side) says nothing: it is no disagreement.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple

from hub.match.predicates import (
    Alike,
    AllOf,
    Among,
    AnyOf,
    Begins,
    CrossedAlike,
    Crosses,
    DayAndMonthSwapped,
    Includes,
    Incomparable,
    Initial,
    Longer,
    Missing,
    Near,
    Not,
    Predicate,
    Same,
    SamePart,
    Shares,
)

DIFFERENT: Final = "different"
"""Outcome of a pair that fulfils no level of a field."""


class Level(NamedTuple):
    """One outcome; where ``frequency`` names a column, a rare value of it weighs more."""

    outcome: str
    condition: Predicate
    frequency: str | None = None


class Field(NamedTuple):
    """One thing that is compared, its levels from the best agreement down."""

    name: str
    missing: Predicate
    levels: tuple[Level, ...]


_BOTH: Final = Same("full_name")
"""Both names, in either order: told once, by the full name, whose share among all is known."""
_CROSSED: Final = CrossedAlike("given", "family", 0.88)
_NO_FAMILY: Final = Incomparable(("family",))
_ONE_WORD: Final = AllOf((_NO_FAMILY, Crosses("given", "family")))
"""One side has one word for a name, which is the other's family name."""
_GIVEN_ALIKE: Final = AnyOf(
    (
        Alike("given", 0.8),
        Initial("given"),
        Shares("given_forms"),
        Same("given_sound"),
        Crosses("given", "family"),
    )
)
_GIVEN: Final = Field(
    "given_name",
    AnyOf((Incomparable(("given",)), _BOTH, _CROSSED, _ONE_WORD)),
    (
        Level("same", Same("given"), "given"),
        Level("nickname or call name", Shares("given_forms")),
        Level("initial", Initial("given")),
        Level("slip", AllOf((Longer("given", 3), AnyOf((Near("given"), Alike("given", 0.92)))))),
        Level("sounds alike", Same("given_sound")),
        Level("similar", Alike("given", 0.8)),
    ),
)
_MIDDLE: Final = Field(
    "middle_name",
    AnyOf(
        (
            Incomparable(("middle_initials",)),
            Not(AnyOf((Same("given"), Same("given_sound")))),
        )
    ),
    (
        Level("same", Shares("middle_names")),
        Level("initial", AllOf((Shares("middle_initials"), Incomparable(("middle_names",))))),
        Level("same letter", Shares("middle_initials")),
    ),
)
"""Told beside one given name: what stands behind another may be anything."""
_FAMILY: Final = Field(
    "family_name",
    AnyOf((AllOf((_NO_FAMILY, Not(_ONE_WORD))), _BOTH, _CROSSED)),
    (
        Level("same", Same("family"), "family"),
        Level("slip", AnyOf((Near("family"), Alike("family", 0.92)))),
        Level("one of several", Among("family", "family_words"), "family"),
        Level("another word of the name", Among("family", "other_words")),
        Level("in the given name's place", Crosses("given", "family")),
        Level("similar", Alike("family", 0.8)),
    ),
)
_FULL_NAME: Final = Field(
    "full_name",
    AnyOf((Incomparable(("given",)), _NO_FAMILY)),
    (
        Level("same", AllOf((_BOTH, Same("given"))), "full_name"),
        Level("swapped", _BOTH, "full_name"),
        Level("swapped, with a slip", _CROSSED),
        Level(
            "only the family name",
            AllOf((AnyOf((Same("family"), Near("family"))), Not(_GIVEN_ALIKE))),
        ),
        Level(
            "not both different",
            AnyOf((_GIVEN_ALIKE, Alike("family", 0.8), Shares("family_words"))),
        ),
    ),
)
"""Both names at once where they agree, else what they say together beyond what each says."""
_GENERATION: Final = Field(
    "generation", Incomparable(("generation",)), (Level("same", Same("generation")),)
)
_BIRTH_DATE: Final = Field(
    "birth_date",
    Incomparable(("birth_date",)),
    (
        Level("same", Same("birth_date")),
        Level(
            "slip or day and month swapped",
            AnyOf((Near("birth_date"), DayAndMonthSwapped("birth_date"))),
        ),
        Level(
            "two of three parts",
            AnyOf(
                (
                    SamePart("birth_date", 0, 7),
                    SamePart("birth_date", 5, 10),
                    AllOf((SamePart("birth_date", 0, 4), SamePart("birth_date", 8, 10))),
                )
            ),
        ),
        Level("year", SamePart("birth_date", 0, 4)),
    ),
)
_ONE_HAND: Final = AllOf((SamePart("mailbox", 0, 1), Same("mailbox_number")))
"""Another first letter or number is another person of the family or the name, not a slip."""
_EMAIL: Final = Field(
    "email",
    Missing(("mailboxes", "desks", "shared_mailboxes")),
    (
        Level("same", Shares("mailboxes")),
        Level("same, of several people", AnyOf((Shares("desks"), Shares("shared_mailboxes")))),
        Level("same name elsewhere", Shares("mail_names")),
        Level("slip", AllOf((Longer("mailbox", 10), _ONE_HAND, Near("mailbox")))),
        Level("same company", Shares("domains")),
    ),
)
_PHONE: Final = Field(
    "phone",
    Missing(("phones", "shared_phones")),
    (
        Level("same", Shares("phones")),
        Level("same, of several people", Shares("shared_phones")),
    ),
)
_NOT_BOTH_COMPANIES: Final = AllOf((Not(Same("kind")), Not(Missing(("given",), both=True))))
"""One may be somebody of the company, or who it is named after."""
_OFFICE_PHONE: Final = Field(
    "phone",
    _PHONE.missing,
    (
        Level("same, but one may be a person's", AllOf((Shares("phones"), _NOT_BOTH_COMPANIES))),
        *_PHONE.levels,
    ),
)
_STREET: Final = AnyOf((Alike("street", 0.9), AllOf((Longer("street", 5), Begins("street")))))
"""One may name the quarter or the building behind the street."""
_IN_ONE_HOUSE: Final = (
    Level("same house", Shares("houses")),
    Level("postcode and number", AllOf((Same("postcode"), Same("house_number")))),
    Level("street and number", AllOf((Same("house_number"), _STREET))),
    Level("postcode and street", AllOf((Same("postcode"), _STREET))),
)
_ADDRESS: Final = Field(
    "address",
    Incomparable(("street", "postcode", "city")),
    (
        *_IN_ONE_HOUSE,
        Level(
            "postcode, no street known",
            AllOf((Same("postcode"), Incomparable(("street",)))),
            "postcode",
        ),
        Level("postcode, another street", Same("postcode"), "postcode"),
        Level("street", Alike("street", 0.9)),
        Level(
            "city, no more known",
            AllOf((Same("city"), Incomparable(("street",)), Incomparable(("postcode",)))),
            "city",
        ),
        Level("district", SamePart("postcode", 0, 4)),
        Level("city, another address", Same("city"), "city"),
        Level("similar city", Alike("city", 0.9)),
    ),
)
_IDENTIFIER: Final = Field(
    "identifier",
    AllOf((Not(Shares("issuers")), Not(Shares("identifiers")))),
    (
        Level("same", Shares("identifiers")),
        Level("slip", Near("identifier", 2)),
    ),
)
_SLIP: Final = AnyOf((Near("organisation"), Alike("organisation", 0.95)))
_TWO_WORDS: Final = Shares("organisation_words", 2)
_LIKE_NAME: Final = Alike("organisation", 0.88)
_ORGANISATION: Final = Field(
    "organisation",
    Incomparable(("organisation",)),
    (
        Level("same", Same("organisation"), "organisation"),
        Level(
            "another company of the name",
            AllOf(
                (
                    Not(Incomparable(("organisation_part",))),
                    Not(Same("organisation_part")),
                    AnyOf((_LIKE_NAME, Includes("organisation_words"), _TWO_WORDS)),
                )
            ),
        ),
        Level(
            "one of several names",
            AnyOf((Among("organisation", "organisation_names"), Shares("organisation_names"))),
            "organisation",
        ),
        Level("slip", AllOf((Longer("organisation", 9), _SLIP))),
        Level("slip in a short name", _SLIP),
        Level("part of the other", Includes("organisation_words")),
        Level("two words", _TWO_WORDS),
        Level("similar", _LIKE_NAME),
        Level("one word", Shares("organisation_words")),
    ),
)
_NAME_AND_PLACE: Final = Field(
    "name_and_place",
    AnyOf((_ORGANISATION.missing, _ADDRESS.missing)),
    (
        Level(
            "same name in one house",
            AllOf(
                (
                    Near("organisation"),
                    Same("organisation_part"),
                    AnyOf((Same("legal_form"), Incomparable(("legal_form",)))),
                    AnyOf(tuple(level.condition for level in _IN_ONE_HOUSE)),
                )
            ),
        ),
    ),
)
"""What both say together: branches of one name are elsewhere, and who shares a house with another
company of the group is called otherwise."""
_EMPLOYER: Final = Field(
    "employer",
    Incomparable(("employer",)),
    (
        Level("same", Same("employer"), "employer"),
        Level(
            "similar",
            AnyOf((Near("employer"), Alike("employer", 0.9), Includes("employer_words"))),
        ),
        Level("one word", Shares("employer_words")),
    ),
)
_COUNTRY: Final = Field(
    "country",
    AnyOf((Incomparable(("country",)), Not(_ADDRESS.missing))),
    (Level("same", Same("country")),),
)
"""Told where no address can be compared: people of one name live in one country as a rule."""
_LEGAL_FORM: Final = Field(
    "legal_form", Incomparable(("legal_form",)), (Level("same", Same("legal_form")),)
)
_ONE_BOX: Final = AnyOf((Shares("mailboxes"), Shares("desks")))
_REACH: Final = Field(
    "email",
    AllOf((Missing(("mailboxes", "desks", "shared_mailboxes")), Incomparable(("domains",)))),
    (
        Level(
            "same, but one may be a person's",
            AllOf((_ONE_BOX, _NOT_BOTH_COMPANIES)),
        ),
        Level("same", _ONE_BOX),
        Level("same, of several people", Shares("shared_mailboxes")),
        Level("same domain", Shares("domains")),
        Level("slip", AllOf((Longer("box", 12), AnyOf((Near("box", 2), Alike("box", 0.97)))))),
    ),
)

FIELDS: Final = MappingProxyType(
    {
        "person": (
            _GIVEN,
            _FAMILY,
            _FULL_NAME,
            _MIDDLE,
            _GENERATION,
            _BIRTH_DATE,
            _EMAIL,
            _PHONE,
            _ADDRESS,
            _COUNTRY,
            _EMPLOYER,
            _IDENTIFIER,
        ),
        "organisation": (
            _ORGANISATION,
            _LEGAL_FORM,
            _REACH,
            _OFFICE_PHONE,
            _ADDRESS,
            _NAME_AND_PLACE,
            _COUNTRY,
            _IDENTIFIER,
        ),
    }
)
"""The fields that are compared, by kind of party."""
