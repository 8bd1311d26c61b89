"""Office files and EPUB are ZIP archives; this looks at one before anything in it is read."""

from __future__ import annotations

import io
import zipfile

from knowledge.errors import LoadError

MOST_EXPANDED = 500 * 2**20
"""Bytes that all files of an archive may have when they are expanded."""

MOST_RATIO, RATIO_FROM = 200, 20 * 2**20
"""How many times its size an archive may expand, looked at from `RATIO_FROM` expanded bytes on."""

MOST_FILES = 20_000
"""Files that an archive may hold."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")


def opened(data: bytes, kind: str, *, needs: str) -> zipfile.ZipFile:
    """Open an archive that is safe to read: zipfile never reads more of a file than its declared size.

    Args:
        data: The archive.
        kind: What the file should be, e.g. "DOCX".
        needs: Name of a file that has to be in it.

    Raises:
        LoadError: It is none, needs a password, or expands too far.
    """
    if data.startswith(_OLE):
        if _ENCRYPTED_PACKAGE in data:
            raise password_needed()
        raise LoadError(
            f"It is an Office file of before 2007 with the name of a {kind} file.",
            hint=f"Open it and save it as .{kind.lower()}.",
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, EOFError) as error:
        raise damaged(kind) from error
    expanded = sum(entry.file_size for entry in entries)
    bomb = expanded > RATIO_FROM and expanded > MOST_RATIO * len(data)
    if bomb or expanded > MOST_EXPANDED or len(entries) > MOST_FILES:
        raise LoadError(
            f"It expands to {expanded:,} bytes in {len(entries):,} files, which may be an attack.",
            hint="If you trust it, save it again in parts.",
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise password_needed()
    if needs not in archive.namelist():
        raise LoadError(f"It is an archive, but no {kind} file.", hint=f"Open it and save it as .{kind.lower()}.")
    return archive


def password_needed() -> LoadError:
    """Return the error that says that a file is encrypted."""
    return LoadError("A password protects it.", hint="Open it with the password and save a copy without one.")


def damaged(kind: str) -> LoadError:
    """Return the error that says that a file is not what its name says."""
    return LoadError(f"It is damaged, or no {kind} file.", hint="Open it and save it again, or get another copy.")
