"""Every rule of the conformance kit, for NetSuite."""

from connectors import netsuite
from hub.testing.conformance import conformance

TestNetsuite = conformance(netsuite)
