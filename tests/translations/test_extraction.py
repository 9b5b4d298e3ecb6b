"""What is found in the code: all that Discord is told of the commands, and each way to write a sentence."""

import ast
from importlib import import_module

from discord import app_commands
from discord.ext import commands

from bot.interactions.client import EXTENSIONS
from tests.translations.extraction import Module, Signatures, sentences


def the_commands() -> list[app_commands.Command[commands.Cog, ..., object]]:
    """Return the commands as discord.py makes them."""
    found = [each for name in EXTENSIONS for each in vars(import_module(name)).values()]
    cogs = [each for each in found if isinstance(each, type) and issubclass(each, commands.Cog)]
    return [
        each for cog in cogs for each in cog.__cog_app_commands__ if isinstance(each, app_commands.Command)
    ]


def test_every_description_of_commands_and_options_and_every_choice_is_found() -> None:
    found = {each.sentence for each in sentences(("cogs", "bot/interactions"))}
    options = [option for command in the_commands() for option in command.parameters]
    shown = {str(each.description) for each in [*the_commands(), *options]}
    shown |= {choice.name for option in options for choice in option.choices}
    assert len(shown) > 15
    assert not shown - found


def found_in(code: str) -> list[str]:
    """Return the sentences of a module."""
    signatures = Signatures()
    signatures.read(tree := ast.parse(code))
    return [each.sentence for each in Module("cogs/made_up.py", signatures.parameters).walk(tree)]


def test_what_an_annotated_variable_is_set_to_later_is_found() -> None:
    code = """
def said(is_over: bool) -> str:
    sentence: Sentence = "It runs."
    if is_over:
        sentence = "It does not run."
    other = "no sentence"
    return say(sentence, other=other)
"""
    assert sorted(found_in(code)) == ["It does not run.", "It runs."]


def test_the_names_of_choices_are_found() -> None:
    assert found_in('@choices(days=[Choice(name="A week", value=7)])\ndef f(): ...') == ["A week"]


def test_a_description_of_two_lines_is_found_as_one() -> None:
    code = """
@app_commands.command()
async def mjlong(self):
    \"\"\"Show what is said
    in two lines.

    Not of this.
    \"\"\"
"""
    assert found_in(code) == ["Show what is said in two lines."]
