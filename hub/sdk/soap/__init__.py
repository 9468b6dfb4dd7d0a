"""SOAP for connectors: a client on a local WSDL, sessions, WS-Security, bulk lists, paging."""

from hub.sdk.soap.client import AnswerRule, FaultRule, RowPage, SoapClient
from hub.sdk.soap.connector import SoapConnector, soap_connector
from hub.sdk.soap.rows import RowShape
from hub.sdk.soap.security import Timestamp, UsernameToken, XmlSignature
from hub.sdk.soap.session import SoapSession, in_header, in_part
from hub.sdk.soap.standin import SoapStandIn
from hub.sdk.soap.stream import SoapCount, SoapStream, SoapWrite
from hub.sdk.soap.values import SoapFault

__all__ = [
    "AnswerRule",
    "FaultRule",
    "RowPage",
    "RowShape",
    "SoapClient",
    "SoapConnector",
    "SoapCount",
    "SoapFault",
    "SoapSession",
    "SoapStandIn",
    "SoapStream",
    "SoapWrite",
    "Timestamp",
    "UsernameToken",
    "XmlSignature",
    "in_header",
    "in_part",
    "soap_connector",
]
