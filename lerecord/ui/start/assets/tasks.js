// The tasks of the form: a line each, numbered for whoever says what is wrong with one.

import { byId, h } from "./dom.js";

const MOST = 100;
let rows = [];

function rowOf({ task, episodes }) {
  const row = {
    task: h("input", { value: task, list: "known-tasks", maxlength: 600, placeholder: "Grab the paper box" }),
    episodes: h("input", { type: "number", min: 1, max: 100000, step: 1, value: episodes ?? "" }),
    remove: h("button", { type: "button", onclick: () => remove(row) }, "Remove"),
    faults: [h("p", { class: "fault" }), h("p", { class: "fault" })],
  };
  row.element = h("li", {}, h("label", {}, "Task ", row.task), h("label", {}, "Episodes ", row.episodes), row.remove, ...row.faults);
  return row;
}

function remove(row) {
  rows = rows.filter((each) => each !== row);
  drawTasks();
  rows.at(-1).task.focus();
}

export function showTasks(tasks) {
  rows = tasks.map(rowOf);
  drawTasks();
}

export function addTask() {
  rows.push(rowOf({ task: "", episodes: 10 }));
  drawTasks();
  rows.at(-1).task.focus();
}

/** Lines that stay keep the focus that they have. */
export function drawTasks() {
  const list = byId("tasks");
  for (const gone of [...list.children].filter((each) => !rows.some(({ element }) => element === each))) gone.remove();
  rows.forEach((row, place) => {
    if (list.children[place] !== row.element) list.insertBefore(row.element, list.children[place] ?? null);
    for (const [at, name] of ["task", "episodes"].entries()) {
      row[name].id = `${name}-${place}`;
      row.faults[at].id = `fault-${name}-${place}`;
      row[name].setAttribute("aria-describedby", `fault-${name}-${place}`);
    }
    row.remove.hidden = rows.length === 1;
    row.remove.setAttribute("aria-label", `Remove task ${place + 1}`);
    row.episodes.placeholder = rows.length === 1 ? "until you quit" : "how many";
  });
  const several = rows.length > 1;
  byId("order-line").hidden = !several;
  byId("add").disabled = rows.length >= MOST;
  const counts = several ? "Each task is recorded until the dataset has that many episodes of it." : "How many new episodes to record in this session.";
  if (byId("about-count").textContent !== counts) byId("about-count").textContent = counts;
}

export const tasksOf = () =>
  rows.map(({ task, episodes }) => ({
    task: task.value,
    episodes: episodes.value === "" ? (episodes.validity.badInput ? 0 : null) : Math.trunc(episodes.valueAsNumber),
  }));
