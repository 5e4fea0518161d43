"""The one step that publishes: a whole, synced set of files gets its place, and a link is renamed.

Readers see the old set or the new one, never a mixture, and a kill at any moment leaves the old one whole:

    output/releases/<version>/atlas.duckdb, exports/    a whole release; the current one and the one before are kept
    output/release      -> releases/<version>           the link that is switched
    output/atlas.duckdb -> release/atlas.duckdb         what readers open; these two links never change
    output/exports      -> release/exports
    output/site         -> sites/<version>              the site, written after its release
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


def clear_staging(settings: Settings) -> None:
    """Removes the unfinished set of a run that was killed, and links that were not switched."""
    shutil.rmtree(settings.staging, ignore_errors=True)
    for leftover in settings.output_dir.glob(".*.new"):
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


def switch_release(settings: Settings, version: str) -> None:
    """Publishes the staged set by renaming the link `release`, then removes all but this release and the one before."""
    before = os.readlink(settings.current) if settings.current.is_symlink() else None
    folder = _place(settings.staging, settings.releases / version)
    replace_link(settings.current, f"{settings.releases.name}/{folder.name}")
    replace_link(settings.public_file, f"{settings.current.name}/atlas.duckdb")
    replace_link(settings.exports, f"{settings.current.name}/exports")
    _sync(settings.output_dir)
    _keep(settings.releases, {folder.name, Path(before).name if before else None})


def switch_site(settings: Settings, staged: Path, version: str) -> None:
    """Publishes the staged site by renaming the link `site`, then removes the sites before."""
    folder = _place(staged, settings.sites / version)
    if (
        settings.site.is_dir() and not settings.site.is_symlink()
    ):  # the site of a version before 2.0.0: a folder with one file
        shutil.rmtree(settings.site)
    replace_link(settings.site, f"{settings.sites.name}/{folder.name}")
    _keep(settings.sites, {folder.name})


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


def _keep(parent: Path, names: set[str | None]) -> None:
    """Removes every entry of a folder but those named."""
    for old in parent.iterdir():
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
