"""Every rule of the conformance kit, for Salesforce: by queries, and by query jobs first.

Jobs come with batches: together the settings that a large company switches on.
"""

from connectors import salesforce
from hub.testing.conformance import conformance

TestSalesforce = conformance(salesforce)
TestSalesforceJobs = conformance(
    salesforce, settings={"bulk_from": 1, "bulk_page_size": 3, "batch_writes": True}
)
