"""The one step that publishes: a whole, synced set of files gets its place, and a link is renamed.

Readers see the old set or the new one, never a mixture, and a kill at any moment leaves the old one whole:

    output/releases/<version>/atlas.duckdb, exports/, site/    a whole release
    output/release      -> releases/<version>                  the link that is switched
    output/atlas.duckdb -> release/atlas.duckdb                what readers open; these three links never change
    output/exports      -> release/exports
    output/site         -> release/site
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from atlas.settings import AtlasError, Settings


def check_links(settings: Settings) -> None:
    """Raises AtlasError when something that this project did not make is at the place of the release's links."""
    for link in (settings.current, settings.exports):
        if link.exists() and not link.is_symlink():
            raise AtlasError(f"{link} is no link of a release. Nothing was changed. Move it elsewhere and start again.")
        new = link.with_name(f".{link.name}.new")
        if new.is_dir() and not new.is_symlink():
            raise AtlasError(f"The folder {new} is in the way. Nothing was changed. Move it elsewhere and start again.")


def clear_staging(settings: Settings) -> None:
    """Removes the unfinished set of a run that was killed, and links that were not switched."""
    shutil.rmtree(settings.staging, ignore_errors=True)
    for leftover in settings.output_dir.glob(".*.new"):
        if leftover.is_symlink() or leftover.is_file():
            leftover.unlink()


def sync_set(folder: Path) -> None:
    """Forces every file and folder of the set to the disk, so that a power cut after the switch finds them whole."""
    for path in [folder, *folder.rglob("*")]:
        _sync(path)


def _sync(path: Path) -> None:
    """Forces one file, or the entries of one folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def switch_release(settings: Settings, version: str) -> set[str]:
    """Publishes the staged set by renaming the link `release`. Returns the names of the folders of this release and of
    the one before.
    """
    before = os.readlink(settings.current) if settings.current.is_symlink() else None
    folder = _place(settings.staging, settings.releases / version)
    _make_links(settings)
    replace_link(settings.current, f"{settings.releases.name}/{folder.name}")
    _sync(settings.output_dir)
    return {folder.name, *([Path(before).name] if before else [])}


def _make_links(settings: Settings) -> None:
    """Makes the links that readers open, before the first switch: they lead through the link `release` and appear with
    what it leads to.
    """
    if settings.site.is_dir() and not settings.site.is_symlink():  # of version 1: a folder with one page
        shutil.rmtree(settings.site)
    for link in (settings.public_file, settings.exports, settings.site):
        replace_link(link, f"{settings.current.name}/{link.name}")


def _place(staged: Path, folder: Path) -> Path:
    """Moves a staged folder to its place; with .2, .3 ... behind its name when that is taken: a published folder is
    never changed.

    Returns the place.
    """
    folder.parent.mkdir(exist_ok=True)
    number, free = 1, folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}.{number}")
    staged.rename(free)
    _sync(folder.parent)
    return free


def keep(settings: Settings, names: set[str]) -> None:
    """Removes every release but those in the folders of these names."""
    for old in settings.releases.iterdir():
        if old.name not in names:
            shutil.rmtree(old, ignore_errors=True)


def replace_link(link: Path, target: str) -> None:
    """Makes the link lead to the target in one step: whoever follows it finds the old target or the new one."""
    if link.is_symlink() and os.readlink(link) == target:
        return
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    os.replace(new, link)
