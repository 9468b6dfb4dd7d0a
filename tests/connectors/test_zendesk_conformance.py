"""Every rule of the conformance kit, for Zendesk."""

from connectors import zendesk
from hub.testing.conformance import conformance

TestZendesk = conformance(zendesk)
