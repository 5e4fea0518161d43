/* Start, rendering, and what the reader does: choose, search, point, click, download. */
"use strict";

/* Returns the width that a chart of the whole page may take. */
const mainWidth = () => Math.max(280, Math.min(1000, byId("main").clientWidth - 16));

/* Writes HTML into an element when it has changed, so that focus and scrolling stay. */
const put = (id, content) => {
  const element = byId(id), text = asHtml(content);
  if (element && element.put !== text) element.innerHTML = element.put = text;
};

/* Writes what surrounds the page: name, navigation, languages, banner, footer. */
const frame = (state) => {
  const { release } = META;
  document.documentElement.lang = state.language;
  document.documentElement.classList.toggle("embed", state.embed);
  put("skip", html`${t("skip")}`);
  put("brand", html`<a href="${linkTo(state, { view: "home" })}">${t("atlas")}</a>`);
  put("nav", html`${VIEWS.map((view) => html`<a href="${linkTo(state, { view, mode: "values", filters: view === state.view ? state.filters : {} })}" ${view === state.view && html`aria-current="page"`}>${t(`nav_${view}`)}</a>`)}`);
  byId("nav").setAttribute("aria-label", t("navigation"));
  put("languages", html`${LANGUAGES.map((language) => html`<a href="${linkTo(state, { language })}" lang="${language}" hreflang="${language}" ${language === state.language && html`aria-current="true"`}>${{ nl: "Nederlands", fr: "Français", en: "English" }[language]}</a>`)}`);
  byId("languages").setAttribute("aria-label", t("language"));
  put("banner", release.is_synthetic && html`${t("synthetic")}`);
  byId("banner").hidden = !release.is_synthetic;
  put("footer", html`<p>${colon(t("cite"), citationOf(["statistic", "hospital"].includes(state.view) ? state.code : null))} ${META.map && t("boundaries_short")}</p><p>${state.embed && html`<a href="${linkTo(state, { embed: false })}" target="_blank" rel="noopener">${t("open_atlas")}</a> `}<a href="${linkTo(state, { view: "about", embed: false })}">${t("nav_about")}</a></p>`);
  const places = UNITS.filter((unit) => unit.level !== "hospital");
  if (byId("places").dataset.language !== state.language) {
    byId("places").innerHTML = html`${places.map((unit) => html`<option value="${placeLabel(unit)}"></option>`)}`;
    byId("places").dataset.language = state.language;
  }
};

/* Returns a place as the search shows it: name and level. */
const placeLabel = (unit) => `${nameOf(unit)} (${say(META.labels.geo_level[unit.level])})`;

/* Draws the page of the state in the address. */
const render = async () => {
  const turn = ++TURN, state = readState(location.hash), before = STATE;
  TEXTS = await loadJson(`text_${state.language}`);
  if (turn !== TURN) return;
  LANGUAGE = state.language;
  STATE = state;
  const focus = document.activeElement?.id, main = byId("main"), key = [state.view, state.language, state.embed, state.view === "statistic" ? state.code : ""].join();
  frame(state);
  try {
    if (state.view === "statistic") {
      if (main.dataset.key !== key) { main.innerHTML = statisticFrame(state); main.dataset.key = key; }
      await fillStatistic(state);
    } else {
      const page = { home: homePage, place: placePage, hospital: hospitalPage, variation: variationPage, confidentiality: confidentialityPage, about: aboutPage }[state.view];
      const content = await page(state);
      if (turn !== TURN) return;
      main.innerHTML = content;
      main.dataset.key = key;
      setControls(state);
      if (state.view === "hospital") oneStep(main);
      if (byId("hidden-year")) byId("hidden-year").value = state.year;
      if (byId("level") && state.view === "variation") byId("level").value = state.level === "municipality" ? "municipality" : "arrondissement";
    }
  } catch (error) {
    main.innerHTML = heading(t("failed"), t("failed_text", { file: error.message }));
    delete main.dataset.key;
  }
  if (turn !== TURN) return;
  document.title = `${byId("title")?.textContent || ""} – ${t("atlas")}`;
  if (before && before.view !== state.view) { byId("title")?.focus({ preventScroll: true }); scrollTo(0, 0); }
  else if (focus && document.activeElement?.id !== focus) (byId(focus) || byId("other"))?.focus({ preventScroll: true });
  if (before && before.view === state.view && (before.unit !== state.unit || before.compared.length !== state.compared.length)) byId("live").textContent = document.querySelector(".sentence")?.textContent || "";
  hideTip();
  document.documentElement.dataset.ready = location.hash;
};

/* Returns text without accents, in small letters, for searching. */
const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().trim();

/* Goes to the place that was typed, or lists those that begin with it. */
const searchPlace = (text, found, change) => {
  const wanted = plain(text), all = UNITS.filter((unit) => unit.level !== "hospital");
  if (!wanted) { found.textContent = t("search_empty"); return; }
  const exact = all.filter((unit) => plain(placeLabel(unit)) === wanted);
  const hits = exact.length ? exact : all.filter((unit) => unit.names.some((name) => plain(name).startsWith(wanted) || plain(name).includes(` ${wanted}`)) || unit.code === wanted);
  if (hits.length === 1) { found.textContent = ""; go(change(hits[0])); return; }
  found.innerHTML = hits.length ? html`${t("search_several", { count: number(hits.length) })} ${hits.slice(0, 12).map((unit) => html`<a href="${linkTo(STATE, change(unit))}">${placeLabel(unit)}</a> `)}` : html`${t("search_none", { text })}`;
};

/* What a form searches for. */
const SEARCHES = {
  place: (text, found) => searchPlace(text, found, (unit) => ({ view: STATE.view === "statistic" ? "statistic" : "place", unit })),
  other: (text, found) => searchPlace(text, found, (unit) => ({ compared: [...STATE.compared, unit] })),
  word: (text, found) => searchStatistic(text, found),
};

/* Lists the statistics with the typed words in title or code. */
const searchStatistic = (text, found) => {
  const words = plain(text).split(/\s+/).filter(Boolean), hits = META.statistics.filter((s) => words.every((word) => plain(`${Object.values(s.title).join(" ")} ${s.code}`).includes(word)));
  if (!words.length) { found.textContent = t("search_empty"); return; }
  found.innerHTML = hits.length ? html`${t("search_several", { count: number(hits.length) })} ${hits.slice(0, 12).map((s) => html`<a href="${linkTo(STATE, { view: s.hospital ? "hospital" : "statistic", code: s.code, year: s.years.at(-1), filters: {}, mode: "values", level: "municipality" })}">${titleOf(s)} (${s.code})</a> `)}` : html`${t("search_none", { text })}`;
};

/* Searches what a form asks for. */
const search = (kind) => SEARCHES[kind](byId(kind).value, byId(`${kind}-found`));

/* Shows name, value and interval of the area or hospital under the pointer. */
const showTip = (event) => {
  const id = event.target.dataset?.unit, tip = byId("tip"), view = VIEW;
  if (!id || !view || !event.target.closest("svg")) { if (event.target !== tip) hideTip(); return; }
  const cell = view.cells.find((c) => c.unit.id === +id);
  if (!cell) return;
  const { statistic } = view.table, compared = STATE.mode !== "values" && comparedWith(cell, view.country);
  tip.innerHTML = html`<strong>${nameOf(cell.unit)}</strong><br>${valueText(cell, statistic)}${cell.lower !== null && html`<br>${colon(t("interval_head"), intervalText(cell, statistic))}`}${compared && html`<br>${t(`compared_${compared}`)}`}${cell.d !== null && cell.n !== null && html`<br>${number(cell.n)} / ${number(cell.d)}`}`;
  tip.hidden = false;
  tip.style.left = `${Math.max(4, Math.min(event.pageX + 14, scrollX + innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${event.pageY + 16}px`;
};

/* Hides the tooltip. */
const hideTip = () => { byId("tip").hidden = true; };

/* Changes the state by the control that changed. */
const changed = ({ target }) => {
  const state = STATE, statistic = statisticOf(state.code);
  if (target.id === "statistic") {
    const next = statisticOf(target.value), filters = {};
    for (const [name, values] of Object.entries(next.filters)) if (values.includes(state.filters[name])) filters[name] = state.filters[name];
    go({ code: next.code, filters, level: next.levels.includes(state.level) ? state.level : next.levels.at(-1), year: next.years.includes(state.year) ? state.year : next.years.at(-1) });
  } else if (target.id.startsWith("filter-")) go({ filters: { ...state.filters, [target.id.slice(7)]: target.value } });
  else if (["level", "mode", "order", "age"].includes(target.id)) go({ [target.id]: target.value });
  else if (target.id === "hidden-year") go({ year: +target.value });
  else if (["place", "other"].includes(target.id) && UNITS.some((unit) => placeLabel(unit) === target.value)) search(target.id);
  else if (target.id === "year") go({ year: statistic.years[target.value] }, true);
};

/* Moves in a long list of links by arrow keys, Home and End: Tab passes the list with one step. */
const moveInList = (event) => {
  if (!event.target.matches("tbody a[tabindex]")) return;
  const table = event.target.closest("table"), links = oneStep(table, event.target), i = links.indexOf(event.target);
  const next = links[{ ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: links.length - 1 }[event.key]];
  if (!next) return;
  event.preventDefault();
  oneStep(table, next);
  next.focus();
};

/* Connects the page to the reader's actions and draws it. */
const start = async () => {
  if (!("DecompressionStream" in self)) { byId("unsupported").hidden = false; return; }
  await loadMeta();
  Object.assign(ATLAS, { units: UNITS, loadTable, loadSectors, cellOf, cellsOf, differsFrom, readState, linkTo }); // for tests and the curious
  addEventListener("hashchange", render);
  on("change", changed);
  on("input", (event) => { if (event.target.id === "year") changed(event); });
  on("submit", (event) => {
    event.preventDefault();
    if (event.target.dataset.search) search(event.target.dataset.search);
  });
  on("click", ({ target }) => {
    if (target.dataset.picture) savePicture(target.dataset.picture, target.dataset.format);
    else if (target.id === "csv") save(fileName("view", "csv"), new Blob(["\ufeff", viewCsv()], { type: "text/csv" }));
    else if (target.id === "print") print();
    else if (target.closest("svg") && target.dataset.unit) go({ unit: UNITS[+target.dataset.unit] });
  });
  byId("skip").addEventListener("click", (event) => { event.preventDefault(); byId("main").focus(); });
  on("pointermove", showTip);
  on("keydown", (event) => { if (event.key === "Escape") hideTip(); else moveInList(event); });
  on("focusin", ({ target }) => { if (target.id === "permalink" || target.id === "embed") target.select(); });
  let wait;
  addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(render, 150); });
  await render();
};

start();
