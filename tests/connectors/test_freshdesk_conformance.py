"""Every rule of the conformance kit, for Freshdesk."""

from connectors import freshdesk
from hub.testing.conformance import conformance

TestFreshdesk = conformance(freshdesk)
