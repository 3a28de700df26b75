// The episodes as a table: filtered, sorted, and with an outline of what moves in each.

import { get, h, icon, seconds, svg } from "./dom.js";
import { describe } from "./marks.js";

const AT_ONCE = 400;
const COLUMNS = [
  { key: "episode", title: "#", of: (row) => row.episode },
  { key: "frames", title: "Length", of: (row) => row.frames },
  { key: "health", title: "Health", of: (row) => ["good", "remarks", "unknown"].indexOf(healthOf(row)) },
  { key: "label", title: "Label", of: (row) => row.label ?? "~" },
  { key: "motion", title: "Motion", of: null },
  { key: "task", title: "Task", of: (row) => row.tasks.join("; ") },
];

export function healthOf(row) {
  if (row.verdict) return row.verdict === "keep" ? "good" : "remarks";
  if (row.health === "good") return "good";
  return row.health === "not known" ? "unknown" : "remarks";
}

const VERDICTS = { keep: ["good", "good"], look: ["warn", "warn"], redo: ["bad", "bad"] };

export function healthMark(row) {
  if (row.verdict) {
    const [name, tone] = VERDICTS[row.verdict];
    return h("span", { class: `mark ${tone}` }, icon(name), row.verdict);
  }
  const kind = healthOf(row);
  const [name, tone] = { good: ["good", "good"], unknown: ["unknown", "dim"], remarks: ["warn", "warn"] }[kind];
  return h("span", { class: `mark ${tone}` }, icon(name), row.health);
}

export function labelMark(label) {
  if (label === null) return h("span", { class: "dim" }, "–");
  return h("span", { class: `mark ${label === "success" ? "good" : "bad"}` }, icon(label === "success" ? "good" : "bad"), label);
}

export class Table {
  constructor(place, { empty, more, count, onChoose }) {
    Object.assign(this, { place, empty, more, count, onChoose });
    this.rows = [];
    this.shown = [];
    this.chosen = null;
    this.most = AT_ONCE;
    this.order = { column: COLUMNS[0], down: false };
    this.filter = { text: "", health: "", label: "" };
    this.outlines = new Map();
    this.seen = new IntersectionObserver((entries) => this.#appeared(entries), { rootMargin: "200px" });
    more.addEventListener("click", () => {
      this.most += AT_ONCE;
      this.draw();
    });
  }

  fill(rows, dataset) {
    this.rows = rows;
    this.dataset = dataset;
    this.outlines.clear();
    this.draw();
  }

  /** Show what is wanted of episodes and not done yet. */
  mark(marks) {
    this.marks = marks;
    for (const line of this.place.querySelectorAll("tbody tr")) this.#markLine(line);
  }

  #markLine(line) {
    const mark = this.marks?.get(Number(line.dataset.episode));
    line.classList.toggle("marked", Boolean(mark));
    line.classList.toggle("going", Boolean(mark?.delete));
    const place = line.querySelector(".wish");
    place.textContent = mark ? describe(mark) : "";
  }

  setFilter(filter) {
    this.filter = filter;
    this.most = AT_ONCE;
    this.draw();
  }

  /** The episode that stands some rows behind the chosen one; null at either end. */
  neighbour(steps) {
    const at = this.shown.findIndex((row) => row.episode === this.chosen);
    const next = at < 0 ? (steps > 0 ? 0 : this.shown.length - 1) : at + steps;
    return this.shown[next]?.episode ?? null;
  }

  choose(episode) {
    this.chosen = episode;
    for (const line of this.place.querySelectorAll("tbody tr")) {
      const own = Number(line.dataset.episode) === episode;
      line.classList.toggle("chosen", own);
      const link = line.querySelector("a");
      if (own) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
      if (own) line.scrollIntoView({ block: "nearest" });
    }
  }

  draw() {
    const found = this.rows.filter((row) => this.#passes(row));
    this.shown = this.#sorted(found);
    this.seen.disconnect();
    const lines = this.shown.slice(0, this.most).map((row) => this.#line(row));
    this.place.replaceChildren(this.#head(), h("tbody", {}, lines));
    this.place.classList.toggle("no-labels", this.rows.every((row) => row.label === null));
    this.place.hidden = this.shown.length === 0;
    this.more.hidden = this.shown.length <= this.most;
    this.more.textContent = `Show more (${(this.shown.length - this.most).toLocaleString("en")} left)`;
    const time = seconds(found.reduce((sum, row) => sum + row.seconds, 0));
    const part = found.length === this.rows.length ? "" : ` of ${this.rows.length.toLocaleString("en")}`;
    this.count.textContent = `${found.length.toLocaleString("en")}${part} ${this.rows.length === 1 ? "episode" : "episodes"}, ${time}`;
    this.#tellEmpty();
    if (this.chosen !== null) this.choose(this.chosen);
  }

  #passes(row) {
    const { text, health, label } = this.filter;
    const words = `${row.episode} ${row.tasks.join(" ")}`.toLowerCase();
    const number = /^\d+$/.test(text);
    if (text && !(number ? String(row.episode) === text : words.includes(text.toLowerCase()))) return false;
    if (health && healthOf(row) !== health) return false;
    return !label || (row.label ?? "none") === label;
  }

  #sorted(rows) {
    const { column, down } = this.order;
    const sign = down ? -1 : 1;
    return [...rows].sort((one, other) => {
      const [a, b] = [column.of(one), column.of(other)];
      return a < b ? -sign : a > b ? sign : one.episode - other.episode;
    });
  }

  #head() {
    const cells = COLUMNS.map((column) => {
      const own = this.order.column === column;
      const state = own ? (this.order.down ? "descending" : "ascending") : null;
      if (!column.of) return h("th", { scope: "col", class: column.key }, column.title);
      const press = () => {
        this.order = { column, down: own && !this.order.down };
        this.draw();
      };
      const arrow = own ? (this.order.down ? " ↓" : " ↑") : "";
      return h("th", { scope: "col", class: column.key, "aria-sort": state }, h("button", { onclick: press }, column.title + arrow));
    });
    return h("thead", {}, h("tr", {}, cells));
  }

  #line(row) {
    const link = h("a", { href: `#${row.episode}`, "aria-label": `Episode ${row.episode}` }, String(row.episode));
    const motion = h("td", { class: "motion" });
    const line = h(
      "tr",
      { "data-episode": row.episode },
      h("th", { scope: "row", class: "episode" }, link),
      h("td", { class: "frames" }, seconds(row.seconds)),
      h("td", { class: "health" }, healthMark(row)),
      h("td", { class: "label" }, labelMark(row.label)),
      motion,
      h("td", { class: "task", title: row.tasks.join("; ") }, h("span", { class: "wish" }), row.tasks.join("; ")),
    );
    line.addEventListener("click", (event) => event.target.closest("a") || this.onChoose(row.episode));
    this.#markLine(line);
    motion.dataset.episode = row.episode;
    this.seen.observe(motion);
    return line;
  }

  async #appeared(entries) {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      this.seen.unobserve(target);
      this.#outline(Number(target.dataset.episode)).then((values) => target.replaceChildren(sparkline(values)));
    }
  }

  #outline(episode) {
    if (!this.outlines.has(episode)) {
      const asked = get(`/api/motion/${episode}`).catch(() => []);
      this.outlines.set(episode, asked);
    }
    return this.outlines.get(episode);
  }

  #tellEmpty() {
    this.empty.hidden = this.shown.length > 0;
    if (this.rows.length > 0) {
      this.empty.replaceChildren(h("strong", {}, "No episode matches"), "Clear the filters to see all of them.");
      return;
    }
    const command = `lerecord --task "..." --dataset ${this.dataset?.folder ?? "DIR"}`;
    this.empty.replaceChildren(h("strong", {}, "No episode yet"), "Record some with ", h("code", {}, command), "; they appear here.");
  }
}

function sparkline(values) {
  if (values.length === 0) return h("span", { class: "dim" }, "–");
  const points = values.map((value, place) => `${(place / Math.max(values.length - 1, 1)) * 96 + 2},${22 - value * 0.2}`);
  const most = values.indexOf(Math.max(...values));
  const label = `moves most at ${Math.round((100 * (most + 0.5)) / values.length)} % of its length`;
  return svg(
    "svg",
    { viewBox: "0 0 100 24", class: "spark", role: "img", "aria-label": label, preserveAspectRatio: "none" },
    svg("polygon", { points: `2,22 ${points.join(" ")} 98,22` }),
    svg("polyline", { points: points.join(" ") }),
  );
}
