"""Prose of the pages that is the same for every reader: the card of a statistic; licences, limits, accessibility and
files on the page About. Written here as HTML, so that the code of the pages stays small.
"""

from __future__ import annotations

from html import escape

FORMAT_NAMES = {"csv": "CSV", "parquet": "Parquet", "excel": "Excel", "jsonstat": "JSON-stat", "sdmx": "SDMX-CSV"}
LISTS = {
    "limits_title": ("limits_reimbursed", "limits_breaks", "limits_age", "limits_chance", "limits_sectors"),
    "accessibility": (
        "accessibility_tables",
        "accessibility_keyboard",
        "accessibility_colour",
        "accessibility_known",
    ),
}
PARAGRAPHS = {
    "limits_title": (),
    "licences": ("boundaries", "boundaries_limits", "licence_code"),
    "accessibility": ("accessibility_text",),
}


def card_html(texts: dict[str, str], card: dict[str, str], remarks: list[str]) -> str:
    """Returns the HTML of the card of a statistic in the language of the texts. card: columns of table `statistic`."""
    words = {
        "card_calculation": card["calculation"],
        "card_unit": card["coding"],
        "card_variables": card["source_variables"],
        "cite": card["recommended_reference"],
    }
    listed = "".join(f"<dt>{escape(texts[key])}</dt><dd>{escape(text)}</dd>" for key, text in words.items())
    said = "".join(f"<li>{escape(remark)}</li>" for remark in remarks)
    return (
        f"<h3>{escape(card['title'])}</h3><p>{escape(card['description'])}</p><dl>{listed}</dl>"
        f"<h3>{escape(texts['card_remarks'])}</h3><ul>{said}</ul>"
    )


def about_html(texts: dict[str, str], files: dict[str, list[str]]) -> str:
    """Returns the HTML of the sections in the language of the texts. files: read_files of files.py."""
    parts = []
    for title, paragraphs in PARAGRAPHS.items():
        parts.append(f"<h2>{escape(texts[title])}</h2>")
        parts += [f"<p>{escape(texts[key])}</p>" for key in paragraphs]
        if title in LISTS:
            parts.append(f"<ul>{''.join(f'<li>{escape(texts[key])}</li>' for key in LISTS[title])}</ul>")
    rows = []
    for table, paths in files.items():
        links = " ".join(f'<a href="../{escape(path)}">{escape(short(path, table))}</a>' for path in paths)
        rows.append(f'<tr><th scope="row">{escape(table or texts["files_general"])}</th><td>{links}</td></tr>')
    heads = "".join(f'<th scope="col">{escape(texts[key])}</th>' for key in ("table", "files"))
    return (
        f"{''.join(parts)}<p>{escape(texts['accessibility_contact'])}</p><h2>{escape(texts['files'])}</h2>"
        f'<p><a href="docs/index.html">{escape(texts["docs_link"])}</a></p>'
        f'<table class="files"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def short(path: str, table: str) -> str:
    """Returns what a link to a file says: its format when the table is named beside it."""
    path = path.removeprefix("exports/")
    return FORMAT_NAMES[path.split("/")[0]] if table else path
