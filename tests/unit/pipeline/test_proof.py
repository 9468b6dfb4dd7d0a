"""A proof bundle from a real store: it holds by itself and by the store, and says what it lacks."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from hub.errors import ConfigError, StoreError
from hub.pipeline.golden import compute_golden
from hub.pipeline.matcher import Matcher
from hub.pipeline.models import SHIPPED, keep_model, shipped_model, with_frequencies
from hub.pipeline.proof_evidence import weigh_anew
from hub.reports.proof import read_bundle
from hub.reports.proof_hashes import body_hash
from hub.store.audit import verify_trail
from hub.store.columns import new_id
from hub.store.database import Engine, open_store, reading, writing
from hub.store.match_look_ups import load_profiles
from hub.store.match_models import adopt_model
from hub.store.schema import migrate
from hub.store.tables import canonical_record, raw_version
from tests.unit.pipeline.erase_world import ANNA, forget, party_of, say, settle
from tests.unit.pipeline.proof_world import (
    Content,
    content_of,
    failing,
    find,
    left_open,
    prove,
    resealed,
    tell,
)


class Tags(HTMLParser):
    """Notes the tags of a page, and all that could ask for something from elsewhere."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.asked: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        links = [value or "" for name, value in attrs if name in {"href", "src", "action"}]
        self.asked += [link for link in links if not link.startswith("#")]


@pytest.fixture
def party(store: Engine) -> str:
    return tell(store)


def test_a_bundle_holds_by_itself_and_against_its_store(store: Engine, party: str) -> None:
    made = prove(store, party)
    assert failing(made.page, store) == set()
    assert left_open(made.page, store) == {}
    content = content_of(made.page)
    assert {value["field"] for value in content["values"]} >= {"display_name", "emails", "family"}
    assert [item["records"] for item in content["evidence"]["pairs"]]
    with reading(store) as db:
        trail = verify_trail(db, head=content["audit"]["head"]["hash"])
    assert trail.broken is None


def test_a_page_asks_for_nothing_and_runs_nothing(store: Engine, party: str) -> None:
    page = prove(store, party).page
    found = Tags(page)
    assert found.asked == []
    assert found.tags.count("script") == 1
    assert found.tags.count("b") == 0
    assert "&lt;b&gt;Anna&lt;/b&gt; Koch" in page
    assert not re.search(r"@import|url\(|https?://", page.partition("<script")[0])


def test_the_story_names_who_decided_what_and_why(store: Engine, party: str) -> None:
    page = prove(store, party).page
    ledger = page.partition('<h2 id="ledger">')[2].partition('<h2 id="evidence">')[0]
    assert re.search(r"must-link</td><td>[^<]*person:3</td><td>eva</td><td>married in May", ledger)
    assert "merged away" in ledger


def test_somebody_elses_record_is_named_by_its_row_alone(store: Engine, party: str) -> None:
    page = prove(store, party).page
    assert f"record {find(store, '4')} of another customer" in page
    assert "person:4" not in page
    assert "Otto" not in page


def test_the_past_is_proved_by_what_its_version_kept(store: Engine, party: str) -> None:
    before = datetime.now(UTC)
    say(store, "person", {"id": "1", **ANNA, "email": "neu@mail.example"})
    settle(store)
    now, past = prove(store, party), prove(store, party, valid=before, known=before)
    assert "neu@mail.example" in now.page
    assert "neu@mail.example" not in past.page
    assert (failing(now.page, store), failing(past.page, store)) == (set(), set())
    content = content_of(past.page)
    assert not content["golden"]["live"]
    (record,) = [item for item in content["records"] if item["key"] == "1"]
    assert (record["raw_version"], record["translation"]) == (1, "agrees")
    (mails,) = [value for value in content["values"] if value["field"] == "emails"]
    (claim,) = [claim for claim in mails["claims"] if claim["record"] == record["name"]]
    assert claim["payload"] == [{"path": "email", "value": ANNA["email"]}]


def test_what_came_later_is_not_told(store: Engine, party: str) -> None:
    before = datetime.now(UTC)
    prove(store, party)
    content = content_of(prove(store, party, valid=before, known=before).page)
    assert [e["action"] for e in content["audit"]["entries"]].count("proof") == 0
    with pytest.raises(StoreError, match="was known at"):
        prove(store, party, known=datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(StoreError, match="no customer"):
        prove(store, new_id())


def test_an_id_that_was_merged_away_is_followed(store: Engine, party: str) -> None:
    content = content_of(prove(store, party).page)
    (away,) = [fate["party_id"] for fate in content["fates"] if fate["status"] == "merged"]
    followed = content_of(prove(store, away).page)
    assert followed["party"]["id"] == party
    assert followed["asked"]["party_id"] == away


def test_an_erased_person_leaves_no_more_than_that(store: Engine, party: str) -> None:
    before = prove(store, party)
    forget(store, party)
    after = prove(store, party)
    assert failing(after.page, store) == set()
    assert "This person was erased" in after.page
    assert "zyxmann" not in after.page.lower()
    assert any("erased in audit" in told for told in left_open(after.page).values())
    told = left_open(before.page, store)
    assert "delete the bundle" in told["the store has the same values"]
    assert failing(before.page, store) == set()


def test_a_record_that_was_cleaned_says_so(store: Engine) -> None:
    firm = {"company": "Berg AG", "company_phone": "+49 40 555666", "country": "DE"}
    say(store, "person", {"id": "1", **ANNA, **firm})
    settle(store)
    forget(store, party_of(store, "person:1"))
    settle(store)
    page = prove(store, party_of(store, "person:1#company")).page
    assert failing(page, store) == set()
    (state,) = [record["payload_state"] for record in content_of(page)["records"]]
    assert state == "cleaned by an erasure"
    assert "payloads that are not whole" in left_open(page)


def test_a_payload_that_is_kept_no_longer_says_so(store: Engine, party: str) -> None:
    say(store, "person", {"id": "1", **ANNA, "phone": "+49 89 1111111"})
    settle(store)
    with writing(store) as db:
        db.execute(sa.delete(raw_version).where(raw_version.c.version == 2))
    page = prove(store, party).page
    assert failing(page, store) == set()
    states = {record["payload_state"] for record in content_of(page)["records"]}
    assert states == {"whole", "kept no longer"}


def test_a_body_that_the_hub_has_changed_is_told_apart(store: Engine, party: str) -> None:
    """Own writes are taken out of a record before it is translated (hub.pipeline.echo)."""
    here = canonical_record.c.id == find(store, "2")
    with writing(store) as db:
        body = orjson.loads(db.scalar(sa.select(canonical_record.c.body).where(here)) or "")
        text = orjson.dumps({**body, "lang": "de"}).decode()
        values: dict[str, Any] = {"body": text, "body_hash": bytes.fromhex(body_hash(text))}
        db.execute(sa.update(canonical_record).where(here).values(pending=True, **values))
    settle(store)
    page = prove(store, party).page
    assert failing(page, store) == set()
    found = {record["key"]: record["translation"] for record in content_of(page)["records"]}
    assert found == {"1": "agrees", "2": "differs", "3": "agrees"}


def test_a_store_that_was_tampered_with_is_found_out(store: Engine, party: str) -> None:
    forged = orjson.dumps({"id": "1", **ANNA, "email": "forged@mail.example"}).decode()
    here = (
        raw_version.c.record_id
        == sa.select(canonical_record.c.record_id)
        .where(canonical_record.c.id == find(store, "1"))
        .scalar_subquery()
    )
    with writing(store) as db:
        db.execute(sa.update(raw_version).where(here).values(payload=forged))
    assert "payloads have their hashes" in failing(prove(store, party).page)


def test_a_bundle_of_another_store_is_refused_by_this_one(store: Engine, party: str) -> None:
    page = prove(store, party).page
    elsewhere = open_store("sqlite:///:memory:")
    migrate(elsewhere)
    assert failing(page, elsewhere) >= {
        "the store's audit trail contains that of the bundle",
        "the store's audit trail names the bundle",
        "the store has the same links",
    }
    elsewhere.dispose()


def test_a_bundle_that_was_made_anew_is_not_the_one_in_the_trail(store: Engine, party: str) -> None:
    page = resealed(prove(store, party).page, lambda c: c.update(reason="another"))
    assert failing(page) == set()
    assert failing(page, store) == {"the store's audit trail names the bundle"}


def test_a_file_that_is_no_bundle_is_refused(store: Engine, party: str) -> None:
    page = prove(store, party).page
    for text in ("", "<html>", page.replace("</script>", ""), page + page, page[:-900]):
        with pytest.raises(ConfigError):
            read_bundle(text)
    with pytest.raises(ConfigError, match="another format"):
        read_bundle(resealed(page, lambda c: c.update(format="customer-hub proof, version 9")))


def test_a_waiting_change_does_not_change_what_is_proved(store: Engine, party: str) -> None:
    say(store, "person", {"id": "1", **ANNA, "email": "neu@mail.example"})
    page = prove(store, party).page
    assert failing(page, store) == set()
    assert not content_of(page)["golden"]["live"]
    compute_golden(store)


def test_evidence_goes_by_the_model_in_force_and_its_frequencies(store: Engine, party: str) -> None:
    rare = prove(store, party)
    version = adopt(store, {"full_name:anna zyxmann": 40.0, "given:nobody": 0.3})
    frequent = prove(store, party)
    assert (failing(rare.page), failing(frequent.page)) == (set(), set())
    before, after = (content_of(made.page)["evidence"] for made in (rare, frequent))
    assert (before["model"]["version"], after["model"]["version"]) == (SHIPPED, version)
    assert "nobody" not in after["model"]["text"]
    names = [item["pairs"][0]["parts"][0] for item in (before, after)]
    assert [part["field"] for part in names] == ["full_name", "full_name"]
    assert names[1]["bits"] < names[0]["bits"] - 2


def test_a_trained_model_is_that_of_the_store(store: Engine, party: str) -> None:
    adopt(store, {"full_name:anna zyxmann": 40.0})
    page = prove(store, party).page
    assert failing(page, store) == set()

    def forge(content: Content) -> None:
        model = content["evidence"]["model"]
        model["text"] = model["text"].replace("40.0", "41.0")
        content["evidence"]["pairs"] = weigh_anew(content["records"], content["evidence"])

    forged = resealed(page, forge)
    assert failing(forged) == set()
    assert "the store has the same model" in failing(forged, store)


def engines_weights(store: Engine, content: Content) -> list[tuple[float, str]]:
    """What `hub resolve` would say of the pairs of a bundle."""
    rows = {record["name"]: record["row"] for record in content["records"]}
    with reading(store) as db:
        matcher, digests = Matcher(db), load_profiles(db, rows.values())
        matcher.load(digests.values())
        pairs = [[digests[rows[n]] for n in p["records"]] for p in content["evidence"]["pairs"]]
        found = [matcher.verdict(*pair) for pair in pairs]
    return [(item.bits, str(item.grade)) for item in found]


@pytest.mark.parametrize("trained", [False, True])
def test_weights_are_those_of_the_engine(store: Engine, party: str, *, trained: bool) -> None:
    """Also where a line is nobody's own, and where frequencies are known of names."""
    line = {"phone": ANNA["phone"]}
    crew = [{"id": f"c{n}", "given": "Ivo", "family": f"Brunn{n}", **line} for n in range(14)]
    say(store, "person", *({**item, "name": item["family"]} for item in crew))
    settle(store)
    if trained:
        adopt(store, {"given:anna": 0.2, "family:koch": 0.02, "full_name:anna koch": 40.0})
    content = content_of(prove(store, party).page)
    assert len(content["evidence"]["shared"]) == 1
    its = [(pair["bits"], pair["grade"]) for pair in content["evidence"]["pairs"]]
    assert len(its) > 1
    ours = engines_weights(store, content)
    assert [grade for _, grade in its] == [grade for _, grade in ours]
    assert [bits for bits, _ in its] == pytest.approx([bits for bits, _ in ours], abs=1e-9)


def adopt(store: Engine, shares: dict[str, float]) -> str:
    """A model with frequencies, in force; returns its version."""
    now = datetime.now(UTC)
    with writing(store) as db:
        version = keep_model(
            db, with_frequencies(shipped_model(), shares), dict.fromkeys(shares, 20), now
        )
        adopt_model(db, version, now)
    return version
