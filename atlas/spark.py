"""The engine Spark: what must be there before a build, and the dbt command that computes the models tagged `spark`.

That command is a process of its own (atlas/spark_half.py): its memory is free when DuckDB goes on, and Spark's packages
may be in an environment of their own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import duckdb

from atlas import child
from atlas.runner import BUILD
from atlas.settings import PROJECT_DIR, AtlasError, InputError, Settings

METHODS = ("session", "connect", "thrift", "http")  # each is a target of profiles.yml
PORTS = {"connect": "15002", "thrift": "10000", "http": "443"}  # where ATLAS_SPARK_PORT names none
PACKAGES = {"session": ["pyspark"], "connect": ["pyspark", "grpcio", "pandas", "pyarrow"]}  # others need PyHive
REQUIREMENTS = PROJECT_DIR / "requirements-spark.in"
LEAST_JAVA = 17
LEAST_SPARK = 4  # of a server: tables are overwritten by name
TIMEOUT = 10  # seconds to reach a server
PATIENCE = 120  # seconds until a server has said its version: a cluster may have to start
# How a server is asked for its version. Databricks counts by other numbers.
ASKED = {
    "thrift": "from pyhive import hive\ncursor = hive.connect(sys.argv[1], int(sys.argv[2]), username=sys.argv[3])"
    ".cursor()\ncursor.execute('select version()')\nversion = cursor.fetchone()[0]",
    "connect": "from pyspark.sql import SparkSession\nversion = SparkSession.builder.getOrCreate().version",
}


def python(environment=os.environ) -> str:
    """Returns the Python that has Spark's packages: ATLAS_SPARK_PYTHON, else that of .venv-spark, else this one."""
    own = PROJECT_DIR / ".venv-spark" / "bin" / "python"
    return environment.get("ATLAS_SPARK_PYTHON") or (str(own) if own.exists() else sys.executable)


def method(environment=os.environ) -> str:
    """Returns how dbt-spark reaches Spark. Raises InputError for a method that no target has."""
    value = environment.get("ATLAS_SPARK_METHOD") or "session"
    if value not in METHODS:
        raise InputError(f"ATLAS_SPARK_METHOD is {value!r}, but must be one of {', '.join(METHODS)}.")
    return value


def check_engine(settings: Settings, environment=os.environ) -> None:
    """Raises InputError when the engine of the settings cannot build in the output directory: the warehouse there is of
    the other one, or something that Spark needs is missing.
    """
    built_by = engine_of(settings.warehouse)
    if built_by not in (None, settings.engine):
        raise InputError(
            f"ATLAS_ENGINE is {settings.engine}, but the warehouse {settings.warehouse} was built with the engine "
            f"{built_by}. Build with ATLAS_ENGINE={built_by}, or give this engine a directory of its own with "
            "ATLAS_OUTPUT_DIR."
        )
    if settings.engine == "spark":
        check(environment)


def engine_of(warehouse: Path) -> str | None:
    """Returns the engine that built a warehouse; None when no build of it is complete, or the file cannot be read."""
    if not warehouse.exists():
        return None
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
            if "built_year" not in tables or not connection.execute("from quality.built_year").fetchone():
                return None
    except duckdb.Error:  # the build says what is wrong with the file
        return None
    return "spark" if "spark_table" in tables else "duckdb"


def check(environment=os.environ) -> None:
    """Raises InputError that says what is missing for a build with Spark: packages, Java, a server that answers."""
    how = method(environment)
    _check_packages(python(environment), how)
    if how == "session":
        _check_java(environment)
    else:
        _check_server(environment, PORTS[how])
    if how in ASKED:
        _check_server_version(environment, how)


def wanted_versions() -> dict[str, str]:
    """Returns the versions of the packages that requirements-spark.in pins: {name: version}."""
    return dict(re.findall(r"^([a-z-]+)(?:\[[A-Za-z,]+\])?==([0-9.]+)", REQUIREMENTS.read_text(encoding="utf-8"), re.M))


def _check_packages(interpreter: str, how: str) -> None:
    """Raises InputError when a package of Spark is missing or of another version."""
    wanted = wanted_versions()
    names = ["dbt-core", "dbt-spark", *PACKAGES.get(how, ["pyhive"])]
    code = (
        "import importlib.metadata as m, json, sys\nfound = {}\nfor name in sys.argv[1:]:\n"
        "    try: found[name] = m.version(name)\n    except m.PackageNotFoundError: pass\nprint(json.dumps(found))"
    )
    install = (
        "Run `make spark`, or `pip install -r requirements-spark.txt` for the Python that ATLAS_SPARK_PYTHON names."
    )
    try:
        done = subprocess.run([interpreter, "-c", code, *names], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(f"ATLAS_SPARK_PYTHON is {interpreter!r}, which does not run. {install}") from error
    found = json.loads(done.stdout)
    if how == "connect" and not set(PACKAGES[how]) <= set(found):
        install = f"Run `make spark`, and `{interpreter} -m pip install 'pyspark[connect]=={wanted['pyspark']}'`."
    for name in names:
        if name not in found:
            raise InputError(
                f"ATLAS_ENGINE is spark, but the package {name} is not installed for {interpreter}. {install}"
            )
        if found[name] != wanted.get(name, found[name]):
            raise InputError(
                f"ATLAS_ENGINE is spark, but {interpreter} has {name} {found[name]}, and the project needs "
                f"{wanted[name]}. {install}"
            )


def _check_java(environment) -> None:
    """Raises InputError when there is no Java, or an older one than Spark needs."""
    home = environment.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java", path=environment.get("PATH"))
    remedy = (
        f"Install Java {LEAST_JAVA} or later (Debian: openjdk-{LEAST_JAVA}-jre-headless), or name it with JAVA_HOME."
    )
    try:
        done = subprocess.run([java or "/no/java", "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(
            f"ATLAS_ENGINE is spark, but there is no Java{f' in {home}' if home else ''}. {remedy}"
        ) from error
    version = re.search(r'version "(\d+)', done.stderr + done.stdout)
    if not version or int(version[1]) < LEAST_JAVA:
        raise InputError(f"ATLAS_ENGINE is spark, but Java is version {version[1] if version else 'unknown'}. {remedy}")


def _check_server(environment, usual_port: str) -> None:
    """Raises InputError when no server is named, or it does not answer."""
    host, port = environment.get("ATLAS_SPARK_HOST"), environment.get("ATLAS_SPARK_PORT") or usual_port
    if not host:
        raise InputError("ATLAS_SPARK_HOST is not set: name the server of Spark, or leave ATLAS_SPARK_METHOD out.")
    if not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise InputError(f"ATLAS_SPARK_PORT is {port!r}, but must be a number of a port, from 1 to 65535.")
    try:
        socket.create_connection((host, int(port)), timeout=TIMEOUT).close()
    except OSError as error:
        raise InputError(
            f"The server of Spark, {host}:{port}, does not answer ({error.strerror or error}). Start it, or correct "
            "ATLAS_SPARK_HOST and ATLAS_SPARK_PORT."
        ) from error


def _check_server_version(environment, how: str) -> None:
    """Raises InputError when what answers at the address is no server of Spark, or one of an older version."""
    host, port = environment["ATLAS_SPARK_HOST"], environment.get("ATLAS_SPARK_PORT") or PORTS[how]
    code = f"import json, sys\n{ASKED[how]}\nprint(json.dumps({{'spark': version}}))"
    command = [python(environment), "-c", code, host, port, environment.get("ATLAS_SPARK_USER") or "atlas"]
    remote = {"SPARK_REMOTE": address_of_connect(environment)} if how == "connect" else {}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=PATIENCE, env={**environment, **remote}
        )
        version = str(json.loads(done.stdout)["spark"])
    except (OSError, ValueError, LookupError, subprocess.SubprocessError) as error:
        raise InputError(
            f"{host}:{port} answers, but not as a server of Spark by the method {how}. Start one there, or correct "
            "ATLAS_SPARK_METHOD, ATLAS_SPARK_HOST and ATLAS_SPARK_PORT."
        ) from error
    number = re.match(r"\d+", version)
    if not number or int(number[0]) < LEAST_SPARK:
        raise InputError(
            f"The server of Spark, {host}:{port}, has version {version.split(' ')[0]}, and the project needs "
            f"{LEAST_SPARK} or later. Name another server with ATLAS_SPARK_HOST."
        )


def address_of_connect(environment) -> str:
    """Returns the address of the server of Spark Connect as PySpark takes it: with a token, it is reached by TLS."""
    host, port = environment["ATLAS_SPARK_HOST"], environment.get("ATLAS_SPARK_PORT") or PORTS["connect"]
    given = {"user_id": environment.get("ATLAS_SPARK_USER"), "token": environment.get("ATLAS_SPARK_TOKEN")}
    parts = "".join(f";{name}={quote(value, safe='')}" for name, value in given.items() if value)
    return f"sc://{host}:{port}/{parts}"


def make_exchange(folder: Path) -> None:
    """Makes the private folder through which the tables of one build pass, and removes those of earlier builds."""
    clear_exchange(folder.parent)
    for part in (folder / "in", folder / "out"):
        part.mkdir(mode=0o700, parents=True)


def clear_exchange(folder: Path) -> None:
    """Removes the folders of builds, which have dbt's ids as names, from a folder that may hold other files."""
    for path in folder.iterdir() if folder.exists() else ():
        if re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", path.name):
            shutil.rmtree(path, ignore_errors=True)


def run(settings: Settings, folder: Path, plan: str, variables: dict, *, full_refresh: bool) -> None:
    """Computes the models with the tag `spark`; what they say to the operator is printed.

    folder: see make_exchange. plan: dbt's id of the command that made the load plan. Raises AtlasError with dbt's
    errors, in which no value of a row is left.
    """
    work = settings.output_dir / "spark"
    result = folder / "errors.json"
    command = [python(), "-m", "atlas.spark_half", str(result), "--quiet", "--no-use-colors", *BUILD]
    command += ["--target", f"spark_{method()}", "--select", "tag:spark", "--indirect-selection", "empty"]
    command += ["--vars", json.dumps(variables, default=str)]
    command += [
        "--project-dir",
        str(PROJECT_DIR),
        "--target-path",
        str(work / "target"),
        "--log-path",
        str(work / "logs"),
    ]
    command += ["--profiles-dir", os.environ.get("DBT_PROFILES_DIR") or str(PROJECT_DIR)]
    command += ["--full-refresh"] if full_refresh else []
    # the variables of dbt that name folders of the command on DuckDB
    passed = {name: value for name, value in os.environ.items() if name not in ("DBT_TARGET_PATH", "DBT_LOG_PATH")}
    environment = {**child.environment(passed), "ATLAS_SPARK_PLAN": plan, "ATLAS_OUTPUT_DIR": str(settings.output_dir)}
    environment["ATLAS_TEMP_DIR"] = str(settings.temp_dir)
    environment["DBT_CACHE_SELECTED_ONLY"] = "true"  # listing a schema takes Spark a second
    if events := environment.get("ATLAS_SPARK_EVENTS"):
        Path(events).mkdir(mode=0o700, parents=True, exist_ok=True)
    if method() == "connect":
        environment["SPARK_REMOTE"] = address_of_connect(environment)
    log = work / "spark.log"  # of Java; private, as it may show rows
    with open(log, "w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, cwd=PROJECT_DIR, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        for line in process.stdout:
            print(line.rstrip("\n"), flush=True)
        process.wait()
    try:
        faults = json.loads(result.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        faults = [f"the process ended with code {process.returncode} before dbt did; Java's messages are in {log}"]
    if faults:
        raise AtlasError("Spark: " + "\n".join(faults[:5]))
