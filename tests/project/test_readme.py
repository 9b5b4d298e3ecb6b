"""What the README and its pages promise holds: commands, settings, sentences, backup, pictures and unit."""

import ast
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import discord
import pytest

from bot.__main__ import parser
from bot.config import MEANINGS
from bot.interactions.permissions import INVITE
from bot.render.provider_words import WORDS, ProviderWords

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = {path.name: path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]}
README: Final = PAGES["README.md"]
ALL_PAGES: Final = "\n".join(PAGES.values())
ANALYZER: Final = shutil.which("systemd-analyze")
UNIT: Final = "midwatch.service"
READMES: Final = frozenset({"README.md", "README.zh-CN.md", "README.ja.md"})
PICTURE_LIMIT: Final = 200_000


def block(language: str, holding: str) -> str:
    """Return the code block of a language that holds a text, of any page."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", ALL_PAGES, re.DOTALL | re.MULTILINE)
    return next(each for each in blocks if holding in each)


def table(title: str) -> Iterator[list[str]]:
    """Yield the rows of the table under a heading, without its own head."""
    text = ALL_PAGES.replace("\n# ", "\n## ")
    under = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in under.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def commands() -> dict[str, bool]:
    """Read from the cogs' code what each command is used like, and whether only owners may."""
    found: dict[str, bool] = {}
    for path in (ROOT / "cogs").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("mj"):
                code = ast.unparse(node)
                found[usage(node)] = any(word in code for word in ("defer_for_owner", "NOT_AN_OWNER"))
    return found


def usage(command: ast.AsyncFunctionDef) -> str:
    """Write a command as the table does: "/mjmute <duration> [account]"."""
    names = [argument.arg for argument in command.args.args][2:]
    required = len(names) - len(command.args.defaults)
    options = [f"<{name}>" if at < required else f"[{name}]" for at, name in enumerate(names)]
    return " ".join([f"/{command.name}", *options])


def test_the_table_names_every_command_its_options_and_who_may() -> None:
    documented = {usage.strip("`"): who == "owners" for usage, who, _ in table("Commands")}
    assert documented == commands()


def test_the_settings_for_alerts_stand_there_with_their_defaults() -> None:
    example = (ROOT / ".env.example").read_text()
    for cells in table("Settings that matter for alerts"):
        name, default = cells[0].strip("`"), cells[1]
        assert name.lower() in MEANINGS
        value = default.strip("`") if default.startswith("`") else ""
        assert f"\n#{name}={value}\n" in example


def test_the_sentences_of_the_troubleshooting_are_said_somewhere() -> None:
    modules = [path for folder in ("bot", "cogs") for path in (ROOT / folder).rglob("*.py")]
    source = "\n".join(path.read_text() for path in [*modules, ROOT / "Makefile"])
    source = re.sub(r'"\n +f?"', "", source)  # a sentence may stand on two lines
    code = "\n".join(filled_in(source, words) for words in WORDS.values())
    sections = re.findall(r"^## (.*)$", PAGES["troubleshooting.md"], re.MULTILINE)
    results = [result for section in sections for result, _ in table(section)]
    quoted = [part for result in results for part in re.findall(r"\*(.+?)\*", result)]
    # A name stands where the ellipsis is; what an account needs is put together from two places.
    words = [word for part in quoted for word in re.split(r"\s*…\s*|(?<=needs you:) ", part) if word]
    assert len(words) > 20
    assert [word for word in words if word not in code] == []


def filled_in(source: str, words: ProviderWords) -> str:
    """Put the names of a provider into the sentences that all share."""
    for name, value in {**vars(words), "yours": "your accounts"}.items():
        source = source.replace(f"{{{name}}}", str(value))
    return source.replace("%(place)s", "")  # stands there if two providers are watched


def anchor(title: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_link_of_a_page_leads_somewhere_and_every_page_is_linked(page: str) -> None:
    folder = ROOT if page == "README.md" else ROOT / "docs"
    for path, heading in re.findall(r"\]\((?!https://)([^)#]*)(?:#([^)]*))?\)", PAGES[page]):
        target = folder / (path or page)
        assert target.exists()
        titles = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE) if heading else []
        assert heading in ["", *map(anchor, titles)]
    assert page == "README.md" or f"(docs/{page})" in README


def shape(page: str) -> dict[str, list[str]]:
    """Return what a translation of the README has in common with it."""
    text = re.sub(r"^```.*?^ *```", "", page, flags=re.DOTALL | re.MULTILINE)
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| `")]
    return {
        "blocks": re.findall(r"^ *```.*?^ *```", re.sub("  +# .*", "", page), re.DOTALL | re.MULTILINE),
        "headings": re.findall(r"^#+ ", text, re.MULTILINE),
        "links": sorted(set(re.findall(r"(?:\]\(|src=\")([^)\"]+)", text)) - READMES),
        "rows": rows,
        "settings": sorted(set(re.findall(r"`([A-Z]+_[A-Z_]+)`", text))),
        "commands": sorted(set(re.findall(r"`(/mj\w+)", text))),
        "values": [
            cell for line in text.splitlines() for cell in re.findall(r"^\| `[A-Z_]+` \| (`.*?`) \|", line)
        ],
    }


@pytest.mark.parametrize("translation", ["README.zh-CN.md", "README.ja.md"])
def test_a_translation_of_the_readme_has_its_commands_links_settings_and_code(translation: str) -> None:
    page = (ROOT / translation).read_text()
    assert shape(page) == shape(README)
    assert f"({translation})" in README
    assert "(README.md)" in page


def test_the_glossary_of_each_language_has_a_word_for_every_term() -> None:
    terms = [term for term, _ in table("What the terms mean")]
    after = PAGES["translating.md"].partition("\n## What the terms mean\n")[2]
    languages = re.findall(r"^## (.*)$", after, re.MULTILINE)
    assert len(languages) >= 8
    for language in languages:
        rows = list(table(language))
        assert [row[0] for row in rows] == terms
        assert all(cell for row in rows for cell in row)


@pytest.mark.parametrize("name", ["demo.png", "alert.png", "history.png", "usage.png"])
def test_the_pictures_are_there_and_small(name: str) -> None:
    assert f"assets/{name}" in README
    picture = (ROOT / "assets" / name).read_bytes()
    assert len(picture) < PICTURE_LIMIT
    width = struct.unpack(">I", picture[16:20])[0]
    assert width <= {"demo.png": 1280, "alert.png": 390}.get(name, 2 * 390)


def test_the_commands_for_backups_are_those_of_the_program() -> None:
    named = [row[0].strip("`").split() for row in table("Back it up and restore it")]
    assert [words[1] for words in named] == ["backup", "restore"]
    for _, *words in named:
        assert vars(parser().parse_args(words)) == {"command": words[0], "file": Path(words[1])}


@pytest.mark.skipif(ANALYZER is None, reason="systemd-analyze is not installed, so the unit is not verified")
def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    assert ANALYZER is not None
    unit = tmp_path / UNIT
    unit.write_text(
        re.sub(
            r"^ExecStart=\S+", f"ExecStart={sys.executable}", block("ini", "[Service]"), flags=re.MULTILINE
        )
    )
    result = subprocess.run([ANALYZER, "verify", unit], capture_output=True, text=True, check=False)  # noqa: S603 - a path of this machine's own
    # It succeeds with lines that it does not know; it names them.
    complaints = [line for line in result.stderr.splitlines() if UNIT in line]
    assert (result.returncode, complaints) == (0, [])


@pytest.mark.parametrize(
    "line",
    [
        "Restart=always",
        "RestartPreventExitStatus=77 78",
        "User=midwatch",
        "StateDirectory=midwatch",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ExecStart=/opt/midwatch/.venv/bin/python -m bot",
    ],
)
def test_the_unit_restarts_where_that_helps_and_locks_the_bot_in(line: str) -> None:
    assert line in block("ini", "[Service]").splitlines()


def test_the_invite_lets_the_bot_find_its_messages_again_after_a_crash() -> None:
    wanted = discord.Permissions(
        view_channel=True, send_messages=True, embed_links=True, read_message_history=True
    )
    assert f"&permissions={wanted.value}&" in INVITE
    assert INVITE.format(application="APP_ID") in README
