"""Every rule of the conformance kit, for HubSpot: with a private app, and with OAuth tokens."""

from connectors import hubspot
from connectors.hubspot.standin import OAUTH
from hub.testing.conformance import conformance

FAST = {"requests_per_second": 1000}

TestHubspot = conformance(hubspot, settings=FAST)
TestHubspotInstalled = conformance(
    hubspot,
    settings={**FAST, **OAUTH, "key": None},
    exempt={"unlogged[key]": "no key is set, so none can be found in a log"},
)
