"""An explanation as a page of tables and a chart, for the terminal and for HTML, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from hub.match.thresholds import CERTAIN, POSSIBLE
from hub.match.verdict import Grade
from hub.pipeline.explain import BestPair, Explanation
from hub.pipeline.explain_pair import FieldStory, KeyStory, PairStory
from hub.pipeline.explain_sides import Side
from hub.pipeline.explain_why import Decided
from hub.pipeline.models import SHIPPED
from hub.reports.waterfall import Explanation as Page
from hub.reports.waterfall import Section, Step, Threshold, Waterfall

SHOWN: Final = 20
"""No more lines of a table are shown; the JSON has them all."""
_WORD: Final = 0.05


def page_of(told: Explanation) -> Page:
    """What a person sees."""
    return Page(
        title=f"{told.one.name} and {told.other.name}",
        answer=_answer(told),
        reasons=[reason.text for reason in told.reasons],
        waterfall=_waterfall(told.best) if told.best else None,
        sections=list(_sections(told)),
    )


def _answer(told: Explanation) -> str:
    first = told.reasons[0].text if told.reasons else ""
    return f"{'One customer' if told.together else 'Not one customer'}: {first}"


def _waterfall(best: BestPair) -> Waterfall | None:
    story = best.story
    if story.bits is None:
        return None
    compared = [item for item in story.fields if item.outcome is not None]
    steps = [
        Step("before", "odds of any two records", story.before),
        *(
            Step(_word(item.field), item.outcome or "", item.bits, item.left, item.right)
            for item in compared
        ),
        Step("look-alikes", _lookalikes(story), story.lookalikes),
    ]
    lines = (Threshold("possible", POSSIBLE), Threshold("certain", CERTAIN))
    model = "the shipped model" if story.model == SHIPPED else f"the trained model {story.model}"
    note = f"Compared as {story.kind} by {model}."
    verdict = "no match" if story.grade == Grade.NONE else story.grade
    return Waterfall(steps, verdict, lines, (best.left, best.right), note)


def _lookalikes(story: PairStory) -> str:
    if story.lookalikes > -_WORD:
        return "none explains it"
    relation = story.relations[0 if story.kin >= story.colleagues else 1]
    return f"{relation} explains it too"


def _word(field: str) -> str:
    return field.replace("_", " ")


def _sections(told: Explanation) -> Iterator[Section]:
    if told.best is not None:
        yield from _pair_sections(told.best)
    yield _pairs(told)
    yield _records(told)
    yield _decisions(told)
    columns = ["case", "left", "right", "grade", "reason", "state", "opened", "settled by"]
    cases = [
        (c.case, c.left, c.right, c.grade, c.reason, c.state, f"{c.opened_at:%Y-%m-%d}",
         c.settled_by)
        for c in told.cases[:SHOWN]
    ]  # fmt: skip
    yield Section("Review cases", columns, cases, _more(told.cases) or _none(cases))


def _pair_sections(best: BestPair) -> Iterator[Section]:
    story = best.story
    if story.bits is not None:
        yield _relations(story)
    silent = [
        (_word(item.field), item.left, item.right, item.note)
        for item in story.fields
        if item.outcome is None
    ]
    if silent:
        note = "These count neither for nor against."
        yield Section(
            "Not weighed by themselves", ["field", best.left, best.right, "why"], silent, note
        )
    note = "" if story.compared else "No match key finds the pair: the hub does not compare it."
    if story.same_content:
        note = "Both say the same, so the hub compares them with or without keys."
    yield Section("Match keys that both have", *_key_rows(story.keys), note or _none(story.keys))
    if story.crowded:
        yield Section("Contact points of too many", *_key_rows(story.crowded))


def _relations(story: PairStory) -> Section:
    """What each relation has for itself, field by field."""
    kin = story.kin - sum(item.kin for item in story.fields)
    colleagues = story.colleagues - sum(item.colleagues for item in story.fields)
    score = (story.bits or 0.0) - story.lookalikes
    rows: list[tuple[Any, ...]] = [("before", story.before, kin, colleagues)]
    rows += [
        (f"{_word(item.field)}: {item.outcome}", item.bits, item.kin, item.colleagues)
        for item in story.fields
        if item.outcome is not None
    ]
    rows.append(("sum", score, story.kin, story.colleagues))
    note = (
        "Bits for one customer and for the relations that look like it. What they explain as well "
        "is taken off."
    )
    return Section("Look-alikes", ["field", "one customer", *story.relations], rows, note)


def _key_rows(keys: Sequence[KeyStory]) -> tuple[list[str], list[tuple[Any, ...]]]:
    rows = [(item.key, item.meaning, item.finds, item.note) for item in keys[:SHOWN]]
    return ["key", "made of", "finds candidates", "note"], rows


def _pairs(told: Explanation) -> Section:
    columns = ["left", "right", "bits", "grade", "keys", "pairs alike"]
    count = sum(item.pairs for item in told.pairs)
    left_out = told.left_out + sum(item.pairs for item in told.pairs[SHOWN:])
    note = f"of {count + told.left_out:,}; {left_out:,} are not shown" if left_out else ""
    return Section("Pairs, the best first", columns, told.pairs[:SHOWN], note)


def _records(told: Explanation) -> Section:
    columns = ["record", "state", "waits", "customer", "link", "reason"]
    lines = [line for side in (told.one, told.other) for line in side.lines[:SHOWN]]
    rows = [(x.source, x.state, x.pending, x.party_id or "none", x.link, x.reason) for x in lines]
    count = len(told.one.lines) + len(told.other.lines)
    note = f"{count - len(lines):,} more records" if count > len(lines) else ""
    return Section("Records", columns, rows, note)


def _decisions(told: Explanation) -> Section:
    columns = ["decision", "left", "right", "who", "when", "reason", "revoked", "on"]
    found = [(item, "the two") for item in told.decisions]
    found += [(item, "others of their customers") for item in told.others]
    rows = [(*_decision(item), on) for item, on in found[:SHOWN]]
    return Section("Decisions of people", columns, rows, _more(found) or _none(found))


def _decision(item: Decided) -> tuple[str, ...]:
    revoked = f"{item.revoked_at:%Y-%m-%d}" if item.revoked_at else ""
    kind = item.kind.replace("_", "-")
    return (
        kind,
        item.left,
        item.right,
        item.actor,
        f"{item.decided_at:%Y-%m-%d}",
        item.reason,
        revoked,
    )


def _more(rows: Sequence[Any]) -> str:
    return f"{len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""


def _none(rows: Sequence[Any]) -> str:
    return "" if rows else "none"


def plain_explanation(told: Explanation) -> dict[str, Any]:
    """All of it, for machines; row ids stay in the store."""
    return {
        "one": _plain_side(told.one),
        "other": _plain_side(told.other),
        "one_customer": told.together,
        "reasons": [reason._asdict() for reason in told.reasons],
        "thresholds": {"certain": CERTAIN, "possible": POSSIBLE},
        "best": _plain_best(told.best) if told.best else None,
        "pairs": [line._asdict() for line in told.pairs],
        "pairs_left_out": told.left_out,
        "decisions": [item._asdict() for item in told.decisions],
        "decisions_on_others": [item._asdict() for item in told.others],
        "cases": [case._asdict() for case in told.cases],
    }


def _plain_side(side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        "what": side.what,
        "party_id": side.party_id,
        "records": [line._asdict() for line in side.lines],
    }


def _plain_best(best: BestPair) -> dict[str, Any]:
    story = best.story
    return {
        "left": best.left,
        "right": best.right,
        "kind": story.kind,
        "model": story.model,
        "grade": story.grade,
        "bits": story.bits,
        "before": story.before,
        "fields": [_plain_field(item) for item in story.fields],
        "lookalikes": story.lookalikes,
        "lookalike": story.lookalike,
        "relations": {story.relations[0]: story.kin, story.relations[1]: story.colleagues},
        "vetoes": list(story.vetoes),
        "keys": [key._asdict() for key in story.keys],
        "crowded": [key._asdict() for key in story.crowded],
        "same_content": story.same_content,
        "compared": story.compared,
    }


def _plain_field(item: FieldStory) -> dict[str, Any]:
    return item._asdict()
