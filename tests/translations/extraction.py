"""Finds the sentences in the code: each literal of one of the types for them, wherever it stands.

Such a literal is the argument of a parameter, or the value of a variable or of a field of a dataclass, that
is annotated so (also within mappings and tuples); or what a function annotated so returns. The descriptions
of commands and options are found by their decorators, the names of choices by their class.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.runtime.language import forms

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("bot", "cogs")
TYPES: Final = re.compile(r"\b(Sentence|Word|Counted)s?\b")
FIELDS: Final = re.compile(r"{(\w*)[^}]*}")
INIT: Final = "__init__"
COMMAND: Final = "command"
"""The decorator of a command, whose description is the function's docstring."""
DESCRIBING: Final = "describe"
"""The decorator whose every argument describes an option."""
CHOICE: Final = "Choice"
"""The class of what a person may choose for an option; its name is shown."""
CHOICE_NAME: Final[Mapping[str | int, str]] = {"name": "Sentence"}
PARAGRAPHS: Final = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence, and what a translator should know of it."""

    sentence: str
    file: str
    line: int
    many: str | None = None
    """The form for other numbers than one."""
    context: str | None = None
    notes: tuple[str, ...] = ()
    """The first lines of the docstrings of the module and the function."""

    @property
    def fields(self) -> frozenset[str]:
        """Return the fields that it names."""
        return frozenset(FIELDS.findall(f"{self.sentence} {self.many or ''}"))


@dataclass(slots=True)
class Signatures:
    """Which parameters and fields are sentences, by the names of functions and classes."""

    parameters: dict[str, dict[str | int, str]] = field(default_factory=dict[str, dict[str | int, str]])

    def read(self, tree: ast.Module) -> None:
        """Add those of a module."""
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != INIT:
                self._add(node.name, _parameters(node))
            elif isinstance(node, ast.ClassDef):
                for each in node.body:
                    if isinstance(each, ast.FunctionDef) and each.name == INIT:
                        self._add(node.name, _parameters(each))
                own = [each for each in node.body if isinstance(each, ast.AnnAssign)]
                named = [
                    (each.target.id, each.annotation) for each in own if isinstance(each.target, ast.Name)
                ]
                self._add(node.name, list(named))

    def _add(self, name: str, annotated: Sequence[tuple[str, ast.expr | None]]) -> None:
        found = {each: kind_of(annotation) for each, annotation in annotated}
        if not any(found.values()):
            return
        known = self.parameters.setdefault(name, {})
        for position, (each, kind) in enumerate(found.items()):
            if kind:
                known[position] = each
                known[each] = kind


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[str, ast.expr | None]]:
    """Return the parameters of a function that a caller fills, with their annotations."""
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [(each.arg, each.annotation) for each in every if each.arg not in ("self", "cls")]


def kind_of(annotation: ast.expr | None) -> str:
    """Return which of the types an annotation names; empty if none."""
    found = TYPES.search(ast.unparse(annotation)) if annotation is not None else None
    return found[1] if found else ""


def sentences(folders: Sequence[str] = FOLDERS) -> list[Found]:
    """Return the sentences of the code, in its order."""
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    trees = {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}
    signatures = Signatures()
    for tree in trees.values():
        signatures.read(tree)
    return [found for name, tree in trees.items() for found in Module(name, signatures.parameters).walk(tree)]


@dataclass(frozen=True, slots=True)
class Module:
    """The search in one module."""

    file: str
    signatures: Mapping[str, Mapping[str | int, str]]

    def walk(self, tree: ast.Module) -> Iterator[Found]:
        """Yield the sentences of the module."""
        yield from self._below(tree, tuple(_first_line(tree)), returns="")

    def _below(self, node: ast.AST, notes: tuple[str, ...], returns: str) -> Iterator[Found]:
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    own = notes[:1] + tuple(_first_line(child))
                    yield from self._description(child, notes)
                    yield from self._assigned_again(child, own)
                    yield from self._below(child, own, kind_of(child.returns))
                case ast.ClassDef():
                    yield from self._below(child, notes[:1] + tuple(_first_line(child)), "")
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    yield from self._literals(value, kind_of(child.annotation), name, notes)
                    yield from self._below(child, notes, returns)
                case ast.Return(value=ast.expr() as value):
                    yield from self._literals(value, returns, "", notes)
                    yield from self._below(child, notes, returns)
                case ast.Call():
                    yield from self._arguments(child, notes)
                    yield from self._below(child, notes, returns)
                case _:
                    yield from self._below(child, notes, returns)

    def _assigned_again(self, function: ast.AST, notes: tuple[str, ...]) -> Iterator[Found]:
        """Yield what variables hold later that were annotated with their first value."""
        kinds: dict[str, str] = {}
        for each in ast.walk(function):
            match each:
                case ast.AnnAssign(target=ast.Name(id=name)):
                    kinds[name] = kind_of(each.annotation)
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in kinds:
                    yield from self._literals(value, kinds[name], name, notes)
                case _:
                    pass

    def _description(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef, notes: tuple[str, ...]
    ) -> Iterator[Found]:
        names = [_name(each.func) for each in function.decorator_list if isinstance(each, ast.Call)]
        if COMMAND in names:
            paragraph = PARAGRAPHS.split(ast.get_docstring(function) or "", maxsplit=1)[0]
            described = " ".join(paragraph.split())  # as discord.py does
            yield Found(described, self.file, function.lineno, None, None, (*notes[:1], "A command."))

    def _arguments(self, call: ast.Call, notes: tuple[str, ...]) -> Iterator[Found]:
        name = _name(call.func)
        if name == DESCRIBING:
            for keyword in call.keywords:
                yield from self._literals(keyword.value, "Sentence", "", (*notes[:1], "An option."))
            return
        wanted = CHOICE_NAME if name == CHOICE else self.signatures.get(name, {})
        given: dict[str, ast.expr] = {str(keyword.arg): keyword.value for keyword in call.keywords}
        given |= {wanted[place]: value for place, value in enumerate(call.args) if place in wanted}
        for parameter, value in given.items():
            yield from self._literals(value, wanted.get(parameter, ""), parameter, notes)

    def _literals(self, value: ast.expr, kind: str, name: str, notes: tuple[str, ...]) -> Iterator[Found]:
        if not kind:
            return
        context = name if kind == "Word" else None
        for line, text in literals(value):
            one, many = forms(text) if kind == "Counted" else (text, None)
            if text.strip() and FIELDS.sub("", text):
                yield Found(one, self.file, line, many, context, notes)


def literals(value: ast.expr) -> Iterator[tuple[int, str]]:  # noqa: C901 - one case a kind of expression
    """Yield the texts that an expression may be.

    Raises:
        ValueError: one is composed, so that no catalogue could hold it.
    """
    match value:
        case ast.Constant(value=str() as text):
            yield value.lineno, text
        case ast.JoinedStr():
            raise ValueError(
                f"a sentence cannot be an f-string, as in line {value.lineno}: {ast.unparse(value)}"
            )
        case ast.IfExp():
            yield from literals(value.body)
            yield from literals(value.orelse)
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts):
            for part in parts:
                yield from literals(part)
        case ast.BinOp():
            yield from literals(value.left)
            yield from literals(value.right)
        case ast.Subscript() | ast.Starred():
            yield from literals(value.value)
        case ast.Call():
            # dict(...), dict.fromkeys(keys, value), field(default=...), mapping.get(key, default): what they
            # hold. Another call's arguments are of its own types.
            if _name(value.func) in ("dict", "field", "fromkeys", "get", "MappingProxyType"):
                for part in [*value.args, *(keyword.value for keyword in value.keywords)]:
                    yield from literals(part)
        case _:
            return


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _first_line(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    text = ast.get_docstring(node)
    return text.splitlines()[:1] if text else []
