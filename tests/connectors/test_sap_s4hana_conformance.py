"""Every rule of the conformance kit, for SAP S/4HANA."""

from connectors import sap_s4hana
from hub.testing.conformance import conformance

TestSapS4Hana = conformance(sap_s4hana)
