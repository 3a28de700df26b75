// What a person wants of episodes: kept in this tab until it is applied, dropped when it no longer fits.

import { announce, byId, get, h, icon, plural, post } from "./dom.js";

export class Marks {
  /** @param {{onChange: () => void, onApplied: () => Promise<void>}} told */
  constructor({ onChange, onApplied }) {
    this.onChange = onChange;
    this.onApplied = onApplied;
    this.marks = new Map();
    this.version = null;
    this.busy = false;
    byId("preview").addEventListener("click", () => this.preview());
    byId("drop").addEventListener("click", () => this.clear());
    byId("apply").addEventListener("click", () => this.apply());
    byId("undo").addEventListener("click", () => this.back("undo"));
    byId("redo").addEventListener("click", () => this.back("redo"));
  }

  of(episode) {
    return this.marks.get(episode) ?? null;
  }

  /** Say something more of an episode; `null` takes a mark away. */
  set(episode, wish) {
    const mark = { ...this.marks.get(episode), ...wish };
    for (const [name, value] of Object.entries(mark)) if (value === null || value === false) delete mark[name];
    if (Object.keys(mark).length) this.marks.set(episode, mark);
    else this.marks.delete(episode);
    this.#changed();
    announce(mark.delete ? `episode ${episode} is marked to be deleted` : describe(mark) || `episode ${episode} has no mark`);
  }

  clear() {
    this.marks.clear();
    this.#changed();
  }

  /** Marks belong to numbers of episodes: they go when these may have changed. */
  fit(dataset, before, rows) {
    this.key = `marks:${dataset.folder}`;
    if (this.version === null) this.#restore(dataset.version);
    else if (this.version !== dataset.version && !isContinued(before, rows) && this.marks.size) {
      this.marks.clear();
      announce("The dataset has changed, so the marks were dropped.");
    }
    this.version = dataset.version;
    this.#changed();
    this.#tellHistory();
  }

  #restore(version) {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "null");
      if (kept?.version === version) this.marks = new Map(kept.marks);
    } catch {
      // what was kept in another form is forgotten
    }
  }

  #changed() {
    if (this.key) sessionStorage.setItem(this.key, JSON.stringify({ version: this.version, marks: [...this.marks] }));
    byId("pending").hidden = this.marks.size === 0;
    byId("pending-count").textContent = `${plural(this.marks.size, "episode")} marked`;
    this.onChange();
  }

  #wish() {
    const marks = [...this.marks].map(([episode, mark]) => ({ episode, ...mark }));
    return { version: this.version, marks };
  }

  async preview() {
    if (this.marks.size === 0) return;
    const list = byId("steps");
    byId("apply").disabled = true;
    try {
      const { steps } = await post("/api/preview", this.#wish());
      list.replaceChildren(...steps.map((step) => h("li", {}, step)));
      byId("apply").disabled = false;
      byId("steps-note").textContent =
        steps.length === 1 ? "Undo takes it back." : `These are ${steps.length} edits; Undo takes them back, the last one first.`;
    } catch (error) {
      list.replaceChildren(h("li", { class: "bad" }, icon("warn"), ` ${error.message}`));
      byId("steps-note").textContent = "Nothing was changed.";
    }
    byId("plan").showModal();
    byId("apply").focus();
  }

  async apply() {
    byId("apply").disabled = true;
    byId("steps-note").textContent = "Changing the dataset ...";
    this.busy = true;
    try {
      await post("/api/apply", this.#wish());
      this.clear();
      byId("plan").close();
      await this.onApplied();
    } catch (error) {
      byId("steps").replaceChildren(h("li", { class: "bad" }, icon("warn"), ` ${error.message}`));
      byId("steps-note").textContent = "What was done before this can be undone.";
      await this.onApplied();
    } finally {
      this.busy = false;
    }
  }

  async back(which) {
    for (const each of ["undo", "redo"]) byId(each).disabled = true;
    try {
      const { done } = await post(`/api/${which}`, { version: this.version });
      byId("history-note").textContent = `Done: ${done[0]}`;
      announce(done[0]);
    } catch (error) {
      byId("history-note").textContent = error.message;
    }
    await this.onApplied();
    await this.#tellHistory();
  }

  async #tellHistory() {
    try {
      const known = await get("/api/history");
      for (const which of ["undo", "redo"]) {
        byId(which).hidden = known[which] === null;
        byId(which).disabled = false;
        byId(which).title = known[which] ?? "";
        byId(`${which}-what`).textContent = known[which] ?? "";
      }
      byId("history").hidden = known.undo === null && known.redo === null;
    } catch {
      byId("history").hidden = true;
    }
  }
}

/** True while every episode still is what it was, and others came behind them at most. */
function isContinued(before, rows) {
  return before.every((row, place) => {
    const now = rows[place];
    return now !== undefined && now.frames === row.frames && now.tasks.join() === row.tasks.join();
  });
}

/** A mark in a few words. */
export function describe(mark) {
  if (mark.delete) return "delete";
  const words = [];
  if (mark.label) words.push(mark.label === "none" ? "no label" : mark.label);
  if (mark.note !== undefined) words.push(mark.note ? "note" : "no note");
  if (mark.task !== undefined) words.push("task");
  if (mark.start !== undefined || mark.end !== undefined) words.push("trim");
  return words.join(", ");
}
