"""Training from the index counts the records that say the same, as training from a file does."""

from __future__ import annotations

from hub.match.engines.rows import Row
from hub.match.engines.training import LEAST_RECORDS, train_model
from hub.match.model import Model
from hub.match.packing import unpack_features
from hub.pipeline.models import LEAST_HOLDERS, named_model
from hub.pipeline.training import train
from hub.store.database import Engine, reading
from hub.store.match_contents import count_copies, every_content
from tests.unit.match.crowd import crowd
from tests.unit.match.workspace import filled_workspace
from tests.unit.pipeline.party_world import World


def _trained_by_hand(engine: Engine) -> Model:
    with reading(engine) as db:
        contents, others = list(every_content(db)), count_copies(db)
    held = {n: others[name] for n, (name, _) in enumerate(contents) if name in others}
    rows = [Row(n, unpack_features(text)) for n, (_, text) in enumerate(contents)]
    with filled_workspace(rows) as work:
        return train_model(work, LEAST_HOLDERS, held)


def test_copies_in_the_index_are_counted(store: Engine) -> None:
    world, bodies = World(store), crowd(2 * LEAST_RECORDS)
    world.put_all({f"crm:Contact:{n}": dict(body) for n, body in enumerate(bodies)})
    world.put_all({f"erp:Customer:{n}": dict(body) for n, body in enumerate(bodies[:700])})
    found = train(store, country="AT")
    with reading(store) as db:
        copied, model = count_copies(db), named_model(db, found.version)
    assert sum(copied.values()) == 2 * LEAST_RECORDS + 700 - found.contents
    assert model is not None
    by_hand = _trained_by_hand(store).kinds["person"].chances
    assert model.kinds["person"].chances == by_hand
