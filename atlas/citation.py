"""The citation of a release's figures: publisher, title, version, date and table.

What the figures are defined after is a reference to a definition, never to a source of figures.
"""

from __future__ import annotations

import duckdb

from atlas.export import Edition
from atlas.settings import AtlasError

TABLE = "statistic"


def cite(connection: duckdb.DuckDBPyConnection, release: dict, edition: Edition) -> None:
    """Writes the citation of this release into `atlas.statistic`, column `recommended_reference`.

    release: the row of the table `release`, with its version. A synthetic release says that it is synthetic and not to
    be cited. Raises AtlasError when a phrase of the seed text.csv has a placeholder that nothing fills.
    """
    kind = "reference_synthetic" if edition.is_synthetic else "reference_release"
    cards = connection.execute(
        "select code, language, basis, strftime(metadata_updated, '%d/%m/%Y') from atlas.statistic order by 1, 2"
    ).fetchall()
    date = release["publication_date"]
    for code, language, basis, card_date in cards:
        words = {
            "publisher": _publisher(edition, language),
            "title": edition.phrase("catalogue_title", language),
            "version": release["version"],
            "date": "/".join(reversed(str(date).split("-"))) if date else edition.phrase("reference_undated", language),
            "code": code,
            "definition": edition.phrase(f"definition_after_{basis}", language).format(code=code, date=card_date),
        }
        try:
            text = edition.phrase(kind, language).format(**words)
        except KeyError as error:
            raise AtlasError(
                f"The phrase {kind} ({language}) in text.csv has an unknown placeholder: {error}."
            ) from error
        connection.execute(
            "update atlas.statistic set recommended_reference = ? where code = ? and language = ?",
            [text, code, language],
        )


def _publisher(edition: Edition, language: str) -> str:
    """Returns the name of the publisher, in the first language of the publisher where it lacks this one."""
    if not edition.publication:
        return edition.phrase("reference_no_publisher", language)
    return edition.name(edition.publication.publisher, language)
