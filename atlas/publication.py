"""Who publishes a release, under which licence and where: the file publication.yml, the one place of these facts.

They reach the citation, the data package, the catalogue, SDMX, the workbooks and the site through this module and the
public table `release_publication`. How to fill the file: docs/operations/publication.md.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from atlas import strict_yaml
from atlas.settings import PROJECT_DIR, InputError, Settings

UNDATED = (
    "The build had no publication_date: no year was withheld, and the release bears no date. Build with "
    "VARS='{publication_date: YYYY-MM-DD}', the day on which the figures appear."
)
DEMO_FILE = PROJECT_DIR / "atlas" / "demo" / "publication.yml"
# The maintenance agency of the SDMX structures of a release whose publisher is not known.
DEFAULT_AGENCY = "BE_HEALTH_ATLAS"
KEYS = {
    "publisher": ("name", "url"),
    "contact": ("name", "email", "url"),
    "licence": ("name", "title", "url"),
    "landing_page": (),
    "base_url": (),
    "languages": (),
    "issued": (),
    "sdmx_agency": (),
    "revision_note": (),
    "sign": (),
}
REQUIRED = ("publisher", "contact", "licence", "landing_page", "base_url")
# Licences that need no more than their name (SPDX): title, address, address in the EU's list of licences, which
# catalogues ask for.
EU_LICENCE = "http://publications.europa.eu/resource/authority/licence/"
LICENCES = {
    "CC-BY-4.0": ("Creative Commons Attribution 4.0", "https://creativecommons.org/licenses/by/4.0/", "CC_BY_4_0"),
    "CC-BY-SA-4.0": (
        "Creative Commons Attribution-ShareAlike 4.0",
        "https://creativecommons.org/licenses/by-sa/4.0/",
        "CC_BYSA_4_0",
    ),
    "CC-BY-NC-4.0": (
        "Creative Commons Attribution-NonCommercial 4.0",
        "https://creativecommons.org/licenses/by-nc/4.0/",
        "CC_BYNC_4_0",
    ),
    "CC0-1.0": ("Creative Commons Zero 1.0", "https://creativecommons.org/publicdomain/zero/1.0/", "CC0"),
}
# SDMX: an agency is a name of letters, digits, hyphen and underscore; a dot separates it from the agency above.
AGENCY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_-]*)*")
URL = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+")

Text = dict[str, str]  # language -> text; a text without a language has the key "*"


@dataclass(frozen=True)
class Licence:
    """A licence: name (SPDX where there is one), title, address; `authority` is its address in the EU's list, or
    None.
    """

    name: str
    title: str
    url: str
    authority: str | None


@dataclass(frozen=True)
class Publication:
    """The content of a publication.yml. Names are texts by language; `base_url` ends without a slash."""

    path: Path
    publisher: Text
    publisher_url: str
    contact: Text
    contact_email: str
    contact_url: str | None
    licence: Licence
    landing_page: str
    base_url: str
    languages: tuple[str, ...]  # () before `for_release`: those of the release
    issued: datetime.date | None
    sdmx_agency: str
    revision_note: Text  # {} without one
    sign: tuple[str, ...]  # command that signs the checksums, () without one; never published

    def files_url(self, version: str) -> str:
        """Returns the address of the folder of a release, under which its exports/ are."""
        return f"{self.base_url}/{version}"


def text_in(text: Text, language: str) -> str:
    """Returns a text of the file in a language; a text without a language holds for all."""
    return text.get(language) or text["*"]


def find(settings: Settings) -> Path | None:
    """Returns the file that ATLAS_PUBLICATION names, else publication.yml of the project when there is one. Raises
    InputError when the named file does not exist.
    """
    if settings.publication:
        if not settings.publication.is_file():
            raise InputError(
                f"ATLAS_PUBLICATION names {settings.publication}, which is no file. Nothing was changed. Correct the "
                "variable, or remove it."
            )
        return settings.publication
    path = PROJECT_DIR / "publication.yml"
    return path if path.is_file() else None


def check(settings: Settings) -> None:
    """Reads the file, when there is one, so that a fault in it is found before a build. Raises InputError."""
    path = find(settings)
    if path:
        read_file(path)


def of_release(
    settings: Settings, *, is_synthetic: bool, publication_date: str | None, languages: list[str]
) -> tuple[Publication | None, list[str]]:
    """Returns the publication of a release and warnings about it.

    None without a file: the release then says nothing about its publisher. A release of demo data without a file has
    the values of DEMO_FILE, which say that they are synthetic.

    languages: those of the published texts. Raises InputError when the file is invalid, names another language, or
    another date than the build.
    """
    path = find(settings) or (DEMO_FILE if is_synthetic else None)
    undated = [UNDATED] if not (publication_date or is_synthetic) else []
    if not path:
        return None, [
            f"There is no {PROJECT_DIR / 'publication.yml'}: the release names no publisher, contact or licence, and "
            "has no catalogue (catalogue.jsonld). Fill the file (docs/operations/publication.md), then run "
            "`make release` again.",
            *undated,
        ]
    publication = read_file(path)
    for language in publication.languages:
        if language not in languages:
            raise _fault(
                path, "languages", f"names {language}, in which the release has no texts", f"Use {', '.join(languages)}"
            )
    publication = replace(publication, languages=publication.languages or tuple(languages))
    for key, text in (("publisher.name", publication.publisher), ("contact.name", publication.contact)):
        missing = [language for language in publication.languages if language not in text and "*" not in text]
        if missing:
            raise _fault(path, key, f"has no text in {', '.join(missing)}", "Add it, or give one text for all")
    issued = publication.issued.isoformat() if publication.issued else None
    if issued and publication_date and issued != str(publication_date):
        raise _fault(
            path,
            "issued",
            f"is {issued}, but the build's publication_date is {publication_date}",
            "Remove the key, or build again with the same date",
        )
    if issued and not publication_date:
        return publication, [
            f"{path} says issued {issued}, but the build had no publication_date: no year was withheld. Build with "
            f"VARS='{{publication_date: {issued}}}' to publish the years that the date allows."
        ]
    return publication, undated


def read_file(path: Path) -> Publication:
    """Returns the content of a publication.yml. Raises InputError that names file, key and remedy when it is
    invalid.
    """
    try:
        content = strict_yaml.read(path.read_text(encoding="utf-8"))
    except strict_yaml.RepeatedKeyError as error:
        raise _fault(path, error.key, "is given twice", "Give it once") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise InputError(
            f"{path} cannot be read as YAML in UTF-8{where}. Nothing was changed. Start from {DEMO_FILE}."
        ) from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no keys. Nothing was changed. Start from {DEMO_FILE}.")
    _check_keys(path, content)
    publisher, contact = (_mapping(path, content, key) for key in ("publisher", "contact"))
    return Publication(
        path=path,
        publisher=_text(path, "publisher.name", publisher.get("name")),
        publisher_url=_url(path, "publisher.url", publisher.get("url")),
        contact=_text(path, "contact.name", contact.get("name")),
        contact_email=_email(path, contact.get("email")),
        contact_url=_url(path, "contact.url", contact["url"]) if contact.get("url") else None,
        licence=_licence(path, content["licence"]),
        landing_page=_url(path, "landing_page", content["landing_page"]),
        base_url=_url(path, "base_url", content["base_url"]).rstrip("/"),
        languages=_languages(path, content.get("languages")),
        issued=_date(path, content.get("issued")),
        sdmx_agency=_agency(path, content.get("sdmx_agency") or DEFAULT_AGENCY),
        revision_note=_text(path, "revision_note", content["revision_note"]) if content.get("revision_note") else {},
        sign=_command(path, content.get("sign")),
    )


def _fault(path: Path, key: str, problem: str, remedy: str) -> InputError:
    """Returns the error for a key of the file."""
    return InputError(f"{path}: the key {key} {problem}. Nothing was changed. {remedy}.")


def _check_keys(path: Path, content: dict[str, Any]) -> None:
    """Raises InputError for a key that is missing, or that nobody reads."""
    for key in REQUIRED:
        if content.get(key) in (None, "", {}):
            raise _fault(path, key, "is missing", f"Add it; {DEMO_FILE} shows how")
    unknown = [str(key) for key in content if key not in KEYS]
    unknown += [
        f"{key}.{name}"
        for key, names in KEYS.items()
        if names and isinstance(content.get(key), dict)
        for name in content[key]
        if name not in names
    ]
    if unknown:
        raise _fault(path, unknown[0], "is unknown", f"Remove it, or use one of {', '.join(KEYS)}")


def _mapping(path: Path, content: dict[str, Any], key: str) -> dict[str, Any]:
    """Returns the value of a key that has keys of its own."""
    if not isinstance(content[key], dict):
        raise _fault(path, key, "has no keys of its own", f"Give {', '.join(KEYS[key])} below it")
    return content[key]


def _text(path: Path, key: str, value: Any) -> Text:
    """Returns a text by language; one text for all languages has the key '*'."""
    texts = value if isinstance(value, dict) else {"*": value}
    if not texts or any(not isinstance(text, str) or not text.strip() for text in texts.values()):
        raise _fault(path, key, "is no text", "Give a text in quotes, or one text per language (nl: ..., fr: ...)")
    return {str(language): " ".join(text.split()) for language, text in texts.items()}


def _url(path: Path, key: str, value: Any) -> str:
    """Returns an address."""
    if not isinstance(value, str) or not URL.fullmatch(value):
        raise _fault(path, key, "is no address", "Give an address that begins with https:// and has no spaces")
    return value


def _email(path: Path, value: Any) -> str:
    """Returns an e-mail address."""
    if not isinstance(value, str) or not EMAIL.fullmatch(value):
        raise _fault(path, "contact.email", "is no e-mail address", "Give that of an office, not of a person")
    return value


def _licence(path: Path, value: Any) -> Licence:
    """Returns the licence: one of LICENCES by its name, or another with its own title and address."""
    if isinstance(value, dict):
        fields = [_text(path, f"licence.{name}", value.get(name)).get("*") for name in ("name", "title")]
        if None in fields:
            raise _fault(path, "licence", "has texts by language", "Give name and title as one text each")
        return Licence(*fields, _url(path, "licence.url", value.get("url")), None)
    if not isinstance(value, str) or value not in LICENCES:
        raise _fault(
            path,
            "licence",
            f"is {value!r}",
            f"Use {', '.join(LICENCES)}, or give name, title and url of another below it",
        )
    title, url, authority = LICENCES[value]
    return Licence(value, title, url, EU_LICENCE + authority)


def _languages(path: Path, value: Any) -> tuple[str, ...]:
    """Returns the languages, () when there are none."""
    languages = value or []
    if not isinstance(languages, list) or any(not isinstance(language, str) for language in languages):
        raise _fault(path, "languages", "is no list", "Give a list such as [nl, fr, en]; the first one is shown first")
    if len(set(languages)) < len(languages):
        raise _fault(path, "languages", "names a language twice", "Name each language once")
    return tuple(languages)


def _command(path: Path, value: Any) -> tuple[str, ...]:
    """Returns the arguments of a command, () when there is none."""
    arguments = value or []
    if not isinstance(arguments, list) or any(not isinstance(argument, str) for argument in arguments):
        raise _fault(path, "sign", "is no list of texts", "Give the command and its arguments as a list of texts")
    if arguments and not any("{file}" in argument for argument in arguments):
        raise _fault(path, "sign", "has no {file}", "Give {file} where the command takes the file that it signs")
    return tuple(arguments)


def _date(path: Path, value: Any) -> datetime.date | None:
    """Returns the date of issue."""
    if value is None or (isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _fault(path, "issued", "is no date", "Give a date as YYYY-MM-DD, or remove the key") from error


def _agency(path: Path, value: Any) -> str:
    """Returns the SDMX agency."""
    if not isinstance(value, str) or not AGENCY.fullmatch(value):
        raise _fault(
            path,
            "sdmx_agency",
            "is no identifier of SDMX",
            "Give letters, digits, hyphens and underscores, beginning with a letter",
        )
    return value
