// The tasks of a session: what there is of each, and every change that may be made to them.

import { byId, h, write } from "./dom.js";

let send = () => {};
let changes = false;
const rows = new Map();

/** Shows them; only the page that controls may change them. */
export function drawQueue({ queue, task, phase }, mine) {
  byId("queue").hidden = queue === null;
  document.body.classList.toggle("queued", queue !== null);
  if (queue === null) return;
  const tasks = queue.tasks.map(([name, wanted, done]) => ({ task: name, wanted, done }));
  const done = tasks.reduce((sum, each) => sum + Math.min(each.done, each.wanted), 0);
  const wanted = tasks.reduce((sum, each) => sum + each.wanted, 0);
  write("queue-count", `${done} of ${wanted} episodes`);
  place(tasks);
  const runs = !["resetting", "catching up", "paused"].includes(phase);
  for (const [at, each] of tasks.entries()) {
    const mark = each.task === task ? (runs ? "now" : "next") : each.task === queue.then ? "then" : "";
    drawRow(rows.get(each.task), each, mark);
    drawTools(rows.get(each.task), each, [at === 0, at === tasks.length - 1], mine);
  }
  byId("queue-change").hidden = !mine;
  byId("queue-form").hidden = !(mine && changes);
  if (byId("queue-order") !== document.activeElement) byId("queue-order").value = queue.order;
}

/** The rows in the order of the tasks; whoever is in one of them stays there. */
function place(tasks) {
  const names = tasks.map((each) => each.task);
  if ([...rows.keys()].join("\n") === names.join("\n")) return;
  const inside = document.activeElement;
  const found = names.map((name) => [name, rows.get(name) ?? makeRow(name)]);
  rows.clear();
  for (const [name, row] of found) rows.set(name, row);
  byId("queue-tasks").replaceChildren(...found.map(([, row]) => row.element));
  if (byId("queue-tasks").contains(inside)) inside.focus();
}

function makeRow(task) {
  const edit = (deed, more = {}) => () => send({ deed, task, ...more });
  const row = {
    mark: h("span", { class: "queue-mark" }),
    count: h("span", { class: "number" }),
    bar: h("i"),
    choose: h("button", { onclick: edit("choose") }, "Do it next"),
    sentence: h("input", { value: task, maxlength: 500, "aria-label": `Sentence of ${task}` }),
    wanted: h("input", { type: "number", min: 1, max: 100000, "aria-label": `Episodes of ${task}` }),
    up: h("button", { onclick: edit("move", { number: -1 }), "aria-label": `Move ${task} up` }, "↑"),
    down: h("button", { onclick: edit("move", { number: 1 }), "aria-label": `Move ${task} down` }, "↓"),
    remove: h("button", { onclick: edit("remove"), "aria-label": `Remove ${task}` }, "Remove"),
  };
  row.sentence.addEventListener("change", () => {
    if (row.sentence.value.trim()) edit("rename", { text: row.sentence.value })();
    row.sentence.value = task; // another row comes for another sentence
  });
  row.wanted.addEventListener("change", () => row.wanted.checkValidity() && edit("count", { number: row.wanted.valueAsNumber })());
  row.words = h("span", { class: "sentence" }, task);
  row.tools = h("div", { class: "spread tools" }, row.sentence, row.wanted, row.up, row.down, row.remove);
  const track = h("span", { class: "track", "aria-hidden": "true" }, row.bar);
  row.element = h("li", {}, row.mark, row.words, row.count, track, row.choose, row.tools);
  return row;
}

function drawRow(row, { done, wanted }, mark) {
  row.element.dataset.mark = mark;
  row.element.classList.toggle("full", done >= wanted);
  if (row.mark.textContent !== mark) row.mark.textContent = mark;
  const words = `${done >= wanted ? "✓ " : ""}${done} of ${wanted}`;
  if (row.count.textContent !== words) row.count.textContent = words;
  row.bar.style.transform = `scaleX(${Math.min(done / wanted, 1)})`;
}

function drawTools(row, { done, wanted }, [first, last], mine) {
  row.tools.hidden = !(mine && changes);
  row.words.hidden = mine && changes;
  row.choose.hidden = !mine || changes || done >= wanted || ["now", "next"].includes(row.element.dataset.mark);
  [row.up.disabled, row.down.disabled] = [first, last];
  if (row.wanted !== document.activeElement) row.wanted.value = wanted;
}

/** What is changed is asked for by this; whether it is granted is seen in what comes next. */
export function prepareQueue(ask) {
  send = ask;
  byId("queue-change").addEventListener("click", () => {
    changes = !changes;
    byId("queue-change").setAttribute("aria-pressed", String(changes));
  });
  byId("queue-order").addEventListener("change", ({ target }) => send({ deed: "order", text: target.value }));
  byId("queue-form").addEventListener("submit", (event) => {
    event.preventDefault();
    send({ deed: "add", task: byId("queue-new").value, number: byId("queue-number").valueAsNumber });
    byId("queue-new").value = "";
  });
}
