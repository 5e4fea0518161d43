/* The page of one statistic: filters, map, chosen place, series, age profile, ranking, card, downloads. */
"use strict";

/* Returns a labelled select; its value is set later, so that a change of state does not replace a control that has the focus. */
const select = (id, label, options) => html`<label for="${id}">${label}<select id="${id}">${options.map(([value, text]) =>
  html`<option value="${value}">${text}</option>`)}</select></label>`;

/* Returns the select of a filter of a statistic. */
const filterSelect = (statistic, name) => select(`filter-${name}`, say(statistic.names[name]), statistic.filters[name].map((value) => [value, say(META.labels[name][value])]));

/* Returns the select of statistics, grouped. */
const statisticSelect = (wanted) => {
  return html`<label for="statistic" class="wide">${t("statistic")}<select id="statistic">${META.groups.map((group) => {
    const inside = META.statistics.filter((s) => wanted(s) && s.group === group);
    return inside.length > 0 && html`<optgroup label="${t(`group_${group}`)}">${inside.map((s) => html`<option value="${s.code}">${titleOf(s)} (${s.code})</option>`)}</optgroup>`;
  })}</select></label>`;
};

/* Returns a form that searches: a place ("place"), a place to compare with ("other"), a statistic ("word"). */
const searchForm = (kind, label) => html`<form class="search" data-search="${kind}" role="search" aria-label="${label}"><label for="${kind}">${label}<input id="${kind}" ${kind !== "word" && html`list="places"`} autocomplete="off" aria-describedby="${kind}-found">
</label><button>${t(kind === "other" ? "add" : "show")}</button><span id="${kind}-found" class="found" aria-live="polite"></span></form>`;

/* Returns the search of a place. */
const placeSearch = () => searchForm("place", t("place"));

/* Returns the choice of places to compare with: those chosen, each with a link that removes it, and a search for a further one. */
const compareForm = (state) => html`<div class="no-print compare">${state.compared.length < MOST_COMPARED && searchForm("other", t("compare"))}
${state.compared.length > 0 && html`<p class="found">${state.compared.map((unit, i) => html`<a id="other-${i}" href="${linkTo(state, { compared: state.compared.filter((other) => other !== unit) })}">${t("remove", { name: nameOf(unit) })}</a> `)}</p>`}</div>`;

/* Returns the year's slider. */
const yearSlider = (years) => html`<label for="year"><span>${t("year")} <output id="year-out" for="year"></output></span>
<input id="year" type="range" min="0" max="${years.length - 1}" step="1" ${years.length < 2 && "disabled"}></label>`;

/* Returns the page's frame for a state; the parts with an id are filled by fillStatistic. */
const statisticFrame = (state) => {
  const statistic = statisticOf(state.code);
  const filters = Object.keys(statistic.filters).map((name) => filterSelect(statistic, name));
  const levels = statistic.levels.filter((level) => level !== "country").map((level) => [level, t(`levels_${level}`)]);
  const modes = [["values", t("mode_values")]];
  if (hasLimits(statistic)) modes.push(["belgium", t("mode_belgium")]);
  if (statistic.standardised) modes.push(["standardised", t("mode_standardised")]);
  return html`<div class="choices"><form class="controls" aria-label="${t("controls")}">${statisticSelect((s) => !s.hospital)}${filters}${select("level", t("level"), levels)}
${modes.length > 1 ? select("mode", t("mode"), modes) : statistic.measure === "count" && note(t("count_note"))}${yearSlider(statistic.years)}</form>${placeSearch()}</div>
<h1 id="title" tabindex="-1"></h1><p id="sentence" class="sentence"></p><div class="columns">
<figure id="map-figure"><h2>${t("map")}</h2><p id="map-label" class="small"></p><div id="map"></div><div id="legend"></div><p id="many-hidden" class="small"></p>
<figcaption class="small">${["limits_reimbursed", "limits_breaks", "limits_age"].map((key) => html`${t(key)} `)}${META.map && t("boundaries_short")}</figcaption>${META.map && pictureButtons("map")}</figure>
<section id="place-panel" aria-labelledby="place-title"><h2 id="place-title"></h2><div id="place-body"></div></section>
<section aria-labelledby="ranking-title" class="ranking"><h2 id="ranking-title">${t("ranking")}</h2>${select("order", t("order"), ORDERS.map((o) => [o, t(`order_${o}`)]))}
<p id="ranking-note" class="small"></p><div id="ranking" class="scroll" role="region" tabindex="0" aria-labelledby="title"></div></section></div>
<div id="below"></div>`;
};

/* Returns the buttons below a picture. */
const pictureButtons = (name) => html`<p class="buttons"><button type="button" data-picture="${name}" data-format="png">PNG</button>
<button type="button" data-picture="${name}" data-format="svg">SVG</button></p>`;

/* Returns the filters in words, or nothing when all are totals. */
const filtersText = (state) => Object.entries(state.filters).filter(([, value]) => value !== "total").map(([name, value]) => say(META.labels[name][value])).join(", ");

/* Returns the title of a view: statistic, filters, year. */
const titleText = (state) => [titleOf(statisticOf(state.code)), filtersText(state), standardises(state) && t("standardised"), state.year].filter(Boolean).join(", ");

/* Returns a value, or its status, in words. */
const valueText = (cell, statistic) => !has(cell) ? statusText(cell.status) : withUnit(cell.value, statistic);

/* Returns an interval in words, or nothing. */
const intervalText = (cell, statistic) => cell.lower === null || cell.lower === undefined ? ""
  : t("interval", { lower: number(cell.lower, DIGITS[statistic.measure]), upper: number(cell.upper, DIGITS[statistic.measure]) });

/* Returns the sentences above the picture: the chosen place, the units above it, its rank, whether the difference is more than chance. */
const sentenceOf = (table, state, cells) => {
  const { statistic } = table, own = chosenCell(table, state, state.unit), country = chosenCell(table, state, COUNTRY);
  const named = (unit) => t("named_value", { name: nameOf(unit), value: valueText(chosenCell(table, state, unit), statistic) });
  const out = [t("sentence_place", { year: state.year, place: nameOf(state.unit), value: valueText(own, statistic) })];
  const above = besides(state);
  if (above.length) out.push(t("sentence_above", { list: above.map(named).join(t("list_join")) }));
  const same = state.unit.level === state.level ? cells : cellsOf(table, state, state.unit.level);
  const { rank, count, hidden } = rankOf(same, state.unit);
  if (rank && count > 1) out.push(t("sentence_rank", { rank: number(rank), count: number(count), units: t(`levels_${state.unit.level}`), hidden: number(hidden) }));
  const compared = state.unit !== COUNTRY && has(own) && comparedWith(own, country);
  if (compared) out.push(t(`sentence_${compared}`));
  for (const other of state.compared) {
    const differs = own.d !== null && differsFrom(own, chosenCell(table, state, other));
    if (differs) out.push(t(`pair_${differs}`, { other: nameOf(other) }));
  }
  const [year] = statistic.years, then = chosenCell(table, state, state.unit, year), differs = differsFrom(own, then);
  if (year < state.year && has(own) && has(then)) out.push(t(`change_${!differs ? "plain" : differs === "unsure" ? differs : "more"}`, { year, value: withUnit(then.value, statistic) }));
  return out.join(" ");
};

/* Returns the sentence of the map: highest and lowest, each compared with Belgium, hidden. */
const mapSentence = (table, state, cells, country) => {
  const { statistic } = table, shown = cells.filter(has).sort((a, b) => b.value - a.value);
  if (!shown.length) return t("map_nothing", { units: t(`levels_${state.level}`) });
  const first = shown[0], last = shown.at(-1), rest = cells.length - shown.length;
  const said = (cell) => {
    const compared = comparedWith(cell, country);
    return [withUnit(cell.value, statistic), intervalText(cell, statistic), compared && t(`compared_${compared}`)].filter(Boolean).join(t("list_join"));
  };
  return t("map_sentence", { units: t(`levels_${state.level}`), count: number(shown.length), hidden: number(rest), high: nameOf(first.unit), highest: said(first), low: nameOf(last.unit), lowest: said(last) });
};

/* Returns a table of series: one row a year (or age), one column a unit. */
const seriesTable = (caption, head, xs, series, statistic) => html`<details><summary>${t("table_of", { name: caption })}</summary>
${tableBox(`${caption}. ${say(statistic.unit)}`, [head, ...series.flatMap((line, k) => k ? [line.name] : [line.name, t("interval_head")])],
    xs.map((x, i) => html`<tr><th scope="row">${x}</th>${series.map((line, k) => html`<td>${valueText(line.points[i], statistic)}</td>${k === 0 && html`<td>${intervalText(line.points[i], statistic)}</td>`}`)}</tr>`))}</details>`;

/* Returns the panel of the chosen place: figures, series, age profile. */
const placePanel = (table, state, width) => {
  const { statistic } = table, units = [state.unit, ...besides(state)], cells = units.map((unit) => chosenCell(table, state, unit));
  const digits = DIGITS[statistic.measure], own = cells[0];
  const figure = (id, head, xs, series) => {
    const label = t("chart_label", { name: head, list: series[0].points.map((cell, i) => colon(xs[i], valueText(cell, statistic))).join("; ") });
    const { svg, fromZero } = lineChart({ id, label, xs, series, digits, width });
    return html`<figure id="${id}-figure"><h3>${head}</h3>${note(html`${say(statistic.unit)}. ${!fromZero && t("axis_not_zero")} ${own.lower !== null && t("whiskers")} ${!series[0].points.every(has) && t("gap_mark")}`)}
${svg}${lineLegend(series)}${pictureButtons(id)}</figure>`;
  };
  const axis = statistic.ages, ages = axis && !standardises(state) && statistic.filters[axis], ageName = (age) => say(META.labels[axis][age]);
  const series = state.age ? [state.filters[axis], state.age].map((age) => ({ name: `${nameOf(state.unit)}, ${ageName(age)}`, points: statistic.years.map((year) => cellOf(table, state.unit, { ...state.filters, [axis]: age }, year)) }))
    : units.map((unit) => ({ name: nameOf(unit), points: statistic.years.map((year) => chosenCell(table, state, unit, year)) }));
  const years = statistic.years.map(String), parts = [html`<table class="figures"><caption>${say(statistic.unit)}</caption>${heads([t("place"), t("value"), t("interval_head")])}<tbody>
${cells.map((cell) => html`<tr><th scope="row">${nameOf(cell.unit)}</th><td ${!has(cell) && html`colspan="2"`}>${plainValue(cell, statistic)}</td>${has(cell) && html`<td>${intervalText(cell, statistic)}</td>`}</tr>`)}</tbody></table>
${!standardises(state) && own.n !== null && own.d !== null && note(t("counts", { n: number(own.n), d: number(own.d) }))}
<p><a href="${linkTo(state, { view: "place" })}">${t("all_of_place", { place: nameOf(state.unit) })}</a></p>${compareForm(state)}`];
  if (years.length > 1) parts.push(ages && html`<label for="age">${t("compare_age")}<select id="age"><option value="">–</option>${ages.map((age) => html`<option value="${age}" ${age === state.age && html`selected`}>${ageName(age)}</option>`)}</select></label>`, figure("series", t("series"), years, series), seriesTable(t("series"), t("year"), years, series, statistic));
  const groups = ages && ages.filter((age) => age !== "total");
  if (groups?.length) {
    const names = groups.map(ageName);
    const profile = [...new Set([state.unit, ...state.compared, COUNTRY])].map((unit) => ({ name: nameOf(unit), points: groups.map((age) => cellOf(table, unit, { ...state.filters, [axis]: age }, state.year)) }));
    parts.push(figure("ages", t("ages", { year: state.year }), groups, profile), seriesTable(t("ages", { year: state.year }), say(statistic.names[axis]), names, profile, statistic));
  }
  return parts;
};

/* Returns the cells in the order of the ranking: shown ones first, hidden ones at the end, by name. */
const ordered = (cells, order) => {
  const collator = CACHE[`collator ${LANGUAGE}`] ||= new Intl.Collator(LANGUAGE);
  const named = cells.map((cell) => ({ cell, name: nameOf(cell.unit) })), sign = order === "low" ? 1 : -1;
  return named.sort((a, b) => order === "name" ? collator.compare(a.name, b.name)
    : order === "hidden" && has(a.cell) - has(b.cell) || has(b.cell) - has(a.cell) || sign * ((a.cell.value ?? 0) - (b.cell.value ?? 0)) || collator.compare(a.name, b.name));
};

/* Fills the ranking: the map's table, with the limits as a picture and in numbers. Rows stay from state to state, only their texts change; the browser lays out the groups of 40 rows that are in view. */
const fillRanking = (table, state, cells, country) => {
  const { statistic } = table, values = cells.map((cell) => cell.value).filter((value) => value !== null).sort((a, b) => b - a);
  const limits = cells.some((cell) => cell.lower !== null), compare = state.mode !== "values", counts = !standardises(state);
  const ends = cells.flatMap((cell) => !has(cell) ? [] : [cell.lower ?? cell.value, cell.upper ?? cell.value]).sort((a, b) => a - b);
  const low = ends[Math.floor(ends.length * 0.005)], high = ends[Math.ceil(ends.length * 0.995) - 1], ranks = new Map();
  values.forEach((value, i) => { if (!ranks.has(value)) ranks.set(value, i + 1); });
  const columns = [
    [t("rank"), (cell) => !has(cell) ? "–" : number(ranks.get(cell.value))], [t("place")], [t("value"), (cell) => plainValue(cell, statistic)],
    limits && [t("interval_picture"), (cell) => !has(cell) ? "" : intervalPath(cell, low, high, country.value)], limits && [t("interval_head"), (cell) => intervalText(cell, statistic)],
    compare && [t("mode_belgium"), (cell) => !has(cell) ? "" : t(`compared_${comparedWith(cell, country) || "unsaid"}`)],
    counts && [t("numerator"), (cell) => countText(cell.n)], counts && table.d && [t("denominator"), (cell) => countText(cell.d)],
  ].filter(Boolean);
  const empty = html`<tr>${columns.map((_, k) => k === 1 ? html`<th scope="row"><a></a></th>` : k === 3 && limits ? html`<td><svg class="interval" width="104" height="18" aria-hidden="true"><path/></svg></td>` : html`<td></td>`)}</tr>`.text;
  const bodies = [], box = byId("ranking"), [before, after] = linkTo(state, { unit: { level: "LEVEL", code: "CODE" } }).split("LEVEL:CODE");
  for (let left = cells.length; left > 0; left -= 40) bodies.push(`<tbody>${empty.repeat(Math.min(40, left))}</tbody>`);
  put("ranking", html`<table><caption class="away"></caption>${heads(columns.map(([head]) => head))}${new Safe(bodies.join(""))}</table>`);
  box.style.setProperty("--columns", columns.length);
  box.querySelector("caption").textContent = titleText(state);
  const rows = box.querySelectorAll("tbody tr");
  ordered(cells, state.order).forEach(({ cell, name }, i) => {
    const row = rows[i], parts = row.children, link = parts[1].firstChild, { unit } = cell, texts = row.texts || [];
    if (texts[1] !== name) [row.dataset.unit, link.id, link.textContent] = [unit.id, `u${unit.id}`, name];
    link.setAttribute("href", `${before}${unit.level}:${unit.code}${after}`);
    row.className = !has(cell) ? "none" : "";
    row.texts = columns.map(([, text], k) => {
      if (k === 1) return name;
      const next = text(cell);
      if (next === texts[k]) return next;
      if (k === 3 && limits) parts[k].firstChild.firstChild.setAttribute("d", next); else parts[k].textContent = next;
      return next;
    });
  });
};

/* Returns the citation of a table of this release, or of the release. */
const citationOf = (code) => say(code ? statisticOf(code).citation : META.citation);

/* Returns what follows the pictures: the card, downloads, citation, permalink, embedding. */
const belowHtml = (state, cards) => {
  const statistic = statisticOf(state.code), address = location.href.split("#")[0];
  return html`<details id="card"><summary>${t("card")}</summary>${new Safe(cards[state.code])}</details>
<details id="data"><summary>${t("data_and_citation")}</summary><p class="buttons"><button type="button" id="csv">${t("csv_of_view")}</button></p>
<ul>${META.formats.map(([format, folder, ending]) => html`<li><a href="../exports/${folder}/${state.code}.${ending}">${t("whole_table", { code: state.code, format })}</a></li>`)}<li><a href="docs/index.html">${t("docs_link")}</a></li></ul><h3>${t("cite")}</h3><p id="citation">${citationOf(state.code)}</p>
${META.map && note(t("boundaries"))}
<h3>${t("link_embed")}</h3><label for="permalink" class="wide">${t("permalink")}<input id="permalink" readonly value="${address}${linkTo(state)}"></label>
<label for="embed" class="wide">${t("embed_code")}<textarea id="embed" readonly rows="3"><iframe src="${address}${linkTo(state, { embed: true })}" title="${titleText(state)}" width="640" height="760" loading="lazy"></iframe></textarea></label></details>`;
};

/* Sets the controls of the page to the state. */
const setControls = (state) => {
  const statistic = statisticOf(state.code), set = (id, value) => { const field = byId(id); if (field && field.value !== String(value)) field.value = value; };
  set("statistic", state.code); set("level", state.level); set("mode", state.mode); set("order", state.order);
  for (const [name, value] of Object.entries(state.filters)) {
    set(`filter-${name}`, value);
    const field = byId(`filter-${name}`);
    if (field) field.disabled = standardises(state) && name !== META.type;
  }
  set("year", statistic.years.indexOf(state.year));
  byId("year")?.setAttribute("aria-valuetext", state.year);
  if (byId("year-out")) byId("year-out").textContent = state.year;
};

/* Fills the page of one statistic. */
const fillStatistic = async (state) => {
  const turn = TURN;
  setControls(state);
  const [table, cards] = await Promise.all([loadTable(state.code), loadJson(`card_${state.language}`), META.map && loadGeometry()]);
  const { statistic } = table, cells = cellsOf(table, state), country = chosenCell(table, state, COUNTRY), breaks = breaksOf(table, state);
  const width = Math.max(260, byId("place-body").clientWidth || 320); // read before writing: one layout a change
  put("title", html`${titleText(state)}`);
  put("sentence", html`${sentenceOf(table, state, cells)}`);
  if (META.map) {
    const drawn = `${state.level} ${state.language}`;
    if (byId("map").dataset.drawn !== drawn) { drawMap(byId("map"), state.level); byId("map").dataset.drawn = drawn; }
    paintMap(cells, breaks, state, country);
  } else put("map", html`<p>${t("no_map", { vintage: META.release.geography_vintage })}</p>`);
  VIEW = { table, cells, country, breaks, legend: legendOf(cells, breaks, state, country, statistic) };
  put("legend", META.map && legendHtml(VIEW.legend, statistic));
  const hidden = cells.filter((cell) => !has(cell)), rest = hidden.length, many = (name) => number(cells.filter((cell) => comparedWith(cell, country) === name).length);
  put("map-label", html`${mapSentence(table, state, cells, country)}${rest > cells.length / 4 && state.level === "municipality" && html` <strong>${t("many_hidden", { hidden: number(rest), count: number(cells.length) })}</strong> <a href="${linkTo(state, { level: "arrondissement" })}">${t("offer_arrondissement")}</a>`}`);
  put("many-hidden", html`${rest > 0 && rest < 13 && html`<p>${t("hidden_names", { list: hidden.map((cell) => nameOf(cell.unit)).join(", ") })}</p>`}
${cells.some((cell) => comparedWith(cell, country)) && html`<p>${t("chance_note", { higher: many("higher"), lower: many("lower"), count: number(cells.length), expected: number(Math.round(cells.length * 0.05)) })} ${state.mode === "values" && html`<a href="${linkTo(state, { mode: "belgium" })}">${t("map_belgium")}</a>`}</p>`}`);
  put("place-title", html`${nameOf(state.unit)}`);
  put("place-body", placePanel(table, state, width));
  put("ranking-note", html`${t("ranking_note")}`);
  await new Promise((resolve) => { setTimeout(resolve); }); // the map is painted before the long list; a list that is out of date is not made
  if (turn !== TURN) return;
  fillRanking(table, state, cells, country);
  put("below", belowHtml(state, cards));
  markRow(state);
};

/* Makes one link of a long list the step of Tab: the chosen one or the first; arrow keys move to the others. */
const oneStep = (box, chosen = box.querySelector("tr[aria-current] a")) => {
  const links = [...box.querySelectorAll("tbody a")];
  for (const link of links) { const step = link === (chosen || links[0]) ? "0" : "-1"; if (link.getAttribute("tabindex") !== step) link.setAttribute("tabindex", step); }
  return links;
};

/* Marks the chosen place in the ranking and brings it into the list's view. */
const markRow = (state) => {
  const box = byId("ranking"), row = box.querySelector(`tr[data-unit="${state.unit.id}"]`);
  box.querySelector("[aria-current]")?.removeAttribute("aria-current");
  row?.setAttribute("aria-current", "true");
  oneStep(box);
  if (!row) return;
  const top = row.getBoundingClientRect().top - box.getBoundingClientRect().top;
  if (top < 40 || top > box.clientHeight - 40) box.scrollTop += top - box.clientHeight / 2;
};
