"""Who judges us uses nothing of ours."""

import ast
import sys
from pathlib import Path

import pytest

PROCESSOR = Path(__file__).parents[2] / "sidecar" / "demo" / "processor"
MODULES = sorted(PROCESSOR.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The full names of all that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


def test_the_processor_is_looked_at():
    assert len(MODULES) > 30


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROCESSOR)))
def test_a_module_of_the_processor_imports_the_standard_library_and_its_own_package_only(path):
    foreign = {
        name
        for name in imported(path)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not name.startswith("sidecar.demo.processor")
    }
    assert foreign == set()
