/* Charts in SVG: series and age profile (points, lines, 95 % intervals), funnel, distribution, sparkline. Every chart has a table beside it. */
"use strict";

/* Returns about `count` round numbers that cover low to high. */
const ticksOf = (low, high, count = 5) => {
  if (!(high > low)) { high = low + (Math.abs(low) || 1) * 0.1; low -= (Math.abs(low) || 1) * 0.1; }
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
  const first = Math.floor(low / step + 1e-9), last = Math.ceil(high / step - 1e-9), ticks = [];
  for (let i = first; i <= last; i++) ticks.push(i * step);
  return { ticks, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
};

/* Returns a chart: its name is the sentence for who does not see it. */
const chart = (id, width, height, label, content) => html`<svg id="${id}-svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">${content}</svg>`;

/* Returns a word in a chart. */
const word = (x, y, text, anchor = "middle") => html`<text x="${x}" y="${y}" text-anchor="${anchor}">${text}</text>`;

/* Returns a thin line of a chart. */
const grid = (x1, y1, x2, y2) => html`<path class="grid" d="M${x1} ${y1}L${x2} ${y2}"/>`;

/* Returns a legend of lines. entries: [class, name, marker]. */
const keyOfLines = (entries) => html`<ul class="legend lines">${entries.map(([name, text, mark]) => html`<li><svg width="36" height="14" aria-hidden="true"><path class="${name}" d="M1 7H35"/>${mark}</svg> ${text}</li>`)}</ul>`;

/* Returns the marker of a series: each has its own shape, so that colour is not needed. */
const marker = (kind, x, y, name = "") => {
  const r = kind === 0 ? 5 : 4;
  const shapes = [`M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`, `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}Z`,
    `M${x} ${y - r - 1}l${r + 1} ${2 * r}h${-2 * r - 2}Z`, `M${x} ${y - r - 1}l${r + 1} ${r + 1}l${-r - 1} ${r + 1}l${-r - 1} ${-r - 1}Z`,
    `M${x - r} ${y - r}l${2 * r} ${2 * r}M${x + r} ${y - r}l${-2 * r} ${2 * r}`, `M${x - r} ${y}h${2 * r}M${x} ${y - r}v${2 * r}`];
  return html`<path class="marker s${kind} ${name}" d="${shapes[kind]}"/>`;
};

/* Returns a line chart. series: [{name, points: [cell]}], the first is the chosen place; a hidden point makes a gap and a mark below the axis. */
const lineChart = ({ id, label, xs, series, digits, width, height = 250 }) => {
  const all = series.flatMap((line) => line.points).flatMap((cell) => has(cell) ? [cell.value] : []);
  const own = series[0].points.flatMap((cell) => cell.lower === null ? [] : [cell.lower, cell.upper]);
  if (!all.length) return { svg: html`<p>${t("nothing_shown")}</p>`, fromZero: true };
  let low = Math.min(...all, ...own), high = Math.max(...all, ...own);
  if (low < 0.6 * high) low = 0;
  const { ticks, digits: tickDigits } = ticksOf(low, high);
  [low, high] = [ticks[0], ticks.at(-1)];
  const labels = ticks.map((tick) => number(tick, Math.min(tickDigits, digits + 1)));
  const left = 12 + 7.5 * Math.max(...labels.map((text) => text.length)), right = 14, top = 10, bottom = 28;
  const x = (i) => left + 14 + (xs.length < 2 ? 0.5 : i / (xs.length - 1)) * (width - left - right - 28);
  const y = (value) => top + (high - value) / (high - low) * (height - top - bottom);
  const every = Math.ceil(xs.length * Math.max(...xs.map((text) => text.length)) * 8 / (width - left - right));
  const lines = series.map((line, k) => {
    let path = "", open = false;
    line.points.forEach((cell, i) => {
      if (!has(cell)) { open = false; return; }
      path += `${open ? "L" : "M"}${x(i).toFixed(1)} ${y(cell.value).toFixed(1)}`;
      open = true;
    });
    const marks = line.points.map((cell, i) => has(cell) ? marker(k, x(i), y(cell.value))
      : k === 0 ? html`<text class="mark" x="${x(i)}" y="${height - bottom - 5}" text-anchor="middle">×</text>` : null);
    const bars = k === 0 && line.points.map((cell, i) => cell.lower === null ? null
      : html`<path class="whisker" d="M${x(i)} ${y(cell.lower)}V${y(cell.upper)}M${x(i) - 4} ${y(cell.lower)}h8M${x(i) - 4} ${y(cell.upper)}h8"/>`);
    return html`${bars}<path class="line s${k}" d="${path}"/>${marks}`;
  });
  return {
    fromZero: low <= 0,
    svg: chart(id, width, height, label, [
      ticks.map((tick, i) => [grid(left, y(tick), width - right, y(tick)), word(left - 6, y(tick) + 4, labels[i], "end")]),
      xs.map((text, i) => i % every === 0 && word(x(i), height - bottom + 18, text)), lines.reverse()]),
  };
};

/* Returns the legend of a line chart: dash and marker, name. */
const lineLegend = (series) => keyOfLines(series.map((line, k) => [`line s${k}`, line.name, marker(k, 18, 7)]));

/* Returns a sparkline: the values of a place over the years; a hidden year is a gap. */
const sparkline = (cells) => {
  const values = cells.map((cell) => cell.value).filter((value) => value !== null);
  if (values.length < 2) return null;
  const low = Math.min(...values), span = Math.max(...values) - low || 1, n = cells.length - 1;
  let path = "", open = false;
  cells.forEach((cell, i) => {
    if (!has(cell)) { open = false; return; }
    path += `${open ? "L" : "M"}${(3 + i / n * 74).toFixed(1)} ${(19 - (cell.value - low) / span * 16).toFixed(1)}`;
    open = true;
  });
  return html`<svg class="spark" width="80" height="22" aria-hidden="true"><path d="${path}"/></svg>`;
};

/* Returns the path of value, interval and country for a row of the ranking, on the scale low to high; what is beyond is drawn at its end. */
const intervalPath = (cell, low, high, country) => {
  const x = (value) => Math.round(40 + (Math.min(high, Math.max(low, value)) - low) / (high - low || 1) * 960) / 10;
  return `${country === null ? "" : `M${x(country)} 0V18`}${cell.lower === null ? "" : `M${x(cell.lower)} 9H${x(cell.upper)}`}M${x(cell.value) - 3.5} 9a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0`;
};

/* Returns the limits of a funnel around the country's share at n deliveries: the score test's, so that Wilson's interval agrees with them. */
const funnelLimits = (share, n, z) => { const half = z * Math.sqrt(share * (1 - share) / n); return [Math.max(0, share - half), Math.min(1, share + half)]; };

/* Returns the funnel: share by number of deliveries, with 95 % and 99.8 % limits around the country. */
const funnelChart = ({ label, cells, country, per, width, chosen }) => {
  const height = Math.min(420, Math.max(300, width * 0.55)), shown = cells.filter((cell) => has(cell) && cell.d > 0);
  if (!shown.length || !has(country)) return html`<p>${t("nothing_shown")}</p>`;
  const most = Math.max(...shown.map((cell) => cell.d)), share = country.value / per;
  const top = ticksOf(0, Math.max(...shown.map((cell) => cell.value), country.value)), across = ticksOf(0, most, width < 500 ? 3 : 6);
  const high = top.ticks.at(-1), far = across.ticks.at(-1), left = 44, bottom = 46, up = 10, right = 14;
  const x = (n) => left + n / far * (width - left - right), y = (value) => up + (high - Math.min(high, value)) / high * (height - up - bottom);
  const curve = (z, side) => {
    let path = "";
    for (let k = 1; k <= 120; k++) { const n = far * (k / 120) ** 2 + 1; path += `${path ? "L" : "M"}${x(n).toFixed(1)} ${y(per * funnelLimits(share, n, z)[side]).toFixed(1)}`; }
    return path;
  };
  return chart("funnel", width, height, label, html`${top.ticks.map((tick) => [grid(left, y(tick), width - right, y(tick)), word(left - 6, y(tick) + 4, number(tick), "end")])}
${across.ticks.map((tick) => word(x(tick), height - bottom + 18, number(tick)))}${word((left + width) / 2, height - 8, t("deliveries_axis"))}
<path class="reference" d="M${left} ${y(country.value)}H${width - right}"/>
${[[Z_95, "limit95"], [Z_998, "limit998"]].map(([z, name]) => [0, 1].map((side) => html`<path class="${name}" d="${curve(z, side)}"/>`))}
${shown.map((cell) => html`<circle class="hospital${cell.unit === chosen && " picked"}" data-unit="${cell.unit.id}" cx="${x(cell.d)}" cy="${y(cell.value)}" r="${cell.unit === chosen ? 7 : 4.5}"/>`)}`);
};

/* Returns the distribution of the shown areas, one row of dots a year, the country as a line. */
const stripChart = ({ label, rows, digits, width }) => {
  const values = rows.flatMap((row) => row.cells).map((cell) => cell.value).filter((value) => value !== null);
  if (!values.length) return html`<p>${t("nothing_shown")}</p>`;
  const { ticks, digits: tickDigits } = ticksOf(Math.min(...values), Math.max(...values), width < 500 ? 4 : 7);
  const low = ticks[0], high = ticks.at(-1), left = 48, right = 20, step = 34, height = rows.length * step + 40;
  const x = (value) => left + (value - low) / (high - low) * (width - left - right);
  return chart("strip", width, height, label, html`${ticks.map((tick) => [grid(x(tick), 6, x(tick), height - 32), word(x(tick), height - 12, number(tick, Math.min(tickDigits, digits + 1)))])}
${rows.map((row, i) => html`${word(left - 10, i * step + 27, row.year, "end")}
${row.cells.map((cell, k) => has(cell) && html`<circle class="strip" cx="${x(cell.value).toFixed(1)}" cy="${i * step + 22 + (k * 7 % 17) - 8}" r="2.5"/>`)}
${has(row.country) && html`<path class="reference" d="M${x(row.country.value)} ${i * step + 8}v28"/>`}`)}`);
};
