"""Every rule of the conformance kit, for files."""

from connectors import file
from hub.testing.conformance import conformance

TestFile = conformance(file)
