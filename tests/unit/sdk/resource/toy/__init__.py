"""A declared connector with everything: a stand-in from its declaration, samples, a mapping."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import Field, SecretStr

from hub.sdk import ConnectorConfig, ConnectorSpec, Sample, StandInSpec, StandInState, hookimpl
from hub.sdk.auth import BearerAuth
from hub.sdk.resource import (
    Offset,
    RestCount,
    RestStandIn,
    RestStream,
    RestWrite,
    Since,
    rest_connector,
    rest_samples,
)
from hub.sdk.rest import RestClient

CONTACT = RestStream(
    name="contact",
    entities=("party",),
    path="contacts",
    rows="data.items",
    paging=Offset(),
    changes=Since(param="updated_since"),
    version="meta.updated",
    deleted="meta.deleted",
    fetch="contacts/{key}",
    row="data",
    write=RestWrite(path="contacts/{key}", lock="etag"),
    keys_only={"fields": "id"},
    count=RestCount(path="contacts/count", records="meta.total", sums={"points": "meta.points"}),
)
MAPPING = """\
system: toy
version: 1
streams:
  contact:
    - entity: party
      fields:
        kind: {const: person}
        display_name: name
        contact_points:
          - {kind: {const: phone}, value: phone}
        updated_at: {path: meta.updated, apply: [datetime]}
write:
  contact: {phone: phone}
"""


class ToyConfig(ConnectorConfig):
    """Where the toy system is."""

    base_url: str = Field(description="Address of its API")
    key: SecretStr = Field(description="Key that may read and change contacts")
    page_size: int = Field(default=100, ge=1, description="Contacts to a request")


def client(config: ToyConfig) -> RestClient:
    return RestClient(config.base_url, system="toy", auth=BearerAuth(config.key))


def contact(sample: Sample) -> dict[str, Any]:
    return {
        "id": sample.number,
        "name": f"Example {sample.number}",
        "phone": f"+49 30 {sample.number:04}{sample.revision}",
        "points": f"{sample.number}.25",
        "meta": {"deleted": False},
    }


SAMPLES = rest_samples(
    [CONTACT], {"contact": contact}, fields={"contact": lambda n: {"phone": f"+49 40 {n}"}}
)


@hookimpl
def hub_connector() -> ConnectorSpec:
    spec = rest_connector("toy", title="Toy", config=ToyConfig, client=client, streams=(CONTACT,))
    return replace(spec, mapping=MAPPING)


@hookimpl
def hub_standin() -> StandInSpec:
    return StandInSpec(name="toy", start=start, samples=SAMPLES)


def start(state: StandInState, port: int) -> RestStandIn:
    proof = {"authorization": "Bearer toy-key"}
    return RestStandIn(state, [CONTACT], proof=proof, settings={"key": "toy-key"}, port=port)
