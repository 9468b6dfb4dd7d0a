"""Every rule of the conformance kit, for CardDAV."""

from connectors import carddav
from hub.testing.conformance import conformance

TestCardDav = conformance(carddav)
