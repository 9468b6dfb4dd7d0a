"""Every rule of the conformance kit, for SuiteCRM."""

from connectors import suitecrm
from hub.testing.conformance import conformance

TestSuiteCrm = conformance(suitecrm)
