"""The limits of STYLE: a limit that is broken is either mended or listed here with its reason."""

from __future__ import annotations

import ast
import statistics

from tests.architecture.source import (
    PACKAGES,
    ROOT,
    Function,
    classes,
    files,
    functions,
    lines,
    public_names,
)

FUNCTION_LINES, FUNCTION_MEDIAN, COMPLEXITY = 50, 10, 8
MODULE_LINES, MODULE_MEDIAN, PUBLIC_NAMES = 400, 150, 10
PARAMETERS, POSITIONAL, METHODS = 5, 2, 12
TEST_LINES, DAG_LINES = 25, 40
FORBIDDEN_WORDS = {"utils", "util", "helpers", "helper", "manager", "process", "data", "misc"}

MANY_NAMES = {
    "hub/errors.py": "the whole error tree stands in one file on purpose",
    "hub/config.py": "a class for each section of hub.toml",
    "hub/sdk/contract.py": "the contract is read as one page",
    "hub/match/predicates.py": "a family of small conditions, each twice: in SQL and in Python",
    "hub/match/engines/bulk.py": "the steps of one run over one workspace, in their order",
    "hub/model/party.py": "a family of small types",
    "hub/model/service.py": "a family of small types",
}


def all_functions() -> list[Function]:
    return [function for path in files(*PACKAGES) for function in functions(path)]


def test_functions_are_short() -> None:
    found = all_functions()
    assert len(found) > 100
    assert [f.place for f in found if f.length > FUNCTION_LINES] == []
    assert statistics.median(f.length for f in found) <= FUNCTION_MEDIAN


def test_functions_are_simple() -> None:
    found = [(f.place, f.complexity) for f in all_functions() if f.complexity > COMPLEXITY]
    assert found == []


def test_functions_take_few_parameters() -> None:
    broken = []
    for function in all_functions():
        if function.node.name == "__init__" or _is_hook(function.node):
            continue
        own = int(function.is_method)
        positional = len(function.node.args.posonlyargs + function.node.args.args) - own
        if positional + len(function.node.args.kwonlyargs) > PARAMETERS:
            broken.append(function.place)
    assert broken == []


def _is_hook(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A command of the command line: its parameters are the options that people type."""
    names = {ast.unparse(item).split("(")[0] for item in node.decorator_list}
    return any(name.endswith((".command", ".callback")) for name in names)


def test_modules_are_short() -> None:
    found = files(*PACKAGES)
    assert [str(p.relative_to(ROOT)) for p in found if lines(p) > MODULE_LINES] == []
    assert statistics.median(map(lines, found)) <= MODULE_MEDIAN


def test_modules_have_few_public_names() -> None:
    crowded = {
        str(path.relative_to(ROOT))
        for path in files(*PACKAGES)
        if len(public_names(path)) > PUBLIC_NAMES
    }
    assert crowded <= set(MANY_NAMES), "split the module, or give a reason in MANY_NAMES"
    assert set(MANY_NAMES) <= {str(p.relative_to(ROOT)) for p in files(*PACKAGES)}


def test_classes_are_small() -> None:
    broken = [
        f"{path.relative_to(ROOT)} {node.name}"
        for path in files(*PACKAGES)
        for node in classes(path)
        if sum(isinstance(i, ast.FunctionDef) and i.name[0] != "_" for i in node.body) > METHODS
    ]
    assert broken == []


def test_tests_are_short() -> None:
    broken = [
        function.place
        for path in files("tests")
        for function in functions(path)
        if function.node.name.startswith("test_") and function.length > TEST_LINES
    ]
    assert broken == []


def test_dag_files_are_a_few_lines() -> None:
    assert [str(path) for path in files("dags") if lines(path) > DAG_LINES] == []


def test_names_say_what_a_thing_is() -> None:
    modules = {str(p.relative_to(ROOT)) for p in files(*PACKAGES) if p.stem in FORBIDDEN_WORDS}
    assert modules == set()
    names = {f.node.name.strip("_") for f in all_functions()}
    assert names & FORBIDDEN_WORDS == set()
