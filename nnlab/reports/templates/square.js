// The square of the map that the reader chooses, with the mouse or by the menus: its runs and curves.
const SQUARES = JSON.parse(document.getElementById("squares")?.textContent ?? "null");
if (SQUARES) {
  const place = document.getElementById("square"), map = document.getElementById("map");
  const menus = [...document.querySelectorAll("#choose-square select")];
  const side = SQUARES.keys[0] === "side";  // else all squares are of map 0
  const element = (tag, text = "", parent = place) => {
    const made = parent.appendChild(document.createElement(tag));
    made.textContent = text;
    return made;
  };

  function table(found) {
    const box = element("div"), table = element("table", "", box);
    box.className = "scroll";
    const head = element("tr", "", table);
    for (const name of SQUARES.columns) element("th", name.replace("/", " "), head);
    for (const run of found.runs) {
      const row = element("tr", "", table);
      run.forEach((value, i) => {
        const cell = element("td", i < run.length - 1 ? value : "", row);
        if (i === run.length - 1 && value) element("code", value, cell);
      });
    }
    if (found.more) element("p", `and ${found.more} more; the table of all cells has them`).className = "soft";
  }

  function curves(found) {
    if (!found.curves.length) return;
    const plot = element("div");
    plot.setAttribute("role", "img");
    plot.setAttribute("aria-label", "the training cost of these runs against the step");
    const data = found.curves.map(([name, last, y]) => ({x: y.map((_, k) => Math.round(k * last / Math.max(y.length - 1, 1))), y, mode: "lines", name}));
    const base = {layout: {font: {size: 13}, height: 240, margin: {l: 66, r: 16, t: 8, b: 50}, showlegend: data.length > 1,
      xaxis: {title: {text: "step"}, zeroline: false}, yaxis: {title: {text: "training cost J"}, type: "log"}}};
    Plotly.newPlot(plot, data, fitted(base, plot.clientWidth), {displayModeBar: false});
  }

  let marked = null;

  // A frame around the square; it is drawn anew with the map.
  function mark() {
    const [side, i, j] = marked;
    const part = +side ? +side + 1 : "";
    const frame = {type: "rect", xref: "x" + part, yref: "y" + part, x0: i - 0.5, x1: +i + 0.5, y0: j - 0.5, y1: +j + 0.5,
      line: {color: "#ff2fa0", width: 4}};
    if (map.data) Plotly.relayout(map, {shapes: [frame]});
  }

  function show(id) {
    const found = SQUARES.squares[id], indices = id.split(",");
    menus.forEach((menu, i) => { menu.value = indices[side ? i : i + 1]; });
    place.replaceChildren();
    element("h3", menus.map((menu) => `${menu.parentElement.firstChild.textContent.trim()} ${menu.selectedOptions[0].text}`).join(", "));
    element("p", found ? found.states : "not in the sweep");
    marked = indices;
    mark();
    if (!found) return;
    curves(found);
    table(found);
  }

  document.querySelector("#choose-square button").addEventListener("click", () => {
    const [first, second, third] = side ? menus : [{value: 0}, ...menus];
    show([first.value, second.value, third?.value ?? 0].join(","));
  });
  map.addEventListener("drawn", () => {
    if (marked) mark();
    map.removeAllListeners("plotly_click");
    map.on("plotly_click", ({points: [{x, y, data}]}) => show([(data.xaxis.slice(1) || 1) - 1, x, y].join(",")));
  });
}
