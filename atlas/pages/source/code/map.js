/* The map: shapes from the arcs of the release's boundaries, drawn once per level, coloured on every change. */
"use strict";

/* Loads the boundaries: arcs as points, and for each unit its rings as arc numbers (~n: arc n backwards). */
const loadGeometry = () => CACHE.shapes ||= loadMixed("geometry").then(([{ size, arcs, shapes }, read]) => {
  GEOMETRY = { size, shapes, arcs: arcs.map((count) => [read(count, count), read(count, count)]) };
});

/* Returns the SVG path of a unit; `step` keeps every step-th point of an arc (small maps), its ends always. */
const pathOf = (unit, step = 1) => {
  const { arcs, shapes } = GEOMETRY;
  return shapes[unit.id].map((ring) => {
    let path = "";
    for (const arc of ring) {
      const [xs, ys] = arcs[arc < 0 ? ~arc : arc], last = xs.length - 1;
      for (let k = 0; k <= last; k = k === last ? k + 1 : Math.min(last, k + step)) {
        const i = arc < 0 ? last - k : k;
        if (path && k === 0) continue;
        path += `${path ? "L" : "M"}${xs[i]} ${ys[i]}`;
      }
    }
    return `${path}Z`;
  }).join("");
};

/* Returns [left, top, right, bottom] of units. */
const boxOf = (units) => {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const unit of units) for (const ring of GEOMETRY.shapes[unit.id]) for (const arc of ring) {
    const [xs, ys] = GEOMETRY.arcs[arc < 0 ? ~arc : arc];
    for (let i = 0; i < xs.length; i++) {
      box[0] = Math.min(box[0], xs[i]); box[1] = Math.min(box[1], ys[i]);
      box[2] = Math.max(box[2], xs[i]); box[3] = Math.max(box[3], ys[i]);
    }
  }
  return box;
};

/* Returns the patterns of hidden and empty areas; the picture's width in units decides their size. */
const patterns = (prefix, unit) => html`<defs>
<pattern id="${prefix}hidden" width="${unit * 7}" height="${unit * 7}" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="${unit * 7}" height="${unit * 7}" class="back"/><line x1="0" y1="0" x2="0" y2="${unit * 7}" class="hatch" stroke-width="${unit * 1.6}"/></pattern>
<pattern id="${prefix}empty" width="${unit * 6}" height="${unit * 6}" patternUnits="userSpaceOnUse">
<rect width="${unit * 6}" height="${unit * 6}" class="back"/><circle cx="${unit * 3}" cy="${unit * 3}" r="${unit}" class="dot"/></pattern></defs>`;

/* Draws the empty map of a level into an element. */
const drawMap = (element, level) => {
  const [width, height] = GEOMETRY.size;
  const units = UNITS.filter((unit) => unit.level === level);
  const shape = (unit, extra = "") => html`<path d="${pathOf(unit)}" data-unit="${unit.id}" class="area${extra}"/>`;
  const lines = (name) => html`<path class="border ${name}" d="${UNITS.filter((unit) => unit.level === name).map((unit) => pathOf(unit)).join("")}"/>`;
  let inset = null;
  if (level === "municipality") {
    const brussels = units.filter((unit) => unit.parents[1] === "04000");
    const [left, top, right, bottom] = boxOf(brussels), scale = 2500 / (right - left), frame = [60, height - (bottom - top) * scale - 60];
    inset = html`<g class="inset" transform="translate(${frame[0] - left * scale},${frame[1] - top * scale}) scale(${scale})">${brussels.map((unit) => shape(unit))}
<path id="chosen-inset" class="chosen"/></g>
<text class="inset-title" x="${frame[0]}" y="${frame[1] - 110}">${t("brussels_inset")}</text>`;
  }
  element.innerHTML = html`<svg id="map-svg" viewBox="-20 -20 ${width + 40} ${height + 40}" role="img" aria-labelledby="map-label">${patterns("map-", 24)}
<g id="areas">${units.map((unit) => shape(unit))}</g>
${["municipality", "arrondissement"].includes(level) && lines("province")}${lines("region")}
<path id="chosen" class="chosen"/>${inset}</svg>`;
  AREAS = [...element.querySelectorAll("[data-unit]")];
};

/* Returns the class of an area: c0 to c4, higher, lower, not_different, hidden, empty, absent. */
const areaClass = (cell, breaks, state, country) => {
  if (!cell || cell.status === "absent") return "absent";
  if (cell.status !== "published") return cell.status === "empty" ? "empty" : "hidden";
  return state.mode === "values" ? `c${classOf(cell.value, breaks)}` : comparedWith(cell, country) || "unsaid";
};

/* Colours the map. */
const paintMap = (cells, breaks, state, country) => {
  const byUnit = new Map(cells.map((cell) => [cell.unit.id, cell]));
  for (const area of AREAS) {
    const name = `area ${areaClass(byUnit.get(+area.dataset.unit), breaks, state, country)}`;
    if (area.getAttribute("class") !== name) area.setAttribute("class", name);
  }
  const outline = (units) => units.map((unit) => pathOf(unit)).join(""), chosen = [state.unit, ...state.compared].filter((unit) => unit !== COUNTRY);
  byId("chosen").setAttribute("d", outline(chosen));
  byId("chosen-inset")?.setAttribute("d", outline(chosen.filter((unit) => unit.parents[1] === "04000" && unit.level === "municipality")));
};

/* Returns the entries of the legend: [class, text, number of areas]. */
const legendOf = (cells, breaks, state, country, statistic) => {
  const count = {};
  for (const cell of cells) { const name = areaClass(cell, breaks, state, country); count[name] = (count[name] || 0) + 1; }
  const digits = DIGITS[statistic.measure], entries = [];
  if (state.mode === "values") {
    const bounds = breaks.map((bound) => number(bound, digits));
    for (let i = 0; i <= bounds.length && Object.keys(count).some((name) => name[0] === "c"); i++) {
      const text = !bounds.length ? t("class_one") : i === 0 ? t("class_first", { to: bounds[0] })
        : i === bounds.length ? t("class_last", { from: bounds[i - 1] }) : t("class_middle", { from: bounds[i - 1], to: bounds[i] });
      entries.push([`c${i}`, text, count[`c${i}`] || 0]);
    }
  } else for (const name of ["higher", "not_different", "lower"]) entries.push([name, t(`compared_${name}`), count[name] || 0]);
  if (count.unsaid) entries.push(["unsaid", t("compared_unsaid"), count.unsaid]);
  if (count.hidden) entries.push(["hidden", standardises(state) ? t("status_not_standardised") : statusText("small_cell"), count.hidden]);
  if (count.empty) entries.push(["empty", statusText("empty"), count.empty]);
  return entries;
};

/* Returns the legend as a list with swatches. */
const legendHtml = (entries, statistic) => html`${note(say(statistic.unit))}<ul class="legend">${entries.map(([name, text, count]) => html`<li>
<svg width="26" height="16" aria-hidden="true">${(name === "hidden" || name === "empty") && patterns(`key-${name}-`, 1)}<rect x="0.5" y="0.5" width="25" height="15" class="area ${name}"/></svg>
${text} <span class="count">${t("areas_count", { count: number(count) })}</span></li>`)}</ul>`;

/* Returns small maps' shared shapes of arrondissements, with few points. */
const smallShapes = () => html`<svg width="0" height="0" aria-hidden="true" class="away">${patterns("map-", 60)}<defs>${UNITS.filter((unit) => unit.level === "arrondissement")
  .map((unit) => html`<path id="small-${unit.id}" d="${pathOf(unit, 8)}"/>`)}</defs></svg>`;
