/* The state of the page is the address after "#": a link is the whole state. Values that are not in the release fall back. */
"use strict";

const VIEWS = ["home", "statistic", "place", "hospital", "variation", "confidentiality", "about"];
const ORDERS = ["high", "low", "name", "hidden"];
const MODES = ["values", "belgium", "standardised"];
const MOST_COMPARED = 4; // places beside the chosen one; with Belgium six lines of a chart

/* Returns whether a state shows age-standardised values. */
const standardises = (state) => state.mode === "standardised";

/* Returns the language of a first visit. */
const firstLanguage = () => LANGUAGES.find((language) => (navigator.language || "").startsWith(language)) || "en";

/* Returns the state that an address after "#" gives; everything unknown is replaced by a default. */
const readState = (hash) => {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const pick = (key, allowed, fallback) => allowed.includes(query.get(key)) ? query.get(key) : fallback;
  const codes = [...STATISTICS.keys()];
  const state = { language: pick("l", LANGUAGES, firstLanguage()), view: pick("v", VIEWS, "home"), embed: query.get("e") === "1", order: pick("o", ORDERS, "high") };
  const areas = codes.filter((code) => !statisticOf(code).hospital);
  const hospitals = codes.filter((code) => statisticOf(code).hospital);
  state.code = pick("s", codes, null);
  if (state.view === "statistic" && hospitals.includes(state.code)) state.view = "hospital";
  if (state.view === "hospital" && !hospitals.includes(state.code)) {
    state.code = hospitals.find((code) => statisticOf(code).measure === "share") || hospitals[0] || null;
  }
  if (state.view === "place" && query.get("sectors") === "1" && !META.sectors.codes.includes(state.code)) state.code = META.sectors.codes.find((code) => code === state.code?.replace("cube_", "stat_")) || META.sectors.codes[0];
  if (state.view !== "hospital" && !areas.includes(state.code)) state.code = areas.includes("cube_013_007") ? "cube_013_007" : areas[0];
  const statistic = statisticOf(state.code || codes[0]);
  const years = statistic.years.map(String);
  state.year = +pick("y", years, years.at(-1));
  state.filters = {};
  for (const [name, values] of Object.entries(statistic.filters)) state.filters[name] = pick(name, values, values.includes("total") ? "total" : values[0]);
  const levels = statistic.levels.filter((level) => level !== "country");
  state.level = pick("g", levels, levels.includes("municipality") ? "municipality" : levels.at(-1));
  state.mode = pick("m", MODES, "values");
  if (standardises(state) && !statistic.standardised) state.mode = "values";
  if (state.mode === "belgium" && !hasLimits(statistic)) state.mode = "values";
  if (standardises(state)) state.filters = standardisedFilters(state.filters);
  state.age = pick("a", standardises(state) ? [] : statistic.filters[statistic.ages] || [], ""); // a second age group in the series
  state.unit = BY_KEY.get(query.get("p")) || COUNTRY;
  if (state.unit.level === "hospital" && state.view !== "hospital" && state.view !== "place") state.unit = COUNTRY;
  state.compared = (query.get("c") || "").split(",").map((key) => BY_KEY.get(key))
    .filter((unit, i, all) => unit && unit.level !== "hospital" && unit !== state.unit && all.indexOf(unit) === i).slice(0, MOST_COMPARED);
  state.sectors = query.get("sectors") === "1" && state.view === "place" && sectorsOf(state.unit) > 0;
  return state;
};

/* Returns whether intervals can be shown: from the table, or Wilson's for a share. */
const hasLimits = (statistic) => statistic.measure !== "count" && (statistic.limits !== null || statistic.measure === "share");

/* Returns the address of a state, with changes. */
const linkTo = (state, changes = {}) => {
  const next = { ...state, ...changes }, query = new URLSearchParams();
  query.set("v", next.view);
  if (next.code && !["home", "about"].includes(next.view)) {
    query.set("s", next.code);
    query.set("y", next.year);
  }
  if (next.view === "statistic" || next.view === "variation") {
    for (const [name, value] of Object.entries(next.filters)) if (value !== "total") query.set(name, value);
    query.set("g", next.level);
    if (next.mode !== "values") query.set("m", next.mode);
    if (next.age) query.set("a", next.age);
  }
  if (next.order !== "high") query.set("o", next.order);
  if (next.unit !== COUNTRY) query.set("p", keyOf(next.unit));
  if (["statistic", "place"].includes(next.view) && next.compared.length) query.set("c", next.compared.map(keyOf));
  if (next.view === "place" && next.sectors) query.set("sectors", 1);
  if (next.embed) query.set("e", "1");
  query.set("l", next.language);
  return `#${query}`.replaceAll("%3A", ":").replaceAll("%2C", ",");
};

/* Goes to a state; `quiet` replaces the last step of the history (a slider that moves). */
const go = (changes, quiet = false) => {
  const link = linkTo(STATE, changes);
  if (link === location.hash) return;
  if (quiet) location.replace(link); else location.hash = link;
};
