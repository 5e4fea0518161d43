/* Units, statistics and cells of the release. Nothing is added up or subtracted here: value, limits, rank and comparison only. */
"use strict";

let AREA_LEVELS, LANGUAGES;
const HIDDEN = -1, ABSENT = -3;
const Z_95 = 1.959963984540054, Z_998 = 3.090232306167813;

/* Returns the name of a unit in an address. */
const keyOf = (unit) => `${unit.level}:${unit.code}`;

/* Loads what every page needs: release, units, statistics, labels. */
const loadMeta = async () => {
  const meta = META = await loadJson("meta");
  AREA_LEVELS = meta.areas;
  LANGUAGES = meta.languages;
  UNITS = meta.units.map(([level, code, names, parents], id) => ({ id, level, code, names, parents }));
  BY_KEY = new Map(UNITS.map((unit) => [keyOf(unit), unit]));
  COUNTRY = UNITS.find((unit) => unit.level === "country");
  for (const unit of UNITS) { /* size: the municipalities of a unit */
    if (unit.level !== "municipality") continue;
    unit.size = 1;
    AREA_LEVELS.forEach((level, i) => { const above = BY_KEY.get(`${level}:${unit.parents[i]}`); if (above) above.size = (above.size || 0) + 1; });
  }
  STATISTICS = new Map(meta.statistics.map((statistic) => [statistic.code, statistic]));
  for (const statistic of meta.statistics) {
    statistic.types = statistic.filters[meta.type] || ["total"];
    statistic.hospital = statistic.levels.includes("hospital");
    statistic.combinations = Object.values(statistic.filters).reduce((product, values) => product * values.length, 1);
  }
};

/* Returns a statistic by its code. */
const statisticOf = (code) => STATISTICS.get(code);

/* Returns a published value as a number, everything else as its status in words. */
const plainValue = (cell, statistic) => !has(cell) ? statusText(cell.status) : number(cell.value, DIGITS[statistic.measure]);

/* Returns a count, or a dash. */
const countText = (count) => count === null ? "–" : number(count);

/* Returns the name of a unit: in English the name that the place itself uses, both in Brussels. */
const nameOf = (unit) => {
  const [nl, fr] = unit.names;
  if (unit.level === "hospital") return t("hospital_name", { code: unit.code });
  if (LANGUAGE !== "en") return LANGUAGE === "nl" ? nl : fr;
  if (unit.level === "country") return t("belgium");
  const region = unit.level === "region" ? unit.code : unit.parents[1];
  return region === "02000" ? nl : region === "03000" ? fr : nl === fr ? nl : `${fr} / ${nl}`;
};

/* Returns the units above a unit, nearest first, without those that have the same area (Brussels is region, province and arrondissement). */
const parentsOf = (unit) => {
  const found = AREA_LEVELS.map((level, i) => BY_KEY.get(`${level}:${unit.parents[i]}`)).filter(Boolean);
  return found.filter((parent, i) => !parent.size || (parent.size !== unit.size && parent.size !== found[i - 1]?.size)).reverse();
};

/* Returns the units beside a chosen one: those to compare with and the country, else the units above it. */
const besides = ({ unit, compared }) => compared.length ? [...new Set([...compared, COUNTRY])].filter((other) => other !== unit) : parentsOf(unit);

/* Loads a statistic: its counts, denominators, limits and age-standardised values as far as the release has them. */
const loadTable = (code) => CACHE[`table ${code}`] ||= (async () => {
  const statistic = statisticOf(code);
  const years = statistic.years.length;
  const places = new Map();
  for (const unit of UNITS) if (statistic.levels.includes(unit.level)) places.set(unit.id, places.size);
  const size = places.size * statistic.combinations * years;
  const types = statistic.types.length;
  const parts = await Promise.all([
    load(code),
    statistic.denominator && load(statistic.denominator),
    statistic.limits === "stored" && load(`limits_${code}`),
    statistic.standardised && load(`standardised_${code}`),
  ]);
  const [numerators, denominators, limits, standardised] = parts.map((bytes) => bytes && integerReader(bytes));
  return {
    statistic, places, types,
    n: numerators(size, years),
    d: denominators && denominators(size, years),
    limits: limits && limits(2 * size, years),
    standardised: standardised && standardised(4 * places.size * types * years, years),
  };
})();

/* Returns the number of a combination of filter values, the last filter fastest. */
const combinationOf = (statistic, filters) => Object.entries(statistic.filters)
  .reduce((sum, [name, values]) => sum * values.length + Math.max(0, values.indexOf(filters[name] ?? "total")), 0);

/* Returns the 95 % limits of a share by Wilson's score method (Newcombe 1998, method 3). */
const wilson = (n, d, per) => {
  const z2 = Z_95 * Z_95, p = n / d, below = 1 + z2 / d;
  const middle = p + z2 / (2 * d), half = Z_95 * Math.sqrt(p * (1 - p) / d + z2 / (4 * d * d));
  return [per * Math.max(0, (middle - half) / below), per * Math.min(1, (middle + half) / below)];
};

/* Returns the 95 % limits of a number of events by persons: Poisson's, exact below 10, else Byar's, scaled by the dispersion (Dobson et al. 1991). */
const poisson = (n, d, per, dispersion) => {
  const byar = (x, sign) => x * (1 - 1 / (9 * x) + sign * Z_95 / (3 * Math.sqrt(x))) ** 3;
  const limits = n < 10 ? META.poisson[n] : [byar(n, -1), byar(n + 1, 1)], root = Math.sqrt(dispersion);
  return limits.map((limit) => per * Math.max(0, n + root * (limit - n)) / d);
};

/* Returns the number of the type of act in filter values; 0 for a statistic without types. */
const typeOf = (statistic, filters) => Math.max(0, statistic.types.indexOf(filters[META.type] ?? "total"));

/* Returns filter values with totals for every filter but the type of act: those of the age-standardised tables. */
const standardisedFilters = (filters) => Object.fromEntries(Object.entries(filters).map(([name, value]) => [name, name === META.type ? value : "total"]));

/* Returns a cell without figures. */
const emptyCell = (unit, status = "absent") => ({ unit, status, n: null, d: null, value: null, lower: null, upper: null });

/* Gives a cell the integers of its chunk: status, counts, value, limits (Wilson's for a share, Poisson's with a dispersion). */
const fillCell = (cell, { measure, per }, n, d, dispersion) => {
  if (n === ABSENT) return;
  if (d >= 0) cell.d = d;
  cell.status = n === HIDDEN ? "small_cell" : d === 0 ? "empty" : "published";
  if (n !== HIDDEN) cell.n = n;
  if (cell.status !== "published") return;
  cell.value = d === null ? n : per * n / d;
  if (measure === "share") [cell.lower, cell.upper] = wilson(n, d, per);
  else if (dispersion || dispersion === 0) [cell.lower, cell.upper] = poisson(n, d ?? 1, per || 1, dispersion);
};

/* Returns a cell {unit, status, n, d, value, lower, upper}; fields that the release does not publish are null. */
const cellOf = (table, unit, filters, year) => {
  const { statistic } = table, place = table.places.get(unit.id), y = statistic.years.indexOf(+year);
  const cell = emptyCell(unit);
  if (place === undefined || y < 0) return cell;
  const i = (place * statistic.combinations + combinationOf(statistic, filters)) * statistic.years.length + y;
  fillCell(cell, statistic, table.n[i], table.d ? table.d[i] : null, statistic.dispersion?.[typeOf(statistic, filters)][y]);
  if (table.limits) {
    const scale = 10 ** statistic.decimals, half = table.limits.length / 2;
    [cell.lower, cell.upper] = table.limits[i] === HIDDEN ? [null, null] : [table.limits[i] / scale, table.limits[half + i] / scale];
  }
  return cell;
};

/* Returns the age-standardised cell of a unit: value, limits, comparison with Belgium as the table `standardised_rate` gives them. */
const standardisedOf = (table, unit, filters, year) => {
  const { statistic, types } = table, place = table.places.get(unit.id), years = statistic.years.length;
  const cell = { ...emptyCell(unit, "not_standardised"), compared: null };
  if (place === undefined) return cell;
  const part = table.standardised.length / 4, i = (place * types + typeOf(statistic, filters)) * years + statistic.years.indexOf(+year);
  const [value, lower, upper] = [0, 1, 2].map((k) => table.standardised[k * part + i]), scale = 10 ** statistic.decimals;
  if (value === HIDDEN) return cell;
  const compared = ["", "higher", "not_different", "lower"][table.standardised[3 * part + i]] || null;
  return { ...cell, status: "published", value: value / scale, lower: lower < 0 ? null : lower / scale, upper: upper < 0 ? null : upper / scale, compared };
};

/* Returns how a cell compares with Belgium: higher, lower, not_different by its 95 % limits; null when that cannot be said. */
const comparedWith = (cell, country) => {
  if (cell.compared !== undefined) return cell.compared;
  if (cell.lower === null || cell.d === null || !has(country)) return null; /* a count is not compared with the country's */
  return cell.lower > country.value ? "higher" : cell.upper < country.value ? "lower" : "not_different";
};

/* Returns how a cell differs from another one: higher, lower, or unsure where their limits overlap; null without limits. */
const differsFrom = (cell, other) => cell.lower === null || other.lower === null ? null
  : cell.lower > other.upper ? "higher" : cell.upper < other.lower ? "lower" : "unsure";

/* Returns the kilobytes of the file with the statistical sectors of a municipality; 0 without one. */
const sectorsOf = (unit) => unit.level === "municipality" && META.sectors.sizes[unit.parents[3]] || 0;

/* Loads the statistical sectors of a municipality; returns their cells of a statistic and year. */
const loadSectors = async (unit, code, year) => {
  const { codes, limits } = META.sectors, k = codes.indexOf(code), statistic = statisticOf(code), y = statistic.years.indexOf(year);
  const file = await (CACHE[`sectors ${unit.parents[3]}`] ||= loadMixed(`sectors_${unit.parents[3]}`).then(([head, read]) => {
    const sectors = head.units.flatMap(([municipality, inside]) => inside.map(([code, nl, fr = nl]) => ({ municipality, code, level: "statistical_sector", names: [nl, fr], parents: unit.parents })));
    const take = (i) => { const years = statisticOf(codes[i]).years.length; return read(years * sectors.length, years); };
    return { ...head, sectors, n: codes.map((_, i) => take(i)), d: head.denominators.map(take) };
  }));
  return file.sectors.map((sector, i) => {
    const cell = emptyCell(sector), place = i * statistic.years.length + y;
    fillCell(cell, statistic, file.n[k][place], file.of[k] < 0 ? null : file.d[file.of[k]][place], statistic.dispersion?.[0][y]);
    if (!limits.includes(code)) cell.lower = cell.upper = null;
    return cell;
  }).filter((cell) => cell.unit.municipality === unit.code && cell.status !== "absent");
};

/* Returns the cells of all units of a level, in the mode of the state. */
const cellsOf = (table, state, level = state.level, year = state.year) => UNITS
  .filter((unit) => unit.level === level && table.places.has(unit.id))
  .map((unit) => standardises(state) ? standardisedOf(table, unit, state.filters, year) : cellOf(table, unit, state.filters, year))
  .filter((cell) => cell.status !== "absent");

/* Returns a unit's cell in the mode of the state. */
const chosenCell = (table, state, unit, year = state.year) => standardises(state)
  ? standardisedOf(table, unit, state.filters, year) : cellOf(table, unit, state.filters, year);

/* Returns {rank, count, hidden} of a unit among the shown units of its level; equal values share a rank. */
const rankOf = (cells, unit) => {
  const shown = cells.filter(has), own = shown.find((cell) => cell.unit === unit);
  return {
    rank: own ? 1 + shown.filter((cell) => cell.value > own.value).length : null,
    count: shown.length,
    hidden: cells.length - shown.length,
  };
};

/* Returns the four values that cut a sorted list into fifths. */
const quintiles = (sorted) => [0.2, 0.4, 0.6, 0.8].map((q) => sorted[Math.floor(q * (sorted.length - 1))]);

/* Returns the upper bounds of at most five classes: quintiles of the shown values of all years, so that a colour means the same in every year. */
const breaksOf = (table, state) => {
  const known = table.breaks ||= {}, key = JSON.stringify([state.level, state.mode, state.filters]);
  return known[key] ||= newBreaks(table, state);
};
const newBreaks = (table, state) => {
  const values = table.statistic.years.flatMap((year) => cellsOf(table, state, state.level, year)).map((cell) => cell.value)
    .filter((value) => value !== null).sort((a, b) => a - b);
  if (!values.length) return [];
  const digits = DIGITS[table.statistic.measure], round = (v) => Math.round(v * 10 ** digits) / 10 ** digits;
  const bounds = quintiles(values).map(round);
  return [...new Set(bounds)].filter((bound) => bound >= values[0] && bound < values.at(-1));
};

/* Returns the class of a value: the number of bounds below it. */
const classOf = (value, breaks) => breaks.filter((bound) => value > bound).length;

/* Returns the status of a cell in words. */
const statusText = (status) => status === "not_standardised" || status === "absent" ? t(`status_${status}`)
  : say(META.labels.observation_status[status]);

/* Returns the title of a statistic. */
const titleOf = (statistic) => say(statistic.title);
