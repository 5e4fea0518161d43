"""Writes the metadata cards for the documentation site: `python -m atlas.cards`, or `--check` to see whether that is needed.

The cards are composed in SQL (models/intermediate/cards, models/marts/reference) from the parts in seeds/statistics. dbt wants its
descriptions before it runs anything, so they stand in a generated file, models/docs/cards.md, in English, Dutch and French: one block
`card_<code>` a cube or stat for the description of its mart; for its columns one block `column_<name>` where the words are the same for
all tables, else `column_<code>_<name>`. This script runs the same SQL on the seeds alone, in memory, and puts the
result under the headings of the cards; it holds no sentence of its own. A test (tests/pytest/test_cards.py) fails when the file is old.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb
import jinja2
import yaml

from atlas.settings import PROJECT_DIR

CARDS_FILE = Path("models/docs/cards.md")
LANGUAGES = ("en", "nl", "fr")
# The fields of a card in the order in which they are read; those that are lists with one line an entry.
FIELDS = (
    "title",
    "card_code",
    "description",
    "coding",
    "remarks",
    "update_frequency",
    "smallest_geographic_level",
    "calculation",
    "available_since",
    "characteristics",
    "recommended_reference",
    "metadata_updated",
    "source_variables",
    "related",
    "keywords",
    "code_lists",
)
LISTS = ("remarks", "related", "code_lists")
NOTICE = (
    "<!-- Written by atlas/cards.py from seeds/statistics. Change the seeds and run that script, not this file. -->"
)


class CardModels:
    """The models of the cards, and whatever they refer to, as tables of an in-memory database.

    A small part of dbt: `ref` finds a seed or model by its file name, `var` reads dbt_project.yml (a caller may change `variables`), and
    macros come from macros/cards.sql. A model that reads a source fails here, so nothing of persons can reach a card.
    """

    def __init__(self, project_dir: Path = PROJECT_DIR) -> None:
        self.connection = duckdb.connect()
        self.variables = yaml.safe_load((project_dir / "dbt_project.yml").read_text())["vars"]
        self._seeds = {path.stem: path for path in project_dir.glob("seeds/**/*.csv")}
        self._models = {path.stem: path for path in project_dir.glob("models/**/*.sql")}
        self._macros = (project_dir / "macros/cards.sql").read_text()
        self._types = {
            seed["name"]: (seed.get("config") or {}).get("column_types") or {}
            for path in sorted(project_dir.glob("seeds/**/*.yml"))
            for seed in yaml.safe_load(path.read_text()).get("seeds") or []
        }
        self._made: set[str] = set()
        self.jinja = jinja2.Environment(undefined=jinja2.StrictUndefined)
        self.jinja.globals.update(ref=self.table, var=self.variables.__getitem__, config=lambda **_: "", execute=False)

    def table(self, name: str) -> str:
        """Makes the seed or model and everything that it refers to. Returns its name in the database. Raises KeyError if there is none."""
        if name not in self._made:
            if name in self._seeds:
                self._load(name)
            else:
                sql = self.rendered(self._models[name].read_text())
                self.connection.execute(f'create table "{name}" as {sql}')
            self._made.add(name)
        return f'"{name}"'

    def rendered(self, template: str) -> str:
        """Returns the SQL of a model or test of the project. Tables that it refers to are made on the way."""
        return self.jinja.from_string(self._macros + template).render()

    def rows(self, query: str) -> list[dict]:
        """Returns the rows of a query, each as {column: value}."""
        cursor = self.connection.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def _load(self, name: str) -> None:
        """Loads one seed as dbt does: every column as the type that its YAML gives, an empty cell is null."""
        path = str(self._seeds[name]).replace("'", "''")
        source = f"read_csv('{path}', header = true, all_varchar = true, nullstr = '', delim = ',', quote = '\"', escape = '\"')"
        columns = [row[0] for row in self.connection.execute(f"describe from {source}").fetchall()]
        casts = ", ".join(
            f'cast("{column}" as {self._types.get(name, {}).get(column, "text")}) as "{column}"' for column in columns
        )
        self.connection.execute(f'create table "{name}" as select {casts} from {source}')


def cards_page(models: CardModels) -> str:
    """Returns the text of models/docs/cards.md: the doc blocks of the columns, then one a cube or stat."""
    for name in (
        "statistic",
        "statistic_remark",
        "statistic_relation",
        "statistic_code",
        "statistic_column",
        "dim_code_list",
    ):
        models.table(name)
    phrases = {
        (row["phrase"], row["language"]): row["phrase_text"]
        for row in models.rows(f"from {models.table('card_phrase')}")
    }
    codes = [row["code"] for row in models.rows("select code from card_statistic order by code")]
    blocks = [*_column_blocks(models), *(_card_block(models, phrases, code) for code in codes)]
    return "\n".join([NOTICE, *blocks]) + "\n"


def _column_blocks(models: CardModels) -> list[str]:
    """Returns the doc blocks of the columns, each with its three languages."""
    texts = models.rows(
        """select
             case
               when count(distinct description) over (partition by column_name, language) > 1 then code || '_' || column_name
               else column_name
             end as block, language, description
           from statistic_column order by block, code"""
    )
    blocks: dict[str, dict[str, str]] = {}
    for text in texts:
        blocks.setdefault(text["block"], {})[text["language"]] = text["description"]
    return [
        f"\n{{% docs column_{name} %}}\n" + "\n\n".join(words[language] for language in LANGUAGES) + "\n{% enddocs %}"
        for name, words in blocks.items()
    ]


def _card_block(models: CardModels, phrases: dict, code: str) -> str:
    """Returns the doc block of one statistic: a line that says what it is, then the whole card in each language."""
    lines = []
    for language in LANGUAGES:
        card = models.rows(f"select * from statistic where code = '{code}' and language = '{language}'")[0]
        card["remarks"] = _remarks(models, phrases, code, language)
        card["related"] = _related(models, phrases, code, language)
        card["code_lists"] = _code_lists(models, phrases, code, language)
        if language == LANGUAGES[0]:
            lines += [f"{card['title']} (`{code}`). {card['description']}", ""]
        lines += [f"## {phrases['language_name', language]}", ""]
        for field in FIELDS:
            gap = "\n\n" if field in LISTS else " "
            lines += [f"**{phrases['heading_' + field, language]}:**{gap}{card[field]}", ""]
        lines += [f"*{phrases['page_note', language]}*", ""]
    body = "\n".join(lines).rstrip()
    return f"\n{{% docs card_{code} %}}\n{body}\n{{% enddocs %}}"


def _remarks(models: CardModels, phrases: dict, code: str, language: str) -> str:
    rows = models.rows(
        f"select origin, remark from statistic_remark where code = '{code}' and language = '{language}' order by position"
    )
    note = f" *({phrases['our_decision', language]})*"
    return "\n".join(f"- {row['remark']}{note if row['origin'] == 'decision' else ''}" for row in rows)


def _related(models: CardModels, phrases: dict, code: str, language: str) -> str:
    rows = models.rows(
        f"select related_code, is_built, related_title_{language} as title from statistic_relation where code = '{code}' order by position"
    )
    note = f" *({phrases['not_built', language]})*"
    return "\n".join(f"- `{row['related_code']}`: {row['title']}{'' if row['is_built'] else note}" for row in rows)


def _code_lists(models: CardModels, phrases: dict, code: str, language: str) -> str:
    rows = models.rows(
        f"""select list_code, label_{language} as label from dim_code_list
            where list_code in (select list_code from statistic_code where code = '{code}') order by list_code"""
    )
    return "\n".join(
        [*(f"- `{row['list_code']}`: {row['label']}" for row in rows), "", phrases["code_lists_where", language]]
    )


def main(arguments: list[str] | None = None) -> int:
    """Writes the page, or with --check compares it. Returns the exit code: 1 when --check finds an old page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when the committed page is not up to date"
    )
    options = parser.parse_args(arguments)
    page = cards_page(CardModels())
    target = PROJECT_DIR / CARDS_FILE
    if not options.check:
        target.write_text(page, encoding="utf-8")
        print(f"{CARDS_FILE}: written")
        return 0
    if target.exists() and target.read_text(encoding="utf-8") == page:
        print(f"{CARDS_FILE}: up to date")
        return 0
    print(f"{CARDS_FILE} is not what the seeds say: run `python -m atlas.cards` and commit the file.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
