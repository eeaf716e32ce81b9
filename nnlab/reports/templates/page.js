const FIGURES = JSON.parse(document.getElementById("figures").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const wide = matchMedia("(min-width: 641px)");
const chosen = {};  // the choice of each figure that has a menu
const figureOf = (name) => FIGURES[name][chosen[name] ?? Object.keys(FIGURES[name])[0]];
const NUMBER = 30;  // pixels, the width of a number on a square
const LONG = 26;  // letters of a label that a phone has room for
const axesOf = (layout) => Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));

// -- drawing ------------------------------------------------------------------------------------------

// How many rows the legend has more than one; plotly does not make room for them.
function moreRows(figure, width) {
  const names = figure.data.filter((trace) => trace.name && trace.showlegend !== false).map((trace) => trace.name);
  if (figure.layout.showlegend === false || !names.length) return 0;
  const columns = Math.max(1, Math.floor(width / (50 + 9.5 * Math.max(...names.map((name) => name.length)))));
  return Math.ceil(names.length / columns) - 1;
}

// The traces without numbers on the squares of a heatmap, where a square is too narrow for them.
function legible({data, layout}, {width, margin, grid}) {
  const labels = layout.meta?.labels, gaps = grid ? grid.xgap / (1 + grid.xgap) : 0;
  if (!labels || (width - margin.l - margin.r) * (1 - gaps) / (grid.columns * labels.x.length) >= NUMBER) return data;
  return data.filter((trace) => trace.mode !== "text")
    .map((trace) => trace.mode === "markers+text" ? {...trace, mode: "markers"} : trace);
}

// Fewer labels of an axis, so that they stand side by side in so many pixels.
function thinned(axis, pixels) {
  if (!axis.ticktext) return;
  const widest = Math.max(...axis.ticktext.map((label) => label.length));
  const every = Math.ceil(axis.ticktext.length * (8 * widest + 10) / pixels);
  if (every < 2) return;
  for (const key of ["tickvals", "ticktext"]) axis[key] = axis[key].filter((_, i) => i % every === 0);
}

// A long label in two lines, parted at the blank nearest to its middle; a phone has no room beside it.
function inTwoLines(label) {
  const middle = label.length / 2, blanks = [...label.matchAll(/ /g)].map((found) => found.index);
  if (label.length <= LONG || !blanks.length) return label;
  const blank = blanks.reduce((a, b) => (Math.abs(b - middle) < Math.abs(a - middle) ? b : a));
  return `${label.slice(0, blank)}<br>${label.slice(blank + 1)}`;
}

// The layout with small multiples in as many columns as the width has room for, in the page's colours.
function fitted(figure, width) {
  const layout = structuredClone(figure.layout), meta = layout.meta;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
  layout.font.color = colour("--ink");
  for (const key of axesOf(layout)) layout[key].gridcolor = colour("--grid");
  if (!wide.matches) layout.dragmode = false;  // a finger scrolls the page
  if (!meta?.parts) {
    if (wide.matches) return layout;
    const labels = layout.yaxis?.ticktext ?? [], long = labels.some((label) => label.length > LONG);
    if (long) Object.assign(layout.yaxis, {ticktext: labels.map(inTwoLines), tickfont: {size: 9}});
    layout.height = Math.round((long ? 1.15 : 0.86) * layout.height);
    return layout;
  }
  layout.width = meta.parts === 1 ? Math.min(width, 760) : width;
  const inside = layout.width - layout.margin.l - layout.margin.r;
  const gapX = wide.matches ? meta.gap[0] : 46 + meta.more, gapY = wide.matches ? meta.gap[1] : 52, least = wide.matches ? 150 : 110;
  const columns = Math.min(meta.columns, meta.parts, Math.max(1, Math.floor((inside + gapX) / (least + gapX))));
  const rows = Math.ceil(meta.parts / columns), height = wide.matches ? meta.height : Math.round(0.58 * meta.height);
  Object.assign(layout.grid, {
    rows, columns,
    xgap: columns > 1 ? gapX * columns / (inside + gapX) : 0, ygap: gapY / (height + gapY),
  });
  layout.margin.b = meta.edges[1] + 22 * moreRows(figure, layout.width);
  layout.height = meta.edges[0] + layout.margin.b + rows * height + (rows - 1) * gapY;
  for (let i = 0; i < meta.parts; i++) {
    const number = i ? i + 1 : "";
    layout["xaxis" + number].title.text = meta.parts - i <= columns ? meta.x : "";
    layout["yaxis" + number].title.text = i % columns ? "" : meta.y;
    thinned(layout["xaxis" + number], (inside + gapX) / columns - gapX);
  }
  return layout;
}

function draw(plot) {
  const figure = figureOf(plot.id);
  if (!figure) return;
  const config = {displayModeBar: false, responsive: false};
  const layout = fitted(figure, plot.clientWidth);
  Plotly.react(plot, legible(figure, layout), layout, config);
  plot.dispatchEvent(new Event("drawn"));
}

const plots = [...document.querySelectorAll(".plot")].filter((plot) => FIGURES[plot.id]);
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) { seen.unobserve(entry.target); draw(entry.target); }
}, {rootMargin: "600px"});
for (const plot of plots) seen.observe(plot);
function redraw() { for (const plot of plots) if (plot.data && plot.clientWidth) draw(plot); }
dark.addEventListener("change", redraw);
let widthBefore = innerWidth;
addEventListener("resize", () => { if (innerWidth !== widthBefore) { widthBefore = innerWidth; redraw(); } });
for (const select of document.querySelectorAll("select[data-for]"))
  select.addEventListener("change", () => {
    chosen[select.dataset.for] = select.value;
    draw(document.getElementById(select.dataset.for));
  });

// -- saving: always in light colours, with the data that are drawn --------------------------------------

function save(text, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

const ARRAYS = {f4: Float32Array, f8: Float64Array, i1: Int8Array, i2: Int16Array, i4: Int32Array,
                u1: Uint8Array, u2: Uint16Array, u4: Uint32Array};
function listed(values) {  // plotly writes NumPy's arrays as their bytes
  if (!values?.bdata) return values ?? [];
  const bytes = Uint8Array.from(atob(values.bdata), (letter) => letter.charCodeAt(0));
  return [...new ARRAYS[values.dtype](bytes.buffer)];
}

// A line for each point or square; traces without a name only decorate others.
function asCSV({data, layout}) {
  const meta = layout.meta ?? {};
  const title = (letter) => meta[letter] || layout[letter + "axis"]?.title?.text || letter;
  const labelled = (letter, place) => meta.labels?.[letter][place] ?? place;
  const rows = [["panel", "series", title("x"), title("y"), "value"]];
  for (const trace of data) {
    const part = (trace.xaxis ?? "x").slice(1) || 1;
    const panel = meta.parts ? layout.annotations[part - 1].text.replace(/<[^>]*>/g, "") : "";
    if (trace.z) {
      trace.z.forEach((row, j) => row.forEach((value, i) => {
        if (value !== null) rows.push([panel, "", labelled("x", i), labelled("y", j), trace.meta?.[value] ?? value]);
      }));
    } else if (trace.name) {
      const [x, y] = [listed(trace.x), listed(trace.y)];
      x.forEach((value, i) => {
        if (value !== null && value === value) rows.push([panel, trace.name, value, y[i], trace.text?.[i] ?? ""]);
      });
    }
  }
  const quoted = (value) => /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : value;
  return rows.map((row) => row.map(quoted).join(",")).join("\n") + "\n";
}

for (const button of document.querySelectorAll(".save button"))
  button.addEventListener("click", async () => {
    const name = button.parentElement.dataset.for, figure = structuredClone(figureOf(name));
    if (button.dataset.as === "csv") return save(asCSV(figure), `${name}.csv`, "text/csv");
    const plot = document.getElementById(name), width = plot.clientWidth, layout = fitted(figure, width);
    layout.font.color = figure.layout.font.color;
    layout.paper_bgcolor = "#ffffff";
    for (const key of axesOf(layout)) layout[key].gridcolor = figure.layout[key].gridcolor ?? "#e4e7eb";
    const address = await Plotly.toImage({data: figure.data, layout}, {format: "svg", width, height: layout.height});
    save(decodeURIComponent(address.slice(address.indexOf(",") + 1)), `${name}.svg`, "image/svg+xml");
  });

// -- folded sections: open in a wide window, and where a link leads to them ------------------------------

for (const fold of document.querySelectorAll("details.fold")) fold.open = wide.matches;
function unfold() { document.querySelector(location.hash || "main")?.closest("details")?.setAttribute("open", ""); }
addEventListener("hashchange", unfold);
unfold();
