"""Every rule of the conformance kit, for Singer taps."""

from connectors import singer
from hub.testing.conformance import conformance

TestSinger = conformance(singer)
