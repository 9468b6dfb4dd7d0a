"""What is read out of answers, and where links may lead."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from hub.errors import ConflictError, CursorExpiredError, RejectedError, SourceSchemaError
from hub.sdk.odata import Version, error_code, explain_with
from hub.sdk.odata.answers import continuation, read_answer, read_entity
from hub.sdk.rest import RestResponse

ROOT = "https://host.example/api/v2"


def answered(body: Any, status: int = 200, method: str = "GET") -> RestResponse:
    headers = {"date": "Sat, 31 Jan 2026 12:00:00 GMT", "etag": 'W/"header"'}
    return RestResponse(status, headers, orjson.dumps(body), "sample", "people", method)


def test_version_2_is_unwrapped_at_every_depth() -> None:
    row = {
        "__metadata": {"uri": "x", "etag": 'W/"1"'},
        "Day": "/Date(1769817600000)/",
        "At": "/Date(1769860800123+0000)/",
        "Mails": {"results": [{"__metadata": {"uri": "y"}, "Sent": "/Date(0)/"}]},
        "Later": {"__deferred": {"uri": "z"}},
        "One": {"__metadata": {"uri": "q"}, "Name": "n"},
    }
    found = read_answer(answered({"d": {"results": [row], "__next": "n"}}), Version.V2)
    (entity,) = found.entities
    assert entity.etag == 'W/"1"'
    assert entity.row == {
        "Day": "2026-01-31T00:00:00",
        "At": "2026-01-31T12:00:00.123Z",
        "Mails": [{"Sent": "1970-01-01T00:00:00"}],
        "One": {"Name": "n"},
    }
    assert (found.next_link, found.delta_link) == ("n", "")
    assert read_answer(answered({"d": [row]}), Version.V2).entities == [entity]


def test_version_4_keeps_what_is_the_entitys_own() -> None:
    row = {"@odata.etag": "e", "Id": 1, "Id@odata.type": "#Int64", "In": {"@odata.id": 1, "x": 2}}
    removed = [
        {
            "@odata.context": f"{ROOT}/$metadata#People/$deletedEntity",
            "id": "7",
            "reason": "deleted",
        },
        {"@removed": {"reason": "changed"}, "@id": "People('8')"},
    ]
    body = {"value": [row, *removed], "@odata.deltaLink": "d"}
    found = read_answer(answered(body), Version.V4)
    assert found.entities[0].row == {"Id": 1, "In": {"x": 2}}
    assert [entity.removed for entity in found.entities] == [None, "7", "People('8')"]
    assert found.delta_link == "d"


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(
    "body", [[], {}, {"value": {}}, {"d": 1}, {"value": [1]}, {"d": {"results": 3}}]
)
def test_what_is_no_collection_is_refused(version: Version, body: Any) -> None:
    with pytest.raises(SourceSchemaError):
        read_answer(answered(body), version)


def test_an_entity_takes_the_headers_etag_where_it_has_none() -> None:
    assert read_entity(answered({"Id": 1}), Version.V4).etag == 'W/"header"'
    with pytest.raises(SourceSchemaError):
        read_entity(answered([1]), Version.V2)


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        (f"{ROOT}/People?$skiptoken=1", "People?$skiptoken=1"),
        ("https://HOST.example:443/api/v2/people?$skiptoken=1", "People?$skiptoken=1"),
        ("People?$skiptoken=1", "People?$skiptoken=1"),
        ("https://evil.example/api/v2/People?x=1", "https://evil.example/api/v2/People?x=1"),
        (f"{ROOT}/Other?x=1", f"{ROOT}/Other?x=1"),
    ],
)
def test_links_are_kept_without_their_host(link: str, kept: str) -> None:
    assert continuation(link, ROOT, "People") == kept


@pytest.mark.parametrize(
    ("status", "method", "code", "kind"),
    [
        (400, "GET", "0x80044352", CursorExpiredError),
        (410, "GET", "", CursorExpiredError),
        (400, "GET", "BadRequest", SourceSchemaError),
        (409, "PATCH", "Request_EntityChanged", ConflictError),
        (412, "PATCH", "/IWBEP/CM_MGW_RT/041", ConflictError),
        (400, "PATCH", "0x80048d19", RejectedError),
    ],
)
def test_a_code_says_what_to_do(status: int, method: str, code: str, kind: type) -> None:
    body = {"error": {"code": code, "message": "secret@example.com is wrong"}}
    error = explain_with({"0x80044352"})(answered(body, status, method))
    assert isinstance(error, kind)
    assert "secret" not in str(error)


def test_a_code_is_cut_down_to_what_may_stand_in_a_message() -> None:
    hostile = {"error": {"code": "A b<script>@" + "x" * 200, "message": ""}}
    assert error_code(orjson.dumps(hostile)) == ("Abscript" + "x" * 200)[:80]
    assert error_code(b"<html>") == error_code(b"[1]") == error_code(b'{"error": 1}') == ""
