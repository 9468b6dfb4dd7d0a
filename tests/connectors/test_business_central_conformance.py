"""Every rule of the conformance kit, for Business Central."""

from connectors import business_central
from hub.testing.conformance import conformance

TestBusinessCentral = conformance(business_central)
