"""Every rule of the conformance kit, for Tryton."""

from connectors import tryton
from hub.testing.conformance import conformance

TestTryton = conformance(tryton)
