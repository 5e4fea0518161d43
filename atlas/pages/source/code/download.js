/* Take away: CSV of the view, pictures as SVG and PNG with everything that must go with them. */
"use strict";

/* Hands a file to the reader. */
const save = (name, blob) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

/* Returns the name of a file of the view. */
const fileName = (part, ending) => `${[STATE.code, ...Object.values(STATE.filters).filter((v) => v !== "total"), STATE.year, part].join("_").replace(/[^\w+-]/g, "-")}.${ending}`;

/* Returns the view as CSV: the cells of the map's level and of Belgium, unrounded, with the release and its citation in every row. */
const viewCsv = () => {
  const state = STATE, { table, cells, country } = VIEW, { release } = META, names = Object.keys(table.statistic.filters);
  const head = ["statistic", "reference_year", "geo_level", "geo_code", "name", ...names, "mode", "numerator", "denominator", "value", "lower_95", "upper_95", "compared_with_country", "status", "release", "is_synthetic", "citation"];
  const field = (value) => /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  const rows = [country, ...cells].map((cell) => [state.code, state.year, cell.unit.level, cell.unit.code, nameOf(cell.unit), ...names.map((name) => state.filters[name]), state.mode,
    cell.n, cell.d, cell.value, cell.lower, cell.upper, comparedWith(cell, country), cell.status, release.version, release.is_synthetic, citationOf(state.code)]);
  return [head, ...rows].map((row) => row.map((value) => field(value === null || value === undefined ? "" : String(value))).join(",")).join("\r\n") + "\r\n";
};

/* Returns text cut into lines that fit a width at a font size. */
const wrap = (text, width, size) => {
  const pen = (CACHE.pen ||= document.createElement("canvas").getContext("2d"));
  pen.font = `${size}px sans-serif`;
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (pen.measureText(longer).width > width && lines.at(-1)) lines.push(word); else lines[lines.length - 1] = longer;
  }
  return lines;
};

const KEPT_STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "fill-opacity", "stroke-linejoin", "vector-effect"];

/* Returns a copy of an SVG element with its computed colours as attributes, so that it needs no style sheet. */
const plainCopy = (source) => {
  const copy = source.cloneNode(true), from = [source, ...source.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of KEPT_STYLES) {
      const value = style.getPropertyValue(name);
      if (value) to[i].setAttribute(name, value.replaceAll('"', ""));
    }
    to[i].removeAttribute("class");
    to[i].removeAttribute("data-unit");
  });
  copy.setAttribute("font-family", "sans-serif");
  return copy;
};

/* Returns a picture as SVG text: title, sentence, picture, legend with counts, hidden units, release, synthetic flag, citation, boundaries. */
const pictureSvg = (name) => {
  const state = STATE, view = VIEW, width = 900, source = byId(`${name}-svg`);
  if (!source) return null;
  const root = document.createElementNS(SVG, "svg");
  let y = 12;
  const add = (tag, attributes, text) => {
    const element = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    root.append(element);
    return element;
  };
  const write = (text, size, extra = {}) => { for (const line of wrap(text, width - 40, size)) { y += size * 1.35; add("text", { x: 20, y, "font-size": size, fill: "#1a1a1a", ...extra }, line); } };
  const back = add("rect", { x: 0, y: 0, width, fill: "#ffffff" });
  if (META.release.is_synthetic) write(t("synthetic"), 15, { "font-weight": "bold", fill: "#8a1c00" });
  const head = name === "map" || name === "funnel" ? titleText(state) : name === "strip" ? byId("title").textContent : colon(nameOf(state.unit), titleText(state));
  write(head, 21, { "font-weight": "bold" });
  write(say(view.table.statistic.unit), 14);
  write(name === "map" ? byId("map-label").textContent : document.querySelector(".sentence").textContent, 14);
  const copy = plainCopy(source), [left, top, wide, high] = source.getAttribute("viewBox").split(" ").map(Number);
  const across = Math.min(width - 40, 1.8 * wide), tall = across * high / wide; // a small chart is not blown up
  for (const [key, value] of Object.entries({ x: 20, y: y + 10, width: across, height: tall, viewBox: `${left} ${top} ${wide} ${high}` })) copy.setAttribute(key, value);
  copy.removeAttribute("id");
  root.append(copy);
  y += tall + 16;
  const entries = [...byId(`${name}-figure`).querySelectorAll(".legend li")];
  for (const entry of entries) {
    const swatch = plainCopy(entry.querySelector("svg"));
    swatch.setAttribute("x", 20); swatch.setAttribute("y", y + 4);
    root.append(swatch);
    y += 20;
    add("text", { x: 66, y: y - 3, "font-size": 14, fill: "#1a1a1a" }, entry.textContent.replace(/\s+/g, " ").trim());
  }
  y += 6;
  write(t("picture_hidden", { hidden: number(view.cells.filter((cell) => cell.status === "small_cell").length), count: number(view.cells.length) }), 13);
  write(citationOf(state.code), 13);
  if (name === "map") write(t("boundaries"), 12);
  y += 16;
  back.setAttribute("height", y);
  for (const [key, value] of Object.entries({ width, height: Math.ceil(y), viewBox: `0 0 ${width} ${Math.ceil(y)}`, "font-family": "sans-serif" })) root.setAttribute(key, value);
  const title = document.createElementNS(SVG, "title");
  title.textContent = head;
  root.prepend(title);
  return new XMLSerializer().serializeToString(root);
};

/* Saves a picture as SVG or as PNG of twice the size. */
const savePicture = (name, format) => {
  const text = pictureSvg(name);
  if (!text) return;
  if (format === "svg") { save(fileName(name, "svg"), new Blob([text], { type: "image/svg+xml" })); return; }
  const image = new Image(), canvas = document.createElement("canvas");
  image.onload = () => {
    [canvas.width, canvas.height] = [2 * image.width, 2 * image.height];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(fileName(name, "png"), blob), "image/png");
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
};
