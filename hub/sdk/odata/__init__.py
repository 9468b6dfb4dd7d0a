"""OData: declare an entity set as an :class:`ODataStream`, and it is read and written.

Version 2 (SAP) and version 4 (Microsoft and most others). docs/connectors/odata.md shows how.
"""

from hub.sdk.odata.batch import BatchAnswer, BatchCall
from hub.sdk.odata.client import ODataClient, Query, Service
from hub.sdk.odata.connector import ODataConnector, Target, odata_connector
from hub.sdk.odata.edm import Edm, Version, literal, parse_moment, parse_time
from hub.sdk.odata.errors import error_code, explain_with
from hub.sdk.odata.query import Field, all_of, beyond, key_of_id, key_path
from hub.sdk.odata.reading import Pace, StreamReader
from hub.sdk.odata.stream import ODataStream, Reading

__all__ = [
    "BatchAnswer",
    "BatchCall",
    "Edm",
    "Field",
    "ODataClient",
    "ODataConnector",
    "ODataStream",
    "Pace",
    "Query",
    "Reading",
    "Service",
    "StreamReader",
    "Target",
    "Version",
    "all_of",
    "beyond",
    "error_code",
    "explain_with",
    "key_of_id",
    "key_path",
    "literal",
    "odata_connector",
    "parse_moment",
    "parse_time",
]
