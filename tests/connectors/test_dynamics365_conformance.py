"""Every rule of the conformance kit, for Dynamics 365 Sales."""

from connectors import dynamics365
from hub.testing.conformance import conformance

TestDynamics365 = conformance(dynamics365)
