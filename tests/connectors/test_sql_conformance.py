"""Every rule of the conformance kit, for SQL databases."""

from connectors import sql
from hub.testing.conformance import conformance

TestSql = conformance(sql)
