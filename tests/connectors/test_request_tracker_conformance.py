"""Every rule of the conformance kit, for Request Tracker."""

from connectors import request_tracker
from hub.testing.conformance import conformance

TestRequestTracker = conformance(request_tracker)
