"""Every rule of the conformance kit, for HubSpot."""

from connectors import hubspot
from hub.testing.conformance import conformance

TestHubspot = conformance(hubspot, settings={"requests_per_second": 1000})
