"""Replays: what a proof bundle says, made anew from its raw payloads by mapping, rules and model.

No store is asked: a bundle brings all that the hub's own code needs. The code must be that of the
version which made the bundle, since another one may rightly come to another result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from hub.errors import HubError
from hub.mapping import CompiledMapping, compile_mapping, load_mapping
from hub.match.model import dump_model
from hub.model.envelope import SourceKey
from hub.pipeline.bodies import build_body
from hub.pipeline.models import SHIPPED, shipped_model
from hub.pipeline.proof_evidence import weigh_anew
from hub.pipeline.rule_set import RuleSet
from hub.pipeline.values import Explainer, ValueClaim
from hub.reports.proof_checks import Check, Outcome, run_check
from hub.store.material import Material

Content = Mapping[str, Any]
_PARTY: Final = "party"


def replay(content: Content, version: str) -> list[Check]:
    """Make records, golden record and weights anew; ``version`` is that of the hub at hand."""
    if content.get("hub_version") != version:
        detail = f"made by hub {content.get('hub_version')!s}, this is {version}"
        return [Check(name, Outcome.OPEN, detail) for name in _REPLAYS]
    golden = content.get("golden")
    past = isinstance(golden, dict) and not golden.get("live")
    told = "as far as the version of that time kept it" if past else ""
    return [
        run_check(name, lambda find=find: _explained(find, content), told)  # type: ignore[misc]  # bound at once
        for name, find in _REPLAYS.items()
    ]


def _explained(find: Callable[[Content], Iterator[str]], content: Content) -> Iterator[str]:
    try:
        yield from find(content)
    except HubError as error:
        yield f"it can't be made anew ({type(error).__name__})"


def translate_again(text: str, source: SourceKey, payload: str) -> str | None:
    """The canonical party body that a mapping makes of a payload; None where it makes none."""
    try:
        made = _compiled(text).stream(source.type).translate(orjson.loads(payload))
        bodies = {
            mapped.part: build_body(_PARTY, mapped.body).text
            for mapped in made
            if mapped.entity == _PARTY
        }
    except (HubError, orjson.JSONDecodeError, AttributeError, TypeError, ValueError):
        return None
    return bodies.get(source.part)


@lru_cache(maxsize=16)
def _compiled(text: str) -> CompiledMapping:
    return compile_mapping(load_mapping(text, file="kept mapping"))


def tell_values(explainer: Explainer, body: Content) -> list[dict[str, Any]]:
    """Every golden value with all that was compared."""
    return [
        {
            "field": field,
            "value": body[field],
            "claims": [_claim(item) for item in explainer.claims(field)],
        }
        for field in sorted(body)
    ]


def _claim(item: ValueClaim) -> dict[str, Any]:
    return {
        "record": item.source,
        "value": item.value,
        "wins": item.wins,
        "why": item.why,
        "trust": item.trust,
        "updated": item.updated,
        "raw_version": item.raw_version,
        "mapping_digest": item.mapping_digest,
        "path": item.mapping_path,
        "line": item.mapping_line,
        "payload": [{"path": read.path, "value": read.value} for read in item.payload],
    }


def explainer_of(records: Sequence[Content], mappings: Sequence[Content], stated: str) -> Explainer:
    """What explains the golden record of a bundle."""
    used = [record for record in records if record["active"] and record["body"] is not None]
    payloads = {
        (record["source_row"], record["raw_version"]): record["payload"]
        for record in used
        if record["payload"] is not None
    }
    texts = {item["digest"]: item["text"] for item in mappings}
    material = [_material(record) for record in used]
    return Explainer(material, RuleSet.from_stated(stated), texts, payloads)


def _material(record: Content) -> Material:
    observed = record["observed_at"]
    return Material(
        canonical_id=record["row"],
        record_id=record["source_row"],
        source=source_of(record),
        office=record["office"],
        body=record["body"],
        raw_version=record["raw_version"],
        mapping_digest=record["mapping_digest"],
        observed_at=datetime.fromisoformat(observed) if observed else None,
    )


def source_of(record: Content) -> SourceKey:
    """The name of a bundle's record."""
    return SourceKey(*(record[name] for name in ("connection", "type", "key", "part")))


def _records(content: Content) -> Iterator[str]:
    texts = {item["digest"]: item["text"] for item in content["mappings"]}
    for record in content["records"]:
        if record["translation"] != "agrees":
            continue
        text = texts[record["mapping_digest"]]
        if translate_again(text, source_of(record), record["payload"]) != record["body"]:
            yield f"record {record['row']}: the mapping makes another body of the payload"


def _golden(content: Content) -> Iterator[str]:
    golden = content["golden"]
    if golden is None or not golden["live"]:
        return
    explainer = explainer_of(content["records"], content["mappings"], content["rules"]["stated"])
    made = explainer.survive()
    if _sorted(made.body) != golden["body"]:
        yield "the rules make other golden values of the records"
    if _sorted(made.provenance) != golden["provenance"]:
        yield "the rules find another origin of the golden values"
    body = orjson.loads(golden["body"])
    if _plain(tell_values(explainer, body)) != content["values"]:
        yield "the rules explain a value in another way"


def _sorted(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))


def _weights(content: Content) -> Iterator[str]:
    evidence = content["evidence"]
    made = weigh_anew(content["records"], evidence)
    if len(made) != len(evidence["pairs"]):
        yield "the bundle has other pairs of records than those to be compared"
    for mine, its in zip(made, evidence["pairs"], strict=False):
        if not _same_pair(mine, its):
            yield "the model weighs a pair of records in another way"


def _model(content: Content) -> Iterator[str]:
    """The shipped model is part of the hub; the store alone can vouch for a trained one."""
    model = content["evidence"]["model"]
    if model["version"] == SHIPPED and model["text"] != dump_model(shipped_model()).decode():
        yield "the bundle has another model than the hub ships"


def _same_pair(mine: Content, its: Content) -> bool:
    """Sums of floats may differ in the last digits from machine to machine."""
    parts = list(zip(mine["parts"], its["parts"], strict=False))
    plain = ("records", "kind", "grade", "vetoes")
    return (
        all(mine[name] == its[name] for name in plain)
        and len(mine["parts"]) == len(its["parts"])
        and abs(mine["bits"] - its["bits"]) < _CLOSE
        and all(a["field"] == b["field"] and a["outcome"] == b["outcome"] for a, b in parts)
        and all(abs(a["bits"] - b["bits"]) < _CLOSE for a, b in parts)
    )


_CLOSE: Final = 1e-6
_REPLAYS: Final[Mapping[str, Callable[[Content], Iterator[str]]]] = {
    "mappings make the records of the payloads": _records,
    "rules make the golden record of the records": _golden,
    "the model is the one that is named": _model,
    "the model weighs the records so": _weights,
}
