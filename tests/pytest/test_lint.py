"""What `make lint` leaves out: SQL files that passed as they are."""

import lint


def test_a_file_is_linted_again_when_it_or_what_its_text_follows_from_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(lint, "PROJECT", tmp_path)
    monkeypatch.setattr(lint, "PASSED", tmp_path / "passed.json")
    linted = []

    class Done:
        returncode = 0

    def run(command, **_):
        linted.append([name for name in command if name.endswith(".sql")])
        return Done

    monkeypatch.setattr(lint.subprocess, "run", run)
    for name in ("models/one.sql", "models/two.sql", "macros/rule.sql", ".sqlfluff"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("select 1")
    (tmp_path / "models/three.sql").write_text("select 1")
    (tmp_path / ".sqlfluffignore").write_text("# a call of one macro\nmodels/th*.sql\n")
    both = ["models/one.sql", "models/two.sql"]
    assert lint.lint_sql() and linted.pop() == both
    assert lint.lint_sql() and not linted
    (tmp_path / "models/one.sql").write_text("select 2")
    Done.returncode = 1
    assert not lint.lint_sql() and not lint.lint_sql() and linted == [["models/one.sql"]] * 2
    Done.returncode = 0
    assert lint.lint_sql() and not linted[3:]
    for name in ("macros/rule.sql", ".sqlfluff"):
        (tmp_path / name).write_text("select 3")
        assert lint.lint_sql() and linted.pop() == both
