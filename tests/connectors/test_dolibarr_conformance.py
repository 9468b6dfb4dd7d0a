"""Every rule of the conformance kit, for Dolibarr."""

from connectors import dolibarr
from hub.testing.conformance import conformance

TestDolibarr = conformance(dolibarr)
