"""A connector that is declared alone, with a stand-in from its declaration, holds every rule."""

from hub.testing.conformance import conformance
from tests.unit.sdk.resource import toy

TestToy = conformance(toy)
