"""Makes one file of the pages of a release, to mail or to keep: `python -m atlas.pages.single output/site atlas.html`.

The file holds the same code and data as the folder, so the same release gives the same bytes. Its
Content-Security-Policy allows these scripts and this style by their hashes, and nothing else. Links to files of the
release are not shown, because a mailed file has none beside it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

from atlas.pages.codec import encoded_chunk
from atlas.settings import AtlasError

WITHOUT_FILES = 'a[href^="../"],a[href^="docs/"]{display:none}'


def allowed(text: str) -> str:
    """Returns the source of a policy that allows an inline script or style with this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def single_page(site: Path) -> str:
    """Returns the HTML of the pages in the folder `site` with code, style and data in it. Raises AtlasError when the
    folder holds no pages.
    """
    index = site / "index.html"
    html = index.read_text(encoding="utf-8") if index.exists() else ""
    found = re.search(r'href="(atlas-\w+)/code/atlas\.css"', html)
    if not found:
        raise AtlasError(f"{site}: no atlas pages; name the folder `site` of a release.")
    part = site / found[1]
    style = (part / "code" / "atlas.css").read_text(encoding="utf-8") + WITHOUT_FILES
    chunks = dict(encoded_chunk(path.read_text(encoding="ascii")) for path in sorted((part / "data").glob("*.js")))
    scripts = [f"ATLAS={json.dumps(chunks)}", (part / "code" / "atlas.js").read_text(encoding="utf-8")]
    policy = f"script-src {' '.join(map(allowed, scripts))}; style-src {allowed(style)};"
    html = html.replace("script-src 'self' file:; style-src 'self' file:;", policy)
    html = re.sub(r"<link rel=\"stylesheet\"[^>]*>", lambda _: f"<style>{style}</style>", html)
    html = re.sub(r"<script defer[^>]*></script>\n", "", html)
    return html.replace("</body>", "".join(f"<script>{script}</script>\n" for script in scripts) + "</body>")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Usage: python -m atlas.pages.single SITE FILE, for example output/site atlas.html")
    try:
        Path(sys.argv[2]).write_text(single_page(Path(sys.argv[1])), encoding="utf-8", newline="\n")
    except AtlasError as error:
        sys.exit(f"atlas: {error}")
