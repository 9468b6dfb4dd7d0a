"""Standardising alone: profiles and match keys of the benchmark's customers.

python -m benchmarks.standardise RECORDS
"""

from __future__ import annotations

import sys

from benchmarks.hub_path import MAPPING, STREAM
from benchmarks.rest_server import customer
from hub.mapping import compile_mapping, load_mapping
from hub.match.blocking import match_keys
from hub.match.features import build_features
from hub.match.profile import build_profile


def main() -> None:
    stream = compile_mapping(load_mapping(MAPPING, file="bench.yaml")).stream(STREAM.name)
    keys = 0
    for number in range(int(sys.argv[1])):
        (party,) = stream.translate(customer(number))
        keys += len(match_keys(build_features(build_profile(party.body))))
    print(f"{keys} match keys")


if __name__ == "__main__":
    main()
