"""The project's modules as the laws see them: their syntax trees, what they import and what they call."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("actions", "bot", "channels", "knowledge", "machine")
OURS = (*PACKAGES, "guichet", "benchmarks")


@dataclass(frozen=True)
class Module:
    """`name` is dotted, "channels.adapters.web"; `imports` are the dotted names a module asks for, wherever in it."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def imports(self) -> frozenset[str]:
        """Modules, and names that may be modules: `from channels import inbox` asks for "channels.inbox" too."""
        return frozenset(_imports(self, self.tree))

    @property
    def runs(self) -> frozenset[str]:
        """What is imported when it runs: all imports but those for the type checker."""
        return frozenset(_imports(self, _without_type_checking(self.tree)))

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Each call with the source of what is called: "self.lanes.put"."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node

    def strings(self) -> Iterator[ast.Constant]:
        """Every string but docstrings and the strings written after an attribute to document it."""
        documents = {
            id(node.value)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
                yield node


@cache
def modules(*packages: str) -> tuple[Module, ...]:
    """The modules of these packages, by name; "guichet" is the command itself."""
    found = []
    for package in packages:
        files = [ROOT / "guichet.py"] if package == "guichet" else sorted((ROOT / package).rglob("*.py"))
        found += [Module(_name(file), file, ast.parse(file.read_text(encoding="utf-8"))) for file in files]
    return tuple(found)


def module(name: str) -> Module:
    return next(each for each in modules(name.partition(".")[0]) if each.name == name)


def top(name: str) -> str:
    return name.partition(".")[0]


def reached(name: str) -> frozenset[str]:
    """The modules of ours that run when the one called `name` does, itself included."""
    known = {each.name: each for package in OURS for each in modules(package)}
    found: set[str] = set()
    waiting = [name]
    while waiting:
        here = waiting.pop()
        if here in known and here not in found:
            found.add(here)
            waiting += known[here].runs
    return frozenset(found)


def where(module: Module, node: ast.AST) -> str:
    return f"{module.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(module: Module, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = node.module or ""
            if node.level:
                inside = module.name.split(".")
                inside = inside if module.path.name == "__init__.py" else inside[:-1]
                package = ".".join([*inside[: len(inside) - node.level + 1], *package.split(".")]).strip(".")
            yield package
            yield from (f"{package}.{alias.name}" for alias in node.names)


class _Running(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def _without_type_checking(tree: ast.Module) -> ast.Module:
    return _Running().visit(ast.parse(ast.unparse(tree)))
