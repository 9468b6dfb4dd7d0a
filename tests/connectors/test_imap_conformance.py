"""Every rule of the conformance kit, for IMAP."""

from connectors import imap
from hub.testing.conformance import conformance

TestImap = conformance(imap)
