"""The mapping language: from a system's records to canonical ones, by a file people can read."""

from hub.mapping.catalogue import CatalogueField
from hub.mapping.compiler import CompiledMapping, CompiledStream, Mapped, compile_mapping
from hub.mapping.functions import FUNCTIONS
from hub.mapping.origins import PayloadValue
from hub.mapping.preview import PreviewRow, preview
from hub.mapping.reader import Mapping, load_mapping

__all__ = [
    "FUNCTIONS",
    "CatalogueField",
    "CompiledMapping",
    "CompiledStream",
    "Mapped",
    "Mapping",
    "PayloadValue",
    "PreviewRow",
    "compile_mapping",
    "load_mapping",
    "preview",
]
