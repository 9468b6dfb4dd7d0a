"""The real servers that integration tests and the real-system demo run against."""
