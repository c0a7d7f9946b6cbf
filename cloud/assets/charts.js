// Draws the charts of a page with uPlot, in place of the small lines that the page has without a script; sentences and tables stay.

const sections = [...document.querySelectorAll("section[data-traces]")];
const lang = document.documentElement.lang;
const plots = new Map();

// A canvas knows no custom properties, and a custom property no colours: an element tells what the theme makes of one.
function colour(name) {
  const probe = document.body.appendChild(document.createElement("span"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function figures(section, trace) {
  const { scale, gapS } = section.dataset;
  const [at, values] = [[], []];
  trace.at_s.forEach((second, index) => {
    const before = trace.at_s[index - 1];
    if (before !== undefined && second - before > Number(gapS)) {
      at.push(before + 1);
      values.push(null);
    }
    at.push(second);
    values.push(trace.values[index] * Number(scale));
  });
  return [at, values];
}

function draw(section, lines) {
  const plot = section.querySelector(".plot");
  plots.get(section)?.destroy();
  const { decimals, unit } = section.dataset;
  const number = new Intl.NumberFormat(lang, { minimumFractionDigits: Number(decimals), maximumFractionDigits: Number(decimals) });
  const say = (value) => (value === null || value === undefined ? "–" : `${number.format(value)} ${unit}`);
  const data = lines.length > 1 ? uPlot.join(lines.map((line) => line.data)) : lines[0].data;
  const span = data[0].at(-1) - data[0][0];
  const day = new Intl.DateTimeFormat(lang, span > 300 * 86_400 ? { month: "short", year: "2-digit" } : { day: "numeric", month: "short" });
  const moment = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
  const strokes = ["--accent", "--over", "--soon", "--offer"].map(colour);
  const axis = { stroke: colour("--ink-soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
  const options = {
    width: plot.clientWidth || 320,
    height: 240,
    legend: { live: true },
    cursor: { drag: { x: true, y: false } },
    axes: [
      { ...axis, values: (_, splits) => splits.map((second) => day.format(second * 1000)), space: 70 },
      { ...axis, values: (_, splits) => splits.map((value) => number.format(value)), size: 64 },
    ],
    series: [
      { label: section.dataset.when, value: (_, second) => (second === null ? "–" : moment.format(second * 1000)) },
      ...lines.map((line, index) => ({
        label: line.name,
        stroke: strokes[index % strokes.length],
        // Lines are told apart without their colours too.
        dash: [[], [8, 4], [2, 3], [10, 3, 2, 3]][index % 4],
        width: 2,
        points: { size: 5 },
        value: (_, value) => say(value),
      })),
    ],
  };
  plots.set(section, new uPlot(options, data, plot));
}

function lines(section, traces) {
  const own = [...section.querySelectorAll("[data-quantity]")];
  return own.flatMap((line) => {
    const trace = traces.find((one) => one.quantity === line.dataset.quantity);
    return trace && trace.at_s.length > 1 ? [{ name: line.dataset.name, data: figures(section, trace) }] : [];
  });
}

async function show() {
  const answer = await fetch(sections[0].dataset.traces);
  if (!answer.ok) return;
  const { traces } = await answer.json();
  const ready = sections.map((section) => [section, lines(section, traces)]).filter(([, found]) => found.length > 0);
  const all = () => ready.forEach(([section, found]) => draw(section, found));
  for (const [section] of ready) {
    section.classList.add("is-drawn");
    section.querySelector(".plot").hidden = false;
  }
  all();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const plot = plots.get(target.closest("section"));
      if (plot && target.clientWidth && plot.width !== target.clientWidth) plot.setSize({ width: target.clientWidth, height: 240 });
    }
  });
  for (const [section] of ready) resized.observe(section.querySelector(".plot"));
}

// Whoever is without a connection keeps the small lines.
if (sections.length > 0) show().catch(() => {});
