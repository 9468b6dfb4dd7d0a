"""Training from the index counts the records that say the same, as training from a file does."""

from __future__ import annotations

from hub.match.engines.bulk import load_rows, open_workspace, prepare
from hub.match.engines.rows import Row
from hub.match.engines.training import LEAST_RECORDS, train_model
from hub.match.model import Model
from hub.match.packing import unpack_features
from hub.pipeline.models import LEAST_HOLDERS, named_model
from hub.pipeline.training import train
from hub.store.database import Engine, reading
from hub.store.match_contents import count_copies, every_content
from tests.unit.match.crowd import crowd
from tests.unit.pipeline.party_world import World


def _trained_by_hand(engine: Engine) -> Model:
    work = open_workspace()
    try:
        with reading(engine) as db:
            contents, others = list(every_content(db)), count_copies(db)
        load_rows(work, [Row(n, unpack_features(text)) for n, (_, text) in enumerate(contents)])
        prepare(work)
        held = {n: others[name] for n, (name, _) in enumerate(contents) if name in others}
        return train_model(work, LEAST_HOLDERS, lambda: held)
    finally:
        work.close()


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
