"""What a proof bundle shows by itself: every hash computed again, every value followed back.

Nothing here needs a store, a configuration or the network. A detail names rows and fields, never
values or source keys (they may be addresses).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, NamedTuple

import orjson

from hub.reports.proof import Bundle, digest_of, embedded
from hub.reports.proof_hashes import (
    body_hash,
    entry_hash,
    mapping_digest,
    payload_hash,
    reason_hash,
    rules_digest,
)

Content = Mapping[str, Any]


class Outcome(StrEnum):
    """What a check came to."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "not checked"


class Check(NamedTuple):
    """One check by name."""

    name: str
    outcome: Outcome
    detail: str = ""


def run_check(name: str, find: Callable[[], Iterable[str]], told: str = "") -> Check:
    """A check that holds where nothing is found wrong; a part that can't be read is wrong."""
    try:
        wrong = list(find())
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        return Check(name, Outcome.FAILS, f"this part can't be read ({type(error).__name__})")
    if not wrong:
        return Check(name, Outcome.HOLDS, told)
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return Check(name, Outcome.FAILS, "; ".join(wrong[:_SHOWN]) + more)


_SHOWN: Final = 5


def check_bundle(bundle: Bundle) -> list[Check]:
    """Every check that the bundle alone allows, in the order of the chain of proof."""
    content = bundle.content
    checks = [run_check("the digest is that of the content", lambda: _digest(bundle))]
    for name, find in _CHECKS.items():
        checks.append(run_check(name, lambda find=find: find(content)))  # type: ignore[misc]  # bound at once
    return [*checks, *_lost(content)]


def _digest(bundle: Bundle) -> Iterator[str]:
    if digest_of(bundle.content) != bundle.stated:
        yield "the content was changed after the bundle was made"
    elif embedded(bundle.content) not in bundle.page:
        yield "the embedded JSON is not in its canonical form"


def _payloads(content: Content) -> Iterator[str]:
    for record in content["records"]:
        if record["payload_state"] == "whole" and (
            payload_hash(record["payload"]) != record["payload_hash"]
        ):
            yield f"record {record['row']}: the payload has another hash"


def _mappings(content: Content) -> Iterator[str]:
    known = {item["digest"] for item in content["mappings"]}
    for item in content["mappings"]:
        if mapping_digest(item["text"]) != item["digest"]:
            yield f"mapping {item['digest'][:12]}: the text has another digest"
    for record in content["records"]:
        if record["body"] is not None and record["mapping_digest"] not in known:
            yield f"record {record['row']}: its mapping is missing"


def _bodies(content: Content) -> Iterator[str]:
    for record in content["records"]:
        if record["body"] is not None and body_hash(record["body"]) != record["body_hash"]:
            yield f"record {record['row']}: the canonical body has another hash"


def _golden(content: Content) -> Iterator[str]:
    golden = content["golden"]
    if golden is not None and payload_hash(golden["body"]) != golden["body_hash"]:
        yield f"version {golden['version']}: the golden values have another hash"


def _values(content: Content) -> Iterator[str]:
    golden = content["golden"]
    body = orjson.loads(golden["body"]) if golden else {}
    told = {value["field"]: value for value in content["values"]}
    yield from (f"{field}: stands on one side only" for field in sorted(body.keys() ^ told.keys()))
    for field in sorted(body.keys() & told.keys()):
        winners = [claim["value"] for claim in told[field]["claims"] if claim["wins"]]
        if not body[field] == told[field]["value"] == _said(field, winners, body[field]):
            yield f"{field}: the winning claim says something else"


def _said(field: str, winners: list[Any], value: Any) -> Any:
    """What winning claims give together; consents stand in the order of their purposes."""
    if field == "roles":
        return sorted({item["role"] if isinstance(item, dict) else item for item in winners})
    if field == "consents":
        return sorted(winners, key=lambda item: (item["purpose"], item["channel"]))
    return winners if isinstance(value, list) else winners[0] if len(winners) == 1 else None


def _origins(content: Content) -> Iterator[str]:
    """What the store keeps as a value's origin is what its winning claim says."""
    golden = content["golden"]
    stored = orjson.loads(golden["provenance"]) if golden else {}
    for value in content["values"]:
        origins = stored[value["field"]]
        listed = origins if isinstance(origins, list) else [origins]
        kept = {_origin(item) for item in listed}
        if kept != {_claimed(claim) for claim in value["claims"] if claim["wins"]}:
            yield f"{value['field']}: the stored origin is another one"


def _origin(item: Content) -> tuple[Any, ...]:
    source, mapping = item["source"], item["mapping"]
    tail = f"#{source['part']}" if source.get("part") else ""
    name = ":".join((source["connection"], source["type"], source["key"])) + tail
    return name, item["raw_version"], mapping["digest"], mapping["path"], mapping["line"]


def _claimed(claim: Content) -> tuple[Any, ...]:
    names = ("record", "raw_version", "mapping_digest", "path", "line")
    return tuple(claim[name] for name in names)


def _claims(content: Content) -> Iterator[str]:
    """Every claim is what the record's canonical body holds at the claim's path."""
    bodies = {record["name"]: record["body"] for record in content["records"]}
    for value in content["values"]:
        for claim in value["claims"]:
            body = bodies[claim["record"]]
            if body is None or claim["path"] is None:
                continue
            if not _agrees(_at(orjson.loads(body), claim["path"]), claim["value"]):
                yield f"{value['field']}: a claim is not what its record says"


def _at(body: Any, path: str) -> Any:
    for step in path.replace("[", ".").replace("]", "").split("."):
        body = body[int(step)] if isinstance(body, list) else body[step]
    return body


def _agrees(held: Any, told: Any) -> bool:
    """Items of lists are told without the source's own rank and period; a role by its name."""
    if isinstance(held, dict) and isinstance(told, dict):
        return all(held.get(name) == item for name, item in told.items())
    return bool(held == told or (isinstance(held, dict) and held.get("role") == told))


def _rules(content: Content) -> Iterator[str]:
    rules, golden = content["rules"], content["golden"]
    if golden is None:
        return
    if rules is None or rules["digest"] != golden["rules_digest"]:
        yield "the rules that made the golden record are missing"
    elif rules_digest(rules["stated"]) != rules["digest"]:
        yield "the text of the rules has another digest"


def _linked(content: Content) -> Iterator[str]:
    """A value comes from a record that belonged to the customer at that time."""
    known = content["asked"]["known"]
    linked = {link["record"] for link in content["links"] if _stands(link, known)}
    for value in content["values"] if content["golden"] and content["golden"]["live"] else ():
        winners = {claim["record"] for claim in value["claims"] if claim["wins"]}
        if not winners <= linked:
            yield f"{value['field']}: comes from a record that is not linked"


def _stands(link: Content, known: str) -> bool:
    began, ended = link["recorded_from"], link["recorded_to"]
    return bool(began <= known and (ended is None or ended > known))


def _entries(content: Content) -> Iterator[str]:
    for entry in content["audit"]["entries"]:
        if entry_hash(entry) != entry["hash"]:
            yield f"audit entry {entry['id']} has another hash"


def _reasons(content: Content) -> Iterator[str]:
    for entry in content["audit"]["entries"]:
        if entry["reason"] is not None and reason_hash(entry) != entry["reason_hash"]:
            yield f"audit entry {entry['id']}: the reason has another hash"


def _chain(content: Content) -> Iterator[str]:
    entries = content["audit"]["entries"]
    for before, after in pairwise(entries):
        if after["id"] <= before["id"]:
            yield f"audit entry {after['id']} is out of order"
        elif after["id"] == before["id"] + 1 and after["previous"] != before["hash"]:
            yield f"audit entry {after['id']} does not follow {before['id']}"
    if entries:
        yield from _head(entries[-1], content["audit"]["head"])


def _head(last: Content, head: Content | None) -> Iterator[str]:
    if head is None or head["id"] < last["id"]:
        yield "the newest entry of the chain is older than an entry of the bundle"
    elif head["id"] == last["id"] and head["hash"] != last["hash"]:
        yield "the newest entry of the chain has another hash"


def _decisions(content: Content) -> Iterator[str]:
    """A decision and the audit entry of the same moment name the same person and reason."""
    entries: dict[str, list[Content]] = {}
    for entry in content["audit"]["entries"]:
        entries.setdefault(entry["at"], []).append(entry)
    for item in content["decisions"]:
        same = entries.get(item["decided_at"], [])
        if same and not any(_matches(entry, item) for entry in same):
            yield f"decision {item['id']}: the audit trail names another person or reason"


def _matches(entry: Content, item: Content) -> bool:
    return bool(
        entry["actor"] == item["actor"]
        and (entry["reason"] is None or entry["reason"] == item["reason"])
    )


def _ruled(content: Content) -> Iterator[str]:
    """Every pair that an audit entry says was decided, of the customer's records, has its decision.

    A pair on which the same was decided before has that earlier decision.
    """
    mine = {link["canonical_id"] for link in content["links"]}
    decided = [
        (item["decided_at"], item["kind"], {item["left_id"], item["right_id"]})
        for item in content["decisions"]
    ]
    for entry in content["audit"]["entries"]:
        for kind, pair in _pairs_of(entry):
            told = (at for at, its, ends in decided if (its, ends) == (kind, pair))
            if pair & mine and not any(at <= entry["at"] for at in told):
                yield f"audit entry {entry['id']}: its decision on {_both(pair)} is missing"


def _pairs_of(entry: Content) -> Iterator[tuple[str, set[int]]]:
    detail = orjson.loads(entry["detail"])
    for kind in ("must_link", "never_link"):
        yield from ((kind, set(pair)) for pair in detail.get(kind, ()))


def _both(pair: set[int]) -> str:
    return " and ".join(map(str, sorted(pair)))


def _sums(content: Content) -> Iterator[str]:
    for pair in content["evidence"]["pairs"]:
        if (
            pair["kind"] is not None
            and abs(sum(part["bits"] for part in pair["parts"]) - pair["bits"]) > _ROUNDING
        ):
            yield f"the parts of a pair of records don't add up to {pair['bits']:.2f} bits"


_ROUNDING: Final = 0.06
"""A look-alike that takes less than .05 bits is not worth a part."""
_CHECKS: Final[Mapping[str, Callable[[Content], Iterator[str]]]] = {
    "payloads have their hashes": _payloads,
    "mapping texts have their digests": _mappings,
    "canonical bodies have their hashes": _bodies,
    "claims are what the records say": _claims,
    "golden values have their hash": _golden,
    "golden values are those of the winning claims": _values,
    "stored origins are those of the winning claims": _origins,
    "rules have their digest": _rules,
    "values come from linked records": _linked,
    "audit entries have their hashes": _entries,
    "audit reasons have their hashes": _reasons,
    "audit entries follow one another": _chain,
    "decisions stand in the audit trail": _decisions,
    "decisions of the audit trail are all there": _ruled,
    "weights are the sums of their parts": _sums,
}


def _lost(content: Content) -> Iterator[Check]:
    """What an erasure, or retention, has taken away is told and proves nothing."""
    try:
        gone = [r["row"] for r in content["records"] if r["payload_state"] != "whole"]
        mute = [e["id"] for e in content["audit"]["entries"] if e["reason"] is None]
    except (AttributeError, KeyError, TypeError):
        return
    if gone:
        detail = f"erased, cleaned or kept no longer: records {', '.join(map(str, gone))}"
        yield Check("payloads that are not whole", Outcome.OPEN, detail)
    if mute:
        detail = f"erased in audit entries {', '.join(map(str, mute))}"
        yield Check("reasons that are not kept", Outcome.OPEN, detail)
