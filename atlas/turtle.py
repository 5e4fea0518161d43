"""Writes a JSON-LD document of this project as Turtle, for catalogues that harvest no JSON-LD.

The document has a context of prefixes and a list of nodes; a node holds others, with or without an address. That is all
of JSON-LD that atlas/catalogue.py writes; anything else raises KeyError or TypeError.
"""

from __future__ import annotations

import json
import re


def turtle(document: dict) -> str:
    """Returns the document as Turtle: the prefixes, and one paragraph for each node with an address, in their order."""
    context = document["@context"]
    lines = [f"@prefix {prefix}: <{address}> ." for prefix, address in context.items()]
    described: dict[str, list[str]] = {}
    for node in document["@graph"]:
        _describe(node, context, described)
    for subject, statements in described.items():
        lines += ["", f"{subject} " + " ;\n    ".join(dict.fromkeys(statements)) + " ."]
    return "\n".join(lines) + "\n"


def _describe(node: dict, context: dict, described: dict[str, list[str]]) -> str:
    """Adds the statements about a node, and about those in it, to `described`. Returns its name in Turtle, or the whole
    of a node without an address.
    """
    kinds = node.get("@type", [])
    statements = [f"a {_address(kind, context)}" for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    named = _address(node["@id"], context) if "@id" in node else None
    if named and len(node) > 1:
        described.setdefault(named, [])  # before the nodes in it
    for key, values in node.items():
        if not key.startswith("@") and values is not None:
            objects = [
                _object(value, context, described) for value in (values if isinstance(values, list) else [values])
            ]
            if objects:
                statements.append(f"{key} {', '.join(objects)}")
    if not named:
        return f"[ {' ; '.join(statements)} ]"
    if statements:
        described[named] += statements
    return named


def _object(value, context: dict, described: dict[str, list[str]]) -> str:
    """Returns a value in Turtle: a text, a text in a language or of a type, or a node."""
    if isinstance(value, dict) and "@value" not in value:
        return _describe(value, context, described)
    literal = value if isinstance(value, dict) else {"@value": value}
    text = json.dumps(str(literal["@value"]), ensure_ascii=False)
    if "@language" in literal:
        return f"{text}@{literal['@language']}"
    return f"{text}^^{_address(literal['@type'], context)}" if "@type" in literal else text


def _address(name: str, context: dict) -> str:
    """Returns a name with a prefix of the context as it is, and any other address in angle brackets."""
    prefix, _, rest = name.partition(":")
    if prefix in context and not rest.startswith("//"):
        return name
    return "<" + re.sub(r'[\x00-\x20<>"{}|^`\\]', lambda found: f"%{ord(found[0]):02X}", name) + ">"
