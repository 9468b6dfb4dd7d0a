"""Every rule of the conformance kit, for Microsoft Graph."""

from connectors import microsoft_graph
from hub.testing.conformance import conformance

TestMicrosoftGraph = conformance(microsoft_graph)
