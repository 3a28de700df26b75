// The dataset as pictures, where no episode is chosen: its tasks, its lengths, and where episodes start.

import { fixed, get, h, plural, seconds, svg } from "./dom.js";

const MOST_BARS = 24;
const MOST_TASKS = 40;
const LABELS = ["success", "failure", "none"];
const WORDS = { success: "success", failure: "failure", none: "no label" };

export class Pictures {
  constructor(place) {
    this.place = place;
    this.shown = false;
    this.version = null;
  }

  /** What is drawn from the rows of the table. */
  fill(rows, dataset) {
    this.rows = rows;
    this.dataset = dataset;
    if (rows.length === 0) {
      this.place.replaceChildren(h("div", { class: "empty" }, h("strong", {}, "No episode yet"), "Tasks, lengths and starts are drawn here."));
      return;
    }
    this.starts ??= h("figure", { class: "picture panel wide" });
    this.place.replaceChildren(balance(rows), lengths(rows), this.starts);
    if (this.shown) this.#askStarts();
  }

  /** Starts are read from every file, so only where somebody looks. */
  show(shown) {
    this.shown = shown;
    if (shown && this.rows?.length) this.#askStarts();
  }

  async #askStarts() {
    if (this.version === this.dataset.version) return;
    this.version = this.dataset.version;
    try {
      this.starts.replaceChildren(...starts(await get("/api/starts"), this.rows));
    } catch (error) {
      this.version = null;
      this.starts.replaceChildren(caption("Starts", error.message));
    }
  }
}

const caption = (title, words) => h("figcaption", {}, h("h3", {}, title), h("p", { class: "dim" }, words));

const labelOf = (row) => row.label ?? "none";

/** A bar a task, as long as it has episodes, of three parts; the words beside it say the same. */
function balance(rows) {
  const tasks = new Map();
  for (const row of rows) {
    const name = row.tasks.join("; ") || "no task";
    const task = tasks.get(name) ?? { name, count: 0, seconds: 0, success: 0, failure: 0, none: 0 };
    task.count += 1;
    task.seconds += row.seconds;
    task[labelOf(row)] += 1;
    tasks.set(name, task);
  }
  const found = [...tasks.values()].sort((one, other) => other.count - one.count);
  const most = found[0].count;
  const least = found.at(-1).count;
  const words = found.length === 1 ? "One task." : `${found.length} tasks, with ${least} to ${plural(most, "episode")} each.`;
  const lines = found.slice(0, MOST_TASKS).map((task) => h("li", {}, h("p", { class: "name" }, task.name), bar(task, most), h("p", { class: "dim" }, taskWords(task))));
  const rest = found.length - lines.length;
  return h(
    "figure",
    { class: "picture panel" },
    caption("Tasks", words),
    h("ul", { class: "tasks" }, lines),
    rest ? h("p", { class: "dim" }, `And ${plural(rest, "task")} with fewer episodes.`) : null,
    rows.some((row) => row.label !== null) ? key() : null,
  );
}

function taskWords(task) {
  const judged = LABELS.filter((label) => label !== "none" && task[label]).map((label) => `${task[label]} ${WORDS[label]}`);
  return [plural(task.count, "episode"), seconds(task.seconds), ...judged].join(", ");
}

function bar(task, most) {
  const parts = LABELS.filter((label) => task[label]).map((label) => {
    const part = h("i", { class: label });
    part.style.width = `${(100 * task[label]) / most}%`;
    return part;
  });
  return h("div", { class: "bar", "aria-hidden": "true" }, parts);
}

const key = () =>
  h("p", { class: "key dim" }, LABELS.map((label) => h("span", {}, h("i", { class: label, "aria-hidden": "true" }), WORDS[label])));

/** How many episodes are how long, with the middle one marked. */
function lengths(rows) {
  const sorted = [...rows].sort((one, other) => one.seconds - other.seconds);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))].seconds;
  const [low, high] = [at(0), at(1)];
  const span = high - low;
  const count = span > 0 ? Math.min(MOST_BARS, Math.max(6, Math.ceil(Math.sqrt(rows.length) * 2))) : 1;
  const bins = new Array(count).fill(0);
  for (const { seconds: value } of rows) bins[span > 0 ? Math.min(Math.floor(((value - low) / span) * count), count - 1) : 0] += 1;
  const most = Math.max(...bins);
  const words = span > 0
    ? `${seconds(low)} to ${seconds(high)}; half of them last ${seconds(at(0.25))} to ${seconds(at(0.75))}, the middle one ${seconds(at(0.5))}.`
    : `All of them last ${seconds(low)}.`;
  const bars = bins.map((each, place) => svg("rect", { x: place + 0.06, y: 100 - (100 * each) / most, width: 0.88, height: (100 * each) / most }));
  const middle = span > 0 ? ((at(0.5) - low) / span) * count : 0.5;
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${count} 100`, preserveAspectRatio: "none", role: "img", "aria-label": `Lengths: ${words}`, class: "histogram" },
    ...bars,
    svg("line", { x1: middle, x2: middle, y1: 0, y2: 100 }),
  );
  return h(
    "figure",
    { class: "picture panel" },
    caption("Lengths", words),
    h("p", { class: "dim scale" }, plural(most, "episode")),
    picture,
    h("p", { class: "ends dim", "aria-hidden": "true" }, h("span", {}, seconds(low)), h("span", {}, seconds(high))),
    span > 0 ? h("p", {}, "Shortest: ", link(sorted[0]), "; longest: ", link(sorted.at(-1)), ".") : null,
    numbers(["Length", "Episodes"], bins.map((each, place) => [`${seconds(low + (span * place) / count)} to ${seconds(low + (span * (place + 1)) / count)}`, each])),
  );
}

const link = (row) => h("a", { href: `#${row.episode}` }, `episode ${row.episode}, ${seconds(row.seconds)}`);

/** The same as a table, for those who do not see the picture. */
function numbers(heads, lines) {
  return h(
    "div",
    { class: "unseen" },
    h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, lines.map(([first, ...others]) => h("tr", {}, h("th", { scope: "row" }, first), others.map((each) => h("td", {}, String(each))))))),
  );
}

/** For each joint, where on its way the episodes begin. */
function starts({ episodes, joints }, rows) {
  if (joints.length === 0) return [caption("Starts", "The dataset keeps no state, so that it is not known where episodes start.")];
  const labels = new Map(rows.map((row) => [row.episode, labelOf(row)]));
  const failed = episodes.map((episode) => labels.get(episode) === "failure");
  const all = episodes.length === rows.length;
  const whose = all ? "each episode" : `${episodes.length} of ${rows.length.toLocaleString("en")} episodes, evenly chosen,`;
  const lines = joints.map((joint) => {
    const known = joint.starts.filter((value) => value !== null);
    const words = known.length === 0 ? "not known" : told(joint, Math.min(...known), Math.max(...known));
    return h("li", {}, h("p", { class: "name" }, joint.name), way(joint, failed), h("p", { class: "dim" }, words));
  });
  const cross = failed.some(Boolean) ? [h("p", { class: "key dim" }, h("span", {}, mark("|"), "start"), h("span", {}, mark("×"), "start of a failure"))] : [];
  return [
    caption("Starts", `Where ${whose} begins, within the range that the joint covers in any frame. A policy has not learnt to start elsewhere.`),
    h("ul", { class: "starts" }, lines),
    ...cross,
  ];
}

const mark = (sign) => h("b", { "aria-hidden": "true", class: sign === "×" ? "failure" : null }, sign);

function told(joint, least, most) {
  const span = joint.high - joint.low;
  const share = span > 0 ? Math.round((100 * (most - least)) / span) : 0;
  return `${tenths(least)} to ${tenths(most)} of ${tenths(joint.low)} to ${tenths(joint.high)}: ${share} %`;
}

const tenths = (value) => fixed(value, 1);

function way(joint, failed) {
  const span = joint.high - joint.low || 1;
  const picture = svg("svg", { class: "way", "aria-hidden": "true" });
  joint.starts.forEach((value, place) => {
    if (value === null) return;
    const x = `${1 + (98 * (value - joint.low)) / span}%`;
    if (!failed[place]) return picture.append(svg("line", { x1: x, x2: x, y1: "20%", y2: "80%" }));
    const cross = svg("text", { x, y: "50%", "text-anchor": "middle", "dominant-baseline": "central" });
    cross.textContent = "×";
    picture.append(cross);
  });
  return picture;
}
