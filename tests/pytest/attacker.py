"""The attack on small cells: somebody who knows every published table, every relation and the geography tries to narrow the suppressed numbers.

Reads only what is public: the tables of the statistics, `statistic`, `geographic_unit`, and the tables that compare areas (`standardised_rate`,
`variation`) with the standard populations of the documentation. Writes down every sum that must hold, and finds for each suppressed number the interval of
values that contradict nothing, by linear programming (HiGHS). A suppressed number whose interval is shorter than the
threshold has fallen.
"""

import itertools
from dataclasses import dataclass, field

import highspy
import numpy
from oracle import AGE, REIMBURSEMENT, TYPE

COUNTRY = "country"
# The filters that split a numerator alone: the card of cube_007_005a says so.
NUMERATOR_FILTERS = (TYPE,)


@dataclass(frozen=True)
class Fallen:
    """A suppressed number that is known too well: what it is, and the interval that must contain it."""

    cell: tuple
    low: float
    high: float


@dataclass
class System:
    """Unknown numbers, linear relations among them, and what is known. A cell is (quantity, year, level, code, a value of each of `filters`)."""

    filters: tuple = ()
    known: dict = field(default_factory=dict)
    hidden: set = field(default_factory=set)
    sums: list = field(default_factory=list)  # (total, [parts], has a remainder that is no cell)
    at_most: list = field(default_factory=list)  # (smaller, larger)
    weighted: list = field(default_factory=list)  # ([(cell, weight)], sum): what a standardised value says

    def state(self, cell, value):
        """A published number, or None for a suppressed one: a number that one table suppresses and another publishes is known."""
        if value is None:
            self.hidden.add(cell)
        else:
            if self.known.setdefault(cell, value) != value:
                raise ValueError(f"two tables disagree about {cell}: {self.known[cell]} and {value}")

    def cell(self, quantity, year, level, code, **values):
        """The cell with some values of filters and the total of the others."""
        return (quantity, year, level, code, *(values.get(name, "total") for name in self.filters))

    @property
    def unknown(self):
        return sorted(self.hidden - self.known.keys())


def quantities(statistic):
    """The quantities that a statistic publishes: (numerator, denominator or None)."""
    at_hospital = statistic["smallest_level"] == "hospital"
    if statistic["family"] == "imaging":
        numerator = {"share": "patients", "volume": "exams"}[statistic["measure"]]
        return f"{numerator} {statistic['variable']}", "beneficiaries"
    suffix = " in hospital" if at_hospital else ""
    if statistic["measure"] == "count":
        return "deliveries", None
    return statistic["variable"] + suffix, "deliveries" + suffix


def read_system(connection, schema="main", reference="main", years=None, family=None):
    """The system of one public database. `connection` is a DuckDB connection; `years` limits the attack to some reference years, `family` to some tables.

    The totals of three years are part of it where all three are attacked.
    """
    declared = connection.execute(f"select distinct filters from {reference}.statistic where filters <> ''").fetchall()
    system = System(filters=tuple(sorted({name for (filters,) in declared for name in filters.split(";")})))
    statistics = connection.execute(
        f"select distinct code, family, measure, variable, filters, smallest_level from {reference}.statistic"
        + (f" where family = '{family}'" if family else "")
        + " order by code"
    ).fetchall()
    names = ("code", "family", "measure", "variable", "filters", "smallest_level")
    units = connection.execute(
        f"select geo_level, geo_code, parent_level, parent_code from {reference}.geographic_unit"
    ).fetchall()
    parent = {(level, code): (parent_level, parent_code) for level, code, parent_level, parent_code in units}
    for statistic in (dict(zip(names, row, strict=False)) for row in statistics):
        numerator, denominator = quantities(statistic)
        columns = [row[0] for row in connection.execute(f"describe {schema}.{statistic['code']}").fetchall()]
        filters = [name for name in system.filters if name in columns]
        selected = ", ".join(
            ["reference_year", "geo_level", "geo_code", *filters, "numerator", "denominator", "status"]
        )
        where = "" if years is None else f" where reference_year in ({', '.join(map(str, years))})"
        for row in connection.execute(f"select {selected} from {schema}.{statistic['code']}{where}").fetchall():
            values = dict(zip(filters, row[3:], strict=False))
            place = row[:3]
            # a table without a filter states the total of the filter: a stat is its cube's total
            count, whole, status = row[-3:]
            system.state(system.cell(numerator, *place, **values), 0 if status == "empty" else count)
            if denominator is not None:
                values.update(dict.fromkeys(NUMERATOR_FILTERS, "total"))
                system.state(system.cell(denominator, *place, **values), whole)
    add_windows(system, connection, {row[0]: dict(zip(names, row, strict=True)) for row in statistics}, schema, years)
    add_relations(system, parent)
    return system


def add_windows(system, connection, statistics, schema, years):
    """The totals of three years: cells whose year is both ends in one number (20212023), and their sums over the years."""
    if not connection.execute("select 1 from duckdb_tables() where table_name = 'three_year_window'").fetchall():
        return
    windows = set()
    for statistic, first, last, *unit, count, whole, status in connection.execute(
        "select statistic, first_year, last_year, geo_level, geo_code, numerator, denominator, status"
        f" from {'three_year' if schema == 'marts' else schema}.three_year_window"
    ).fetchall():
        span = range(first, last + 1)
        if statistic not in statistics or (years is not None and not set(span) <= set(years)):
            continue
        numerator, denominator = quantities(statistics[statistic])
        for quantity, value in ((numerator, 0 if status == "empty" else count), (denominator, whole)):
            if quantity is not None:
                cell = system.cell(quantity, first * 10000 + last, *unit)
                system.state(cell, value)
                if cell not in windows:
                    windows.add(cell)
                    system.sums.append((cell, [system.cell(quantity, year, *unit) for year in span], False))


def add_relations(system, parent):
    """Every sum that must hold among the cells of a system, and the inequalities between quantities."""
    cells = system.known.keys() | system.hidden
    by_parent, by_filter = {}, {}
    for cell in cells:
        quantity, year, level, code, *filters = cell
        above = (COUNTRY, None) if level == "hospital" else parent.get((level, code))
        if above is not None and above[0] is not None:
            by_parent.setdefault((quantity, year, *above, *filters), []).append(cell)
        for position, value in enumerate(filters):
            if value != "total":
                total = (quantity, year, level, code, *filters[:position], "total", *filters[position + 1 :])
                by_filter.setdefault((total, position), []).append(cell)
    countries = {cell[:3]: cell[3] for cell in cells if cell[2] == COUNTRY}
    for key, parts in by_parent.items():
        code = key[3] if key[3] is not None else countries.get(key[:3])
        total = (*key[:3], code, *key[4:])
        if total in cells:
            # people without a known address, or without a known sector, are in the total only: see attack_remainders
            system.sums.append((total, sorted(parts), parts[0][2] in ("region", "statistical_sector")))
    for (total, _), parts in by_filter.items():
        if total in cells:
            system.sums.append((total, sorted(parts), False))
    for cell in cells:
        quantity = cell[0]
        if quantity.startswith("patients"):
            system.at_most.append((cell, ("beneficiaries", *cell[1:])))
            system.at_most.append((cell, ("exams" + quantity[len("patients") :], *cell[1:])))
        elif quantity.startswith("caesareans"):
            system.at_most.append((cell, ("deliveries" + quantity[len("caesareans") :], *cell[1:])))
        elif quantity == "no_postnatal_midwife":
            system.at_most.append((cell, ("deliveries", *cell[1:])))


def add_comparisons(system, connection, standards, schema="main", comparison="main", reference="main", years=None):
    """Adds what the tables that compare areas say about cells. Returns the number of statements that hold no suppressed number: each is checked.

    standards: {standard: {age: weight}} of the documentation, beside the persons of the country. Raises ValueError when a statement about published numbers
    alone does not hold: then it is not the one that the tables make.

    An indirect value states its expected events: sum over ages of persons x rate of the country, the ages that the reader cannot use pooled. A direct value
    states sum over ages of weight / persons x events. The ratio by increased reimbursement states events / persons of two groups. Limits, dispersions and
    measures of variation are functions of these and of published rows, not of further cells.
    """
    where = "" if years is None else f" where reference_year in ({', '.join(map(str, years))})"
    declared = {
        row[0]: dict(zip(("code", "family", "measure", "variable", "smallest_level"), row, strict=True))
        for row in connection.execute(
            f"select distinct code, family, measure, variable, smallest_level from {reference}.statistic"
        ).fetchall()
    }
    checked = 0

    def state(terms, total):
        nonlocal checked
        if any(cell in system.hidden and cell not in system.known for cell, _ in terms):
            system.weighted.append((terms, total))
            return
        found = sum(weight * system.known[cell] for cell, weight in terms)
        if abs(found - total) > 1e-7 * max(1, abs(total)):
            raise ValueError(f"a standardised value is {total}, and its cells say {found}: {terms[0][0]}")
        checked += 1

    rows = connection.execute(
        f"select statistic, reference_year, geo_level, geo_code, {TYPE}, standard, expected, direct_value"
        f" from {comparison}.standardised_rate{where}"
    ).fetchall()
    ages, age_at = {}, system.cell("", 0, "", "", **{AGE: AGE}).index(AGE)
    for code in {row[0] for row in rows}:
        numerator, denominator = quantities(declared[code])
        ages[code] = sorted(
            {cell[age_at] for cell in system.known.keys() | system.hidden if cell[0] == numerator} - {"total"}
        )
    countries = {cell[:3]: cell[3] for cell in system.known if cell[2] == COUNTRY}
    for code, year, level, place, act, standard, expected, direct in rows:
        numerator, denominator = quantities(declared[code])
        per = {"share": 100, "volume": 1000, "mean": 1}[declared[code]["measure"]]
        whole = countries[denominator, year, COUNTRY]

        def cells(level, place, age, year=year, act=act, numerator=numerator, denominator=denominator):
            place = (year, level, place)
            return system.cell(numerator, *place, **{TYPE: act, AGE: age}), system.cell(
                denominator, *place, **{AGE: age}
            )

        if expected is not None:
            national = {
                age: [system.known.get(cell) for cell in cells(COUNTRY, whole, age)] for age in (*ages[code], "total")
            }
            usable = [a for a in ages[code] if cells(level, place, a)[1] in system.known and None not in national[a]]
            events, persons = (national["total"][i] - sum(national[a][i] for a in usable) for i in (0, 1))
            rate = {a: national[a][0] / national[a][1] if national[a][1] else 0 for a in usable}
            pooled = events / persons if persons else 0
            terms = [(cells(level, place, a)[1], rate.get(a, pooled)) for a in ages[code]]
            if pooled or len(usable) == len(ages[code]):
                state(terms, expected)
        if direct is not None:
            weights = standards.get(standard) or {a: system.known[cells(COUNTRY, whole, a)[1]] for a in ages[code]}
            persons = {a: system.known.get(cells(level, place, a)[1]) for a in ages[code]}
            scale = per / sum(weights[a] for a in ages[code])
            if all(persons.values()):
                state([(cells(level, place, a)[0], scale * weights[a] / persons[a]) for a in ages[code]], direct)
    for code, year, act, ratio in connection.execute(
        f"select statistic, reference_year, {TYPE}, reimbursement_ratio from {comparison}.variation{where}"
        + (" where " if not where else " and ")
        + "reimbursement_ratio is not null"
    ).fetchall():
        numerator, denominator = quantities(declared[code])
        whole = countries[denominator, year, COUNTRY]
        groups = {
            group: (
                system.cell(numerator, year, COUNTRY, whole, **{TYPE: act, REIMBURSEMENT: group}),
                system.known.get(system.cell(denominator, year, COUNTRY, whole, **{REIMBURSEMENT: group})),
            )
            for group in ("yes", "no")
        }
        if all(persons for _, persons in groups.values()):
            state([(groups["yes"][0], 1 / groups["yes"][1]), (groups["no"][0], -ratio / groups["no"][1])], 0)
    return checked


def attack_remainders(system, truth, threshold):
    """Makes each small remainder (no known address, no known sector) a number that has to be protected. Returns how many there are.

    No table states a remainder, so that the public files alone do not say which ones are small: `truth` is the system of the same source without suppression.
    Examinations are protected with their patients.
    """
    exact = {
        (total, parts[0][2]): truth.known[total] - sum(truth.known[part] for part in parts)
        for total, parts, has_rest in truth.sums
        if has_rest
    }
    found = 0
    for number, (total, parts, has_rest) in enumerate(system.sums):
        if not has_rest:
            continue
        level = parts[0][2]
        patients = (total[0].replace("exams", "patients"), *total[1:])
        if any(0 < exact.get((cell, level), 0) < threshold for cell in (total, patients)):
            remainder = (*total[:2], level, f"remainder of {total[3]}", *total[4:])
            system.hidden.add(remainder)
            system.sums[number] = (total, [*parts, remainder], False)
            found += 1
    return found


def pair_system(last, new, merged=None):
    """The system of two releases that describe the same truth: what one publishes is known, what one suppresses and the other does not publish is unknown.

    merged: {code of a municipality of the newer vintage: [its codes of the older one]} when the new release has the newer vintage. Units that hold merged
    municipalities are two, one a release, and their difference is that of whole municipalities.
    """
    renamed = {}
    if merged:
        held = [_municipalities(system) for system in (last, new)]
        made = [
            {unit: frozenset(codes) for unit, codes in held[0].items()},
            {
                unit: frozenset(old for code in codes for old in merged.get(code, [code]))
                for unit, codes in held[1].items()
            },
        ]
        renamed = {unit: made[0][unit] for unit in made[0] if made[0][unit] != made[1].get(unit)}

    def name(cell):
        return (*cell[:3], f"last {cell[3]}", *cell[4:]) if (cell[2], cell[3]) in renamed else cell

    both = System(filters=new.filters)
    for system, rename in ((last, name), (new, lambda cell: cell)):
        for cell, value in system.known.items():
            both.state(rename(cell), value)
        both.hidden |= {rename(cell) for cell in system.hidden}
        both.sums += [(rename(total), sorted(map(rename, parts)), rest) for total, parts, rest in system.sums]
        both.at_most += [(rename(smaller), rename(larger)) for smaller, larger in system.at_most]
    both.sums = sorted({(total, tuple(parts), rest) for total, parts, rest in both.sums}, key=str)
    both.at_most = sorted(set(both.at_most))
    if merged:
        cells = both.known.keys() | both.hidden
        for cell in sorted(new.known.keys() | new.hidden, key=str):
            newer_parts, older_parts = made[1].get((cell[2], cell[3])), made[0].get((cell[2], cell[3]))
            if newer_parts is None or newer_parts == older_parts:
                continue

            def old(codes, cell=cell):
                return [name((*cell[:2], "municipality", code, *cell[4:])) for code in sorted(codes)]

            if cell[2] == "municipality" or older_parts is None:
                terms = [(cell, 1), *((part, -1) for part in old(newer_parts))]
            else:
                terms = [
                    (cell, 1),
                    (name(cell), -1),
                    *((part, 1) for part in old(older_parts - newer_parts)),
                    *((part, -1) for part in old(newer_parts - older_parts)),
                ]
            if all(part in cells for part, _ in terms) and any(
                part in both.hidden and part not in both.known for part, _ in terms
            ):
                both.weighted.append((terms, 0))
    return both


def _municipalities(system):
    """{(level, code): municipalities} of the units of a system, from its sums."""
    parents = {}
    for total, parts, _ in system.sums:
        for part in parts:
            if part[2] != total[2] and part[2] not in ("statistical_sector", "hospital") and total[2] != COUNTRY:
                parents[part[2], part[3]] = (total[2], total[3])
    held = {}
    for cell in system.known.keys() | system.hidden:
        unit = (cell[2], cell[3])
        while cell[2] == "municipality" and unit:
            held.setdefault(unit, set()).add(cell[3])
            unit = parents.get(unit)
    return held


def components(system, with_inequalities):
    """The relations that hold suppressed numbers, split into parts that share none. Yields (cells, equalities, inequalities)."""
    unknown = set(system.unknown)
    leader = {}

    def find(cell):
        while leader.setdefault(cell, cell) != cell:
            leader[cell] = leader[leader[cell]]
            cell = leader[cell]
        return cell

    def join(cells):
        first = find(cells[0])
        for other in cells[1:]:
            leader[find(other)] = first

    equalities, inequalities = [], []
    for number, (total, parts, has_rest) in enumerate(system.sums):
        terms = [(cell, sign) for cell, sign in [(total, -1.0), *((part, 1.0) for part in parts)] if cell in unknown]
        constant = -sum(
            sign * system.known[cell]
            for cell, sign in [(total, -1.0), *((part, 1.0) for part in parts)]
            if cell not in unknown
        )
        if has_rest:
            terms.append((("rest", number), 1.0))
        if any(cell in unknown for cell, _ in terms):
            equalities.append((terms, constant))
            join([cell for cell, _ in terms])
    for weighted, total in system.weighted:
        terms = [(cell, weight) for cell, weight in weighted if cell in unknown]
        constant = total - sum(weight * system.known[cell] for cell, weight in weighted if cell not in unknown)
        largest = max(abs(weight) for _, weight in terms)
        equalities.append(([(cell, weight / largest) for cell, weight in terms], constant / largest))
        join([cell for cell, _ in terms])
    if with_inequalities:
        for smaller, larger in system.at_most:
            terms = [(cell, sign) for cell, sign in ((smaller, 1.0), (larger, -1.0)) if cell in unknown]
            if terms and larger in (system.known.keys() | unknown):
                constant = sum(
                    sign * system.known[cell] for cell, sign in ((smaller, -1.0), (larger, 1.0)) if cell in system.known
                )
                inequalities.append((terms, constant))
                join([cell for cell, _ in terms])
    parts = {}
    for cell in unknown:
        parts.setdefault(find(cell), ([], [], []))[0].append(cell)
    for index, group in ((1, equalities), (2, inequalities)):
        for terms, constant in group:
            part = parts[find(terms[0][0])]
            part[index].append((terms, constant))
            if index == 1:
                part[0].extend(cell for cell, _ in terms if cell[0] == "rest")
    for leading in sorted(parts, key=str):
        cells, equal, unequal = parts[leading]
        yield sorted(set(cells), key=str), equal, unequal


class Program:
    """The linear programs of one component: their rows are the same, their objectives differ.

    HiGHS keeps the optimum of the last one. The next starts there (primal simplex), because another objective leaves a point feasible.
    """

    FAR = 1e7  # without a limit the numbers are cut off far away, which is as good as any length

    def __init__(self, cells, equalities, inequalities):
        self.cells = cells
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self.highs.setOptionValue("simplex_strategy", 4)  # primal
        self.highs.addVars(len(cells), numpy.zeros(len(cells)), numpy.full(len(cells), self.FAR))
        position = {cell: number for number, cell in enumerate(cells)}
        rows = [[(position[cell], sign) for cell, sign in terms] for terms, _ in [*equalities, *inequalities]]
        upper = numpy.array([constant for _, constant in [*equalities, *inequalities]], dtype=float)
        lower = upper.copy()
        lower[len(equalities) :] = -highspy.kHighsInf
        self._add_rows(rows, lower, upper)

    def _add_rows(self, rows, lower, upper):
        """Adds rows, each a list of (number of a column, factor)."""
        starts = numpy.cumsum([0, *map(len, rows[:-1])])
        columns = numpy.array([column for row in rows for column, _ in row])
        factors = numpy.array([factor for row in rows for _, factor in row])
        self.highs.addRows(len(rows), lower, upper, len(columns), starts, columns, factors)

    def optimum(self, objective):
        """A feasible point with the smallest sum of number x weight. objective: {number of a cell, or of a helper: weight}."""
        for number, weight in objective.items():
            self.highs.changeColCost(number, weight)
        self.highs.run()
        status = self.highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            message = self.highs.modelStatusToString(status)
            raise ValueError(
                f"the published numbers contradict each other: {message} ({len(self.cells)} cells, first {self.cells[0]})"
            )
        point = numpy.array(self.highs.getSolution().col_value)[: len(self.cells)]
        for number in objective:
            self.highs.changeColCost(number, 0.0)
        return point

    def stretch(self, numbers, goal, sign, weights):
        """A feasible point in which as many of the numbered cells as possible reach their goal: at least (sign 1) or at most (sign -1) that much."""
        count, size, rows = len(numbers), len(self.cells), self.highs.getNumRow()
        # one helper a cell: what of the goal is reached, which cannot be overdone at the cost of the others
        ends = (numpy.zeros(count), goal) if sign > 0 else (goal, numpy.full(count, self.FAR))
        self.highs.addVars(count, *ends)
        reach = [[(int(number), -sign), (size + place, sign)] for place, number in enumerate(numbers)]
        self._add_rows(reach, numpy.full(count, -highspy.kHighsInf), numpy.zeros(count))
        self.highs.clearSolver()  # many objectives at once: presolving the rows anew is quicker than the way from the last optimum
        point = self.optimum({size + place: -sign * weight for place, weight in enumerate(weights)})
        self.highs.deleteVars(count, numpy.arange(size, size + count))
        self.highs.deleteRows(count, numpy.arange(rows, rows + count))
        return point


def attack(system, threshold, with_inequalities=False, limit=None, tries=8, seed=7):
    """All suppressed numbers that can be narrowed to an interval shorter than `threshold`. Returns (fallen, number of cells attacked).

    Two feasible points whose values of a cell are `threshold` apart prove that the cell is protected. A few programs stretch many cells at once; each cell
    that is left gets its own two programs. `limit` bounds those per component, the cells on the shortest lines first.
    """
    generator = numpy.random.default_rng(seed)
    fallen, attacked = [], 0
    for cells, equalities, inequalities in components(system, with_inequalities):
        program = Program(cells, equalities, inequalities)
        targets = numpy.array([number for number, cell in enumerate(cells) if cell[0] != "rest"])
        if equalities == [] and inequalities == []:
            attacked += len(targets)
            continue
        low, high = numpy.full(len(cells), numpy.inf), numpy.full(len(cells), -numpy.inf)

        def learn(point, low=low, high=high):
            numpy.minimum(low, point, out=low)
            numpy.maximum(high, point, out=high)

        learn(program.optimum({}))
        open_targets = targets
        for number in range(2 * tries):
            sign = 1.0 if number % 2 == 0 else -1.0
            goal = low[open_targets] + threshold if sign > 0 else numpy.maximum(high[open_targets] - threshold, 0)
            learn(program.stretch(open_targets, goal, sign, 0.5 + generator.random(len(open_targets))))
            open_targets = targets[high[targets] - low[targets] < threshold - 1e-6]
            if len(open_targets) == 0:
                break
        shortest = {}
        for terms, _ in equalities:
            for cell, _ in terms:
                shortest[cell] = min(shortest.get(cell, len(terms)), len(terms))
        exposed = sorted(open_targets, key=lambda number: (shortest.get(cells[number], 0), number))
        attacked += len(targets) - len(exposed) + len(exposed[:limit])
        for number in exposed[:limit]:
            if high[number] - low[number] >= threshold - 1e-6:
                continue
            for sign in (1.0, -1.0):
                learn(program.optimum({int(number): sign}))
            if high[number] - low[number] < threshold - 1e-6:
                fallen.append(Fallen(cells[number], float(low[number]), float(high[number])))
    return fallen, attacked


def table_system(rows, columns, hidden, values):
    """The system of one two-way table with all its margins published, for the classical traps. `hidden` is a set of (row, column)."""
    system = System()
    for row, column in itertools.product(rows, columns):
        system.state(("cases", 0, row, column), None if (row, column) in hidden else values[row, column])
    for row in rows:
        system.state(("cases", 0, row, "total"), sum(values[row, column] for column in columns))
        system.sums.append((("cases", 0, row, "total"), [("cases", 0, row, column) for column in columns], False))
    for column in columns:
        system.state(("cases", 0, "total", column), sum(values[row, column] for row in rows))
        system.sums.append((("cases", 0, "total", column), [("cases", 0, row, column) for row in rows], False))
    return system
