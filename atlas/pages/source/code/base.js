/* What every other file uses: the namespace, safe HTML, texts, numbers, and the loading of data chunks. */
"use strict";

const ATLAS = window.ATLAS ||= {}, CACHE = {}; // CACHE: what was loaded or made once
let LANGUAGE, TEXTS = {}; // of the page that is shown
const DATA = document.currentScript.src.replace(/code\/.*/, "data/");
const SVG = "http://www.w3.org/2000/svg";

/* A piece of HTML that is already safe. */
class Safe {
  constructor(text) { this.text = text; }
  toString() { return this.text; }
}

/* Returns a value as HTML: safe pieces as they are, lists joined, everything else escaped. */
const asHtml = (value) => value instanceof Safe ? value.text
  : Array.isArray(value) ? value.map(asHtml).join("")
  : value === null || value === undefined || value === false ? ""
  : String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/* Template tag: html`<b>${text}</b>` escapes what is filled in. */
const html = (parts, ...values) => new Safe(parts.reduce((out, part, i) => out + asHtml(values[i - 1]) + part));

/* Returns the text of a key in the page's language, {names} filled in. */
const t = (key, values = {}) =>
  (TEXTS[key] || key).replace(/\{(\w+)\}/g, (all, name) => name in values ? values[name] : all);

/* Returns a name and what it is, with the language's colon. */
const colon = (name, text) => t("colon", { name, text });

/* Returns one of [nl, fr, en] or {nl, fr, en} in the page's language. */
const say = (names) => Array.isArray(names) ? names[LANGUAGES.indexOf(LANGUAGE)] : names[LANGUAGE];

/* Returns a box that scrolls on its own and is named, so that a keyboard reaches it. */
const box = (label, content) => html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">${content}</div>`;

/* Returns a row of column heads. */
const heads = (texts) => html`<thead><tr>${texts.filter((text) => text !== false).map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>`;

/* Returns a table in a box. rows: safe HTML. */
const tableBox = (caption, columns, rows, name = "") => box(caption, html`<table class="${name}"><caption>${caption}</caption>${heads(columns)}<tbody>${rows}</tbody></table>`);

/* Returns the element with an id. */
const byId = (id) => document.getElementById(id);

let META, UNITS, STATISTICS, COUNTRY, BY_KEY, GEOMETRY, AREAS, STATE, VIEW, TURN = 0; // the release, what the page shows
const LOCALES = { nl: "nl-BE", fr: "fr-BE", en: "en-GB" };
const DIGITS = { share: 1, volume: 1, mean: 2, count: 0 };

/* Returns a number by the language's rules, with a fixed number of decimals. */
const number = (value, digits = 0) => {
  const format = CACHE[LANGUAGE + digits] ||= new Intl.NumberFormat(LOCALES[LANGUAGE], { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return format.format(value);
};

/* Returns whether a cell has a published value. */
const has = (cell) => cell.value !== null;

/* Returns a note in small letters. */
const note = (content) => html`<p class="small">${content}</p>`;

/* Returns the title of a page and the sentence below it. */
const heading = (title, sentence) => html`<h1 id="title" tabindex="-1">${title}</h1><p class="sentence">${sentence}</p>`;

/* Calls an action when something happens anywhere on the page. */
const on = (name, action) => document.addEventListener(name, action);

/* Returns a value of a statistic with its sign or unit: "24.2 %". */
const withUnit = (value, statistic) => t(`unit_${statistic.measure}`, { value: number(value, DIGITS[statistic.measure]) });

/* Returns the date of publication by the language's rules. */
const releaseDate = () => META.release.publication_date ? new Intl.DateTimeFormat(LOCALES[LANGUAGE], { dateStyle: "long", timeZone: "UTC" }).format(new Date(META.release.publication_date)) : t("undated");

/* Called by a data file with its name and content. */
ATLAS.chunk = (name, base64) => { ATLAS[name] = base64; };

/* Loads a data file as a script, once; returns its content as bytes. A page opened by double click may load scripts only. */
const load = (name) => CACHE[name] ||= new Promise((resolve, reject) => {
  const take = () => { resolve(inflate(ATLAS[name])); delete ATLAS[name]; };
  if (ATLAS[name]) { take(); return; } // all data are in one file
  const script = document.createElement("script");
  script.src = `${DATA}${name}.js`;
  script.onload = take;
  script.onerror = () => reject(new Error(`${name}.js`));
  document.head.append(script);
});

/* Returns the bytes behind base64 and deflate. */
const inflate = async (base64) => {
  const packed = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

/* Loads a data file that holds JSON, once. */
const loadJson = (name) => CACHE[`${name}.json`] ||= load(name).then((bytes) => JSON.parse(new TextDecoder().decode(bytes)));

/* Loads a data file that begins with a line of JSON; returns that and a reader of the integers after it. */
const loadMixed = async (name) => {
  const bytes = await load(name), line = bytes.indexOf(10);
  return [JSON.parse(new TextDecoder().decode(bytes.subarray(0, line))), integerReader(bytes, line + 1)];
};

/* Returns a reader of varints of zigzag differences: read(count, run) gives the next integers, the difference starting again every `run`. */
const integerReader = (bytes, start = 0) => {
  let place = start;
  return (count, run) => {
    const out = new Int32Array(count);
    let previous = 0;
    for (let i = 0; i < count; i++) {
      let value = 0, shift = 0, byte;
      do { byte = bytes[place++]; value |= (byte & 127) << shift; shift += 7; } while (byte > 127);
      if (i % run === 0) previous = 0;
      previous += (value >>> 1) ^ -(value & 1);
      out[i] = previous;
    }
    return out;
  };
};
