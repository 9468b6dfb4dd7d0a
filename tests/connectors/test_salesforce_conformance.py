"""Every rule of the conformance kit, for Salesforce."""

from connectors import salesforce
from hub.testing.conformance import conformance

TestSalesforce = conformance(salesforce)
