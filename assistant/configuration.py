"""Where the value of a setting comes from: an option, a variable, a line of a TOML file, or the default."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from assistant.errors import BadSettings

Kind = Literal["path", "text", "names", "number", "count", "switch"]

Fields = dict[str, tuple[Kind, tuple[str, ...]]]
"""What can be configured from outside: of which kind it is, and which variables say it."""

_WANTED: dict[Kind, tuple[tuple[type, ...], str]] = {
    "path": ((str,), 'a path in quotation marks, e.g. "/srv/wenju"'),
    "text": ((str,), "text in quotation marks"),
    "names": ((list,), 'a list of names, e.g. ["default", "work"]'),
    "number": ((int, float), "a number, e.g. 0.5"),
    "count": ((int,), "a whole number, e.g. 8"),
    "switch": ((bool,), "true or false"),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting with where its value comes from.

    Attributes:
        name: As in the dataclass that it is a field of.
        value: What is in force.
        source: Who said it.
        where: The variable, or file and line; "" for the others.
    """

    name: str
    value: Any
    source: Literal["default", "file", "environment", "option"]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that stand together.

    Attributes:
        table: The table of the settings file that they are keys of; "" for those outside all tables.
        fields: What there is.
        defaults: A frozen dataclass with these fields that refuses values which cannot work.
    """

    table: str
    fields: Fields
    defaults: Any


def in_force(
    group: Group, written: Mapping[str, Setting], env: Mapping[str, str], options: Mapping[str, Any]
) -> list[Setting]:
    """Return every setting of a group with where its value comes from.

    Args:
        group: Which settings.
        written: What the file says.
        env: The variables.
        options: What goes before all of them; None is ignored.

    Raises:
        BadSettings: A variable cannot be understood.
    """
    found = []
    for name, (kind, variables) in group.fields.items():
        said = [variable for variable in variables if env.get(variable)]
        if options.get(name) is not None:
            found.append(Setting(name, options[name], "option"))
        elif said:
            found.append(Setting(name, _understood(kind, said, env), "environment", ", ".join(said)))
        else:
            found.append(written.get(name) or Setting(name, getattr(group.defaults, name), "default"))
    return found


def written_in(file: Path, group: Group, tables: Collection[str], *, needed: bool) -> dict[str, Setting]:
    """Return what a settings file says of a group; nothing if there is no such file and none is needed.

    Args:
        file: The file.
        group: Which settings.
        tables: The tables that there may be.
        needed: Whether the file has to be there.

    Raises:
        BadSettings: It cannot be read, or a key or value of it cannot be understood; file, line and key are named.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        whole = tomllib.loads(text)
    except FileNotFoundError:
        if not needed:
            return {}
        raise BadSettings(
            f"There is no file {file}.", hint="Set WENJU_CONFIG to a settings file, or unset it."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{file} cannot be read: {error}.", hint="Make it a UTF-8 file that you can read.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{file} is not TOML: {error}.", hint='Write lines like llm = "none".') from error
    if not group.table:
        said = {key: value for key, value in whole.items() if not (key in tables and isinstance(value, dict))}
        return {key: _said(file, text, group, key, value) for key, value in said.items()}
    table = whole.get(group.table, {})
    if not isinstance(table, dict):
        return {}  # the group outside all tables says that there is no such setting
    return {key: _said(file, text, group, key, value) for key, value in table.items()}


def _said(file: Path, text: str, group: Group, key: str, value: Any) -> Setting:
    """Return one key of a settings file as a setting; folders are beside the file unless they are absolute."""
    where = _where(file, text, group.table, key)
    if key not in group.fields:
        there = f"{group.table}.{key}" if group.table else key
        raise BadSettings(f"{where}: there is no setting {there}.", hint=f"There are: {', '.join(group.fields)}.")
    kind = group.fields[key][0]
    types, wanted = _WANTED[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind != "switch") or value == "":
        raise BadSettings(f"{where}: {key} is {value!r}.", hint=f"Make it {wanted}.")
    if isinstance(value, list):
        if not all(isinstance(name, str) for name in value):
            raise BadSettings(f"{where}: {key} is {value!r}.", hint=f"Make it {wanted}.")
        value = tuple(value)
    if kind == "path":
        value = (file.parent / Path(str(value)).expanduser()).resolve()
    try:
        replace(group.defaults, **{key: value})
    except BadSettings as error:
        raise BadSettings(f"{where}: {error.message}", hint=error.hint) from error
    return Setting(key, value, "file", where)


def _where(file: Path, text: str, table: str, key: str) -> str:
    """Return file and line of a key, the file alone if the line is not found."""
    head = re.search(rf"""(?m)^[ \t]*\[?[ \t]*["']?{re.escape(table)}["']?[ \t]*[].=]""", text) if table else None
    start = 0 if head is None else head.end()
    name = rf"""["']?{re.escape(key)}["']?[ \t]*[].=]"""
    place = re.compile(rf"(?m)^[ \t]*\[*[ \t]*{name}").search(text, start) or (
        None if head is None else re.compile(name).search(text, start)
    )
    return str(file) if place is None else f"{file}, line {text.count(chr(10), 0, place.start()) + 1}"


def _understood(kind: Kind, variables: Sequence[str], env: Mapping[str, str]) -> Any:
    """Return the value that variables say; several are switches of which one is enough."""
    key, value = variables[0], env[variables[0]]
    if kind == "switch":
        return any(env[variable].lower() in {"1", "true", "yes", "on"} for variable in variables)
    if kind == "path":
        return Path(value).expanduser().resolve()
    if kind == "text":
        return value
    if kind == "names":
        return tuple(name.strip() for name in value.split(",") if name.strip())
    try:
        return float(value) if kind == "number" else int(value)
    except ValueError:
        raise BadSettings(f"{key}={value!r} is not a number.", hint=f"Set {key} to a number.") from None
