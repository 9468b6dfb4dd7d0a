"""Every rule of the conformance kit, for JMAP."""

from connectors import jmap
from hub.testing.conformance import conformance

TestJmap = conformance(jmap)
