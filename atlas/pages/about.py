"""The parts of the page About that are the same for every reader: licences, limits, accessibility, files. Written here
as HTML, so that the code of the pages stays small.
"""

from __future__ import annotations

from html import escape

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


def about_html(texts: dict[str, str], exports: list[str]) -> str:
    """Returns the HTML of the sections in the language of the texts. exports: the exported files, below exports/."""
    parts = []
    for title, paragraphs in PARAGRAPHS.items():
        parts.append(f"<h2>{escape(texts[title])}</h2>")
        parts += [f"<p>{escape(texts[key])}</p>" for key in paragraphs]
        if title in LISTS:
            parts.append(f"<ul>{''.join(f'<li>{escape(texts[key])}</li>' for key in LISTS[title])}</ul>")
    links = "".join(f'<li><a href="../exports/{escape(file)}">{escape(file)}</a></li>' for file in exports)
    return (
        f"{''.join(parts)}<p>{escape(texts['accessibility_contact'])}</p><h2>{escape(texts['files'])}</h2>"
        f'<p><a href="docs/index.html">{escape(texts["docs_link"])}</a></p><ul class="inside">{links}</ul>'
    )
