/* The other pages: home, place, hospitals, variation, confidentiality, about. */
"use strict";

/* Returns the statistics that a page of overview shows: a table stat_… repeats the totals of its cube, which is shown instead. */
const mainStatistics = () => META.statistics.filter((s) => s.main);

/* Home: search of a place and of a statistic, small maps. */
const homePage = async (state) => {
  const [home] = await Promise.all([loadJson("home"), META.map && loadGeometry()]);
  const { release } = META, cells = new Map(home.map(([code, year, rows]) => [code, { year, rows }]));
  const drawn = (statistic) => META.map && statistic.measure !== "count" && !statistic.hospital;
  const card = (statistic) => {
    const { year, rows } = cells.get(statistic.code);
    const known = rows.map(([id, n, d]) => ({ id, n, value: n < 0 || d === 0 ? null : d < 0 ? n : statistic.per * n / d }));
    const sorted = known.map((cell) => cell.value).filter((v) => v !== null).sort((a, b) => a - b);
    const bounds = quintiles(sorted);
    const link = linkTo(state, { view: "statistic", code: statistic.code, year: statistic.years.at(-1), filters: {}, level: statistic.hospital ? "hospital" : "municipality", mode: "values" });
    const picture = drawn(statistic) && html`<svg class="small-map" viewBox="0 0 ${GEOMETRY.size[0]} ${GEOMETRY.size[1]}" aria-hidden="true">${known.map((cell) =>
      html`<use href="#small-${cell.id}" class="area ${cell.n < 0 ? "hidden" : !has(cell) ? "empty" : `c${classOf(cell.value, bounds)}`}"/>`)}</svg>`;
    return html`<li><a href="${link}">${picture}<span>${titleOf(statistic)}</span></a><span class="small">${say(statistic.unit)}, ${year}</span></li>`;
  };
  return html`${META.map && smallShapes()}${heading(t("home_title"), t("home_intro"))}
<div class="finders">${placeSearch()}${searchForm("word", t("search_statistic"))}</div>
<h2>${t("home_statistics")}</h2>${note(t("home_maps_note"))}<ul class="cards">${mainStatistics().sort((a, b) => drawn(b) - drawn(a)).map(card)}</ul>
${note(html`${t("release_line", { version: release.version, vintage: release.geography_vintage, date: releaseDate() })} ${META.map && t("boundaries_short")}`)}`;
};

/* Place: every statistic of one place in a table, beside the units above it or the places to compare with; its statistical sectors when asked for. */
const placePage = async (state) => {
  const { unit, compared } = state, others = besides(state), alone = !compared.length && others.length > 0;
  const tables = await Promise.all(mainStatistics().filter((s) => s.levels.includes(unit.level)).map((s) => loadTable(s.code)));
  let masked = 0;
  const rows = tables.map((table) => {
    const { statistic } = table, year = statistic.years.includes(state.year) ? state.year : statistic.years.at(-1);
    const own = { ...state, code: statistic.code, filters: {}, mode: "values", year, view: "statistic", level: unit.level === "country" ? statistic.levels.at(-1) : unit.level };
    const cellIn = (place) => cellOf(table, place, {}, year), cell = cellIn(unit), years = statistic.years.map((y) => cellOf(table, unit, {}, y));
    const { rank, count } = rankOf(cellsOf(table, own, unit.level), unit), position = has(cell) && comparedWith(cell, cellIn(COUNTRY));
    if (cell.status === "small_cell") masked++;
    return html`<tr><th scope="row"><a href="${linkTo(own)}">${titleOf(statistic)}</a> <span class="small">${say(statistic.unit)}, ${year}</span></th>
<td>${plainValue(cell, statistic)}</td><td>${intervalText(cell, statistic)}</td>
${others.map((other) => {
    const beside = cellIn(other), differs = cell.d !== null && differsFrom(cell, beside);
    return html`<td>${plainValue(beside, statistic)}</td>${compared.includes(other) && html`<td>${intervalText(beside, statistic)}</td><td>${differs && t(`differs_${differs}`)}</td>`}`;
  })}
${alone && html`<td>${position && t(`compared_${position}`)}</td><td>${rank && count > 1 ? t("rank_of", { rank: number(rank), count: number(count) }) : "–"}</td>`}
<td>${sparkline(years)}<span class="small">${years.length > 1 && colon(statistic.years[0], plainValue(years[0], statistic))}</span></td></tr>`;
  });
  const below = AREA_LEVELS.indexOf(unit.level), inside = UNITS.filter((u) => AREA_LEVELS[below + 1] === u.level && (unit === COUNTRY || u.parents[below] === unit.code));
  const names = others.flatMap((other) => compared.includes(other) ? [nameOf(other), t("interval_head"), t("differs_head", { place: nameOf(unit) })] : nameOf(other));
  return html`<div class="finders no-print">${placeSearch()}${compareForm(state)}</div>
${heading(nameOf(unit), `${t("place_intro", { level: say(META.labels.geo_level[unit.level]), code: unit.code, list: others.map(nameOf).join(", ") || "–" })} ${t("place_masked", { masked: number(masked), count: number(rows.length) })}`)}
<p class="no-print"><button type="button" id="print">${t("print")}</button></p>
${tableBox(t("place_caption", { place: nameOf(unit) }), [t("statistic"), nameOf(unit), t("interval_head"), ...names, alone && t("mode_belgium"), alone && t("rank"), t("series")], rows, "profile")}
${note(`${compared.length ? t("differs_note") : ""} ${t("place_note")} ${t("age_note")}`)}${note(citationOf(null))}${await sectorPart(state)}
${inside.length > 0 && html`<h2 class="no-print">${t("places_inside")}</h2><ul class="inside no-print">${inside.map((u) => html`<li><a href="${linkTo(state, { unit: u })}">${nameOf(u)}</a></li>`)}</ul>`}`;
};

/* Returns the statistical sectors of a municipality: a link with the size of their file, or a table of one statistic; without rank, because of their small numbers. */
const sectorPart = async (state) => {
  const size = sectorsOf(state.unit);
  if (!size) return null;
  if (!state.sectors) return html`<h2 class="no-print">${t("sectors")}</h2><p class="no-print"><a id="sectors" href="${linkTo(state, { sectors: true })}">${t("sectors_show", { size: number(size) })}</a></p>`;
  const statistic = statisticOf(state.code), cells = await loadSectors(state.unit, state.code, state.year), name = titleText({ ...state, filters: {}, mode: "values" });
  return html`<h2 id="sectors" tabindex="-1">${t("sectors")}</h2><form class="controls" aria-label="${t("controls")}">${statisticSelect((s) => META.sectors.codes.includes(s.code))}${yearSlider(statistic.years)}</form>
<p>${name}. ${mapSentence({ statistic }, { level: "statistical_sector" }, cells, cellOf(await loadTable(state.code), COUNTRY, {}, state.year))}</p>
${tableBox(`${name}. ${say(statistic.unit)}`, ["sector", "value", "interval_head", "numerator", "denominator"].map((key) => t(key)), cells.map((cell) => html`<tr><th scope="row">${nameOf(cell.unit)} <span class="small">${cell.unit.code}</span></th>
<td>${plainValue(cell, statistic)}</td><td>${intervalText(cell, statistic)}</td><td>${countText(cell.n)}</td><td>${countText(cell.d)}</td></tr>`))}${note(t("sectors_note"))}`;
};

/* Hospitals: funnel and table, in the order of their numbers. */
const hospitalPage = async (state) => {
  if (!state.code) return heading(t("hospitals"), t("nothing_shown"));
  const table = await loadTable(state.code), cards = await loadJson(`card_${state.language}`), { statistic } = table;
  const cells = cellsOf(table, { ...state, mode: "values" }, "hospital"), country = cellOf(table, COUNTRY, state.filters, state.year), shown = cells.filter(has);
  const outside = (cell, z) => { const [low, high] = funnelLimits(country.value / statistic.per, cell.d, z); const p = cell.n / cell.d; return p < low ? "lower" : p > high ? "higher" : null; };
  const judged = statistic.measure === "share" && has(country);
  const verdict = (cell) => { const far = outside(cell, Z_998), near = outside(cell, Z_95); return far ? t(`funnel_${far}_998`) : near ? t(`funnel_${near}_95`) : t("funnel_inside"); };
  const beyond = (z) => judged ? shown.filter((cell) => outside(cell, z)).length : 0;
  const sentence = judged ? t("funnel_sentence", { year: state.year, country: withUnit(country.value, statistic), count: number(shown.length), hidden: number(cells.length - shown.length), beyond95: number(beyond(Z_95)), beyond998: number(beyond(Z_998)) })
    : t("hospital_sentence", { year: state.year, country: valueText(country, statistic), count: number(shown.length), hidden: number(cells.length - shown.length) });
  VIEW = { table, cells, country, breaks: [], legend: [] };
  const filters = Object.keys(statistic.filters).map((name) => filterSelect(statistic, name));
  return html`<form class="controls" aria-label="${t("controls")}">${statisticSelect((s) => s.hospital)}${filters}${yearSlider(statistic.years)}</form>${heading(titleText(state), sentence)}
${!judged && html`<h2>${t("hospitals")}</h2>`}${judged && html`<figure id="funnel-figure"><h2>${t("funnel")}</h2>${note(`${say(statistic.unit)}. ${t("funnel_note")}`)}${funnelChart({ label: sentence, cells, country, per: statistic.per, width: mainWidth(), chosen: state.unit })}
${keyOfLines([["reference", t("belgium")], ["limit95", t("limit_95")], ["limit998", t("limit_998")]])}${pictureButtons("funnel")}</figure>`}
${tableBox(`${t("hospital_table")}. ${say(statistic.unit)}`, [t("hospital"), t("value"), t("interval_head"), t("numerator"), t("denominator"), judged && t("funnel")], cells.map((cell) => html`<tr ${cell.unit === state.unit && html`aria-current="true"`}><th scope="row"><a id="u${cell.unit.id}" href="${linkTo(state, { unit: cell.unit })}">${nameOf(cell.unit)}</a></th>
<td>${plainValue(cell, statistic)}</td><td>${intervalText(cell, statistic)}</td><td>${countText(cell.n)}</td><td>${countText(cell.d)}</td>${judged && html`<td>${has(cell) && verdict(cell)}</td>`}</tr>`))}
${note(t("hospital_warning"))}${belowHtml(state, cards)}`;
};

/* Variation between areas: the table `variation` of the release where there is one, and the distribution of the shown values. */
const variationPage = async (state) => {
  const level = state.level === "municipality" ? "municipality" : "arrondissement";
  const table = await loadTable(state.code), { statistic } = table, variation = META.variation && await loadJson("variation");
  const inMode = { ...state, mode: statistic.standardised ? "standardised" : "values", filters: standardisedFilters(state.filters) };
  const rows = statistic.years.map((year) => ({ year, cells: cellsOf(table, inMode, level, year), country: chosenCell(table, inMode, COUNTRY, year) }));
  const shown = rows.map((row) => ({ ...row, values: row.cells.filter(has).sort((a, b) => a.value - b.value) }));
  const digits = DIGITS[statistic.measure], { type } = META;
  const mine = variation && variation.rows[`${state.code} ${level} ${state.filters[type] || "total"}`];
  const chance = mine ? variation.chance[`${state.code} ${level} ${state.filters[type] || "total"}`] : null;
  const label = t("strip_label", { name: titleOf(statistic), units: t(`levels_${level}`) });
  VIEW = { table, cells: rows.at(-1).cells, country: rows.at(-1).country, breaks: [], legend: [] };
  return html`<form class="controls" aria-label="${t("controls")}">${statisticSelect((s) => !s.hospital)}${statistic.filters[type] && filterSelect(statistic, type)}
${select("level", t("level"), ["arrondissement", "municipality"].map((l) => [l, t(`levels_${l}`)]))}</form>
${heading(t("variation_title", { name: titleOf(statistic) }), html`${t("variation_intro")} ${chance !== null && t(`variation_${chance ? "more" : "chance"}`, { units: t(`levels_${level}`) })} ${t(standardises(inMode) ? "variation_standardised" : "variation_crude")}`)}
<figure id="strip-figure"><h2>${t("strip")}</h2>${note(`${say(statistic.unit)}. ${t("strip_note")}`)}${stripChart({ label, rows, digits, width: mainWidth() })}${pictureButtons("strip")}</figure>
${tableBox(label, ["year", "lowest", "highest", "belgium", "shown", "not_shown"].map((key) => t(key)), shown.map(({ year, values, cells, country }) => { const [a, b] = [values[0], values.at(-1)]; return html`<tr><th scope="row">${year}</th><td>${a ? `${number(a.value, digits)} (${nameOf(a.unit)})` : "–"}</td><td>${b ? `${number(b.value, digits)} (${nameOf(b.unit)})` : "–"}</td>
<td>${plainValue(country, statistic)}</td><td>${number(values.length)}</td><td>${number(cells.length - values.length)}</td></tr>`; }))}
<h2>${t("variation_measures")}</h2>${!variation ? html`<p>${t("no_variation")}</p>` : !mine ? html`<p>${t("no_variation_here")}</p>` : tableBox(t("variation_measures"), [t("year"), ...variation.measures.map(([name]) => t(`measure_${name}`))], mine.map(([year, status, ...values]) => html`<tr><th scope="row">${year}</th>${status !== "published" ? html`<td colspan="${values.length}">${t("too_few_units")}</td>`
    : values.map((value, i) => html`<td>${value === null ? "–" : number(value, variation.measures[i][1] ?? digits)}</td>`)}</tr>`))}`;
};

/* Confidentiality: what is hidden by table and level in a year, the rule, the checksum. */
const confidentialityPage = async (state) => {
  const rows = await loadJson("hidden"), { release, labels } = META;
  const years = [...new Set(rows.map((row) => row[1]))].sort(), year = years.includes(state.year) ? state.year : years.at(-1);
  const levels = Object.keys(labels.geo_level), cell = new Map(rows.filter((row) => row[1] === year).map((row) => [`${row[0]} ${row[2]}`, row]));
  const text = (row) => row ? html`${number(row[4])} / ${number(row[3] + row[4])} <span class="small">(${number(row[3] + row[4] ? 100 * row[4] / (row[3] + row[4]) : 0, 1)} %)</span>` : "–";
  return html`${heading(t("confidentiality"), release.small_cell_threshold > 0 ? t("rule", { threshold: number(release.small_cell_threshold) }) : t("rule_off"))}<p>${t("rule_pages")}</p><form class="controls" aria-label="${t("controls")}">${select("hidden-year", t("year"), years.map((y) => [y, y]))}</form>
${tableBox(t("hidden_table", { year }), [t("table"), ...levels.map((level) => say(labels.geo_level[level]))], META.statistics.map((s) => html`<tr><th scope="row"><a href="${linkTo(state, { view: "statistic", code: s.code, year, filters: {}, mode: "values" })}">${titleOf(s)}</a> <span class="small">${s.code}</span></th>${levels.map((level) => html`<td>${text(cell.get(`${s.code} ${level}`))}</td>`)}</tr>`))}
${note(t("hidden_note"))}<h2>${t("checksum")}</h2><p>${t("checksum_text", { version: release.version })}<br><code class="long">${release.checksum}</code></p>`;
};

/* About: release, citation, licences, accessibility, files. */
const aboutPage = async (state) => {
  const { release } = META;
  return html`${heading(t("about"), release.is_synthetic && t("synthetic"))}<h2>${t("about_release")}</h2>
<dl>${[["about_version", release.version], ["about_date", releaseDate()], ["about_years", release.reference_years.split(",").join(", ")], ["about_vintage", release.geography_vintage], ["about_rows", number(release.table_rows)], ["about_project", `${release.project_version} (${release.source_commit})`]]
    .map(([key, value]) => html`<dt>${t(key)}</dt><dd>${value}</dd>`)}</dl><h2>${t("cite")}</h2><p>${citationOf(null)}</p><p>${t("definition_note")}</p>
${new Safe(await loadJson(`about_${state.language}`))}`;
};
