"""Drafts connectors: from nothing, from an OpenAPI document, from a WSDL."""
