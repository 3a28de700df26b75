// The page that a session is begun from: what is chosen, what is wrong with it, and what came of it.

import { announce, byId, enter, get, h, pageName, plural, post, staysHere, write } from "./dom.js";
import { addTask, drawTasks, showTasks, tasksOf } from "./tasks.js";

const AGAIN_MS = 1000;
const QUIET_MS = 250;
const NEW = "";
const PAGE = pageName();
const touched = new Set();

let known = null;
let turn = null;
let mine = false;
let startedAt = null;
let asks = 0;
let waiting = null;

async function show() {
  known = await get("/api/choices");
  const { form, told } = known;
  byId("hardware").replaceChildren(...known.rigs.map((rig) => card(rig, form.hardware)));
  const places = known.datasets.map(({ name, episodes, robot }) => h("option", { value: name }, `${name} (${plural(episodes, "episode")}, ${robot || "not usable"})`));
  byId("place").replaceChildren(h("option", { value: NEW }, "a new dataset"), ...places);
  byId("place").value = known.datasets.some(({ name }) => name === form.dataset) ? form.dataset : NEW;
  byId("dataset").value = form.dataset;
  showTasks(form.tasks);
  for (const name of ["order", "gate"]) byId(name).value = form[name];
  for (const name of ["episode_time", "reset_time"]) byId(name).value = form[name] ?? "";
  byId("labels").checked = form.labels;
  write("start", told ? "Once more" : "Start");
  drawTold(told);
  changed();
}

function card({ name, about, simulated, fault }, chosen) {
  return h(
    "label",
    {},
    h("input", { type: "radio", name: "hardware", value: name, checked: name === chosen }),
    h("strong", {}, name),
    simulated ? h("span", { class: "simulated" }, "SIMULATED: no arm moves") : null,
    fault ? h("span", { class: "fault" }, fault) : h("span", {}, about),
  );
}

/** Commands stand in backquotes. */
const withCode = (line) => line.split("`").map((part, place) => (place % 2 ? h("code", {}, part) : part));

function drawTold(told) {
  byId("told").hidden = told === null;
  if (told === null) return;
  byId("told").classList.toggle("failed", told.failure !== null);
  const title = told.failure === null ? "✓ The session has ended." : told.lines.length ? "▲ The session ended early." : "▲ The session did not begin.";
  write("told-title", title);
  const lines = [...(told.failure === null ? [] : [told.failure]), ...told.lines];
  byId("told-lines").replaceChildren(...lines.map((line) => h("li", { class: line.startsWith("  ") ? "detail" : null }, ...withCode(line.trim()))));
  byId("told").focus();
}

const seconds = (id) => (byId(id).value === "" ? (byId(id).validity.badInput ? -1 : null) : byId(id).valueAsNumber);
const place = () => known.datasets.find(({ name }) => name === byId("place").value) ?? null;

function form() {
  return {
    hardware: document.querySelector('input[name="hardware"]:checked')?.value ?? "",
    dataset: place()?.name ?? byId("dataset").value,
    tasks: tasksOf(),
    order: byId("order").value,
    episode_time: seconds("episode_time"),
    reset_time: seconds("reset_time"),
    labels: place() === null && byId("labels").checked,
    gate: byId("gate").value,
  };
}

/** What hangs together is drawn at once; what is wrong with it is said when nobody types. */
function changed() {
  const chosen = place();
  for (const id of ["new-name", "labels-line"]) byId(id).hidden = chosen !== null;
  write("about-dataset", chosen === null ? "" : aboutDataset(chosen));
  byId("known-tasks").replaceChildren(...(chosen?.tasks ?? []).map((task) => h("option", { value: task })));
  drawTasks();
  clearTimeout(waiting);
  waiting = setTimeout(check, QUIET_MS);
}

function aboutDataset({ episodes, rig, robot, simulated, tasks, left, fault }) {
  if (fault) return fault;
  const from = `${plural(episodes, "episode")} of ${rig ?? `a ${robot} rig`}${simulated ? ", SIMULATED" : ""}`;
  const asked = left ? `; ${plural(left, "interrupted take")}: the terminal asks first what becomes of ${left === 1 ? "it" : "them"}` : "";
  return `${from}: ${tasks.slice(0, 3).join("; ") || "no task yet"}${tasks.length > 3 ? "; ..." : ""}${asked}.`;
}

async function check() {
  const number = ++asks;
  try {
    const { faults, lines } = await post("/api/check", form());
    if (number !== asks) return; // what was typed since is asked about, too
    write("lines", lines);
    drawFaults(faults);
  } catch (error) {
    if (number === asks && startedAt === null && error.status) write("fault-form", error.message);
  }
}

/** Beside a field that nobody has come to yet, nothing is wrong yet. */
function drawFaults(faults, all = false) {
  for (const element of document.querySelectorAll("[id^='fault-']")) {
    const name = element.id.slice("fault-".length);
    const sentence = all || touched.has(name) || name === "form" ? (faults[name] ?? "") : "";
    if (element.textContent !== sentence) element.textContent = sentence;
    byId(name)?.setAttribute("aria-invalid", String(sentence !== ""));
  }
  if (faults.dataset && place() !== null) byId("place").setAttribute("aria-invalid", "true");
  else byId("place").removeAttribute("aria-invalid");
}

async function start() {
  clearTimeout(waiting);
  asks += 1;
  byId("start").disabled = true;
  try {
    const { faults, lines } = await post("/api/start", { page: PAGE, form: form() });
    write("lines", lines);
    for (const name of Object.keys(faults)) touched.add(name);
    drawFaults(faults, true);
    if (Object.keys(faults).length === 0) startedAt = performance.now();
    else document.querySelector('[aria-invalid="true"]')?.focus();
  } catch (error) {
    write("fault-form", error.message);
  }
  drawControl();
}

function drawControl() {
  write("control-word", mine ? "This page controls." : "Another page controls; this one watches.");
  byId("take").hidden = mine || startedAt !== null;
  byId("start").disabled = !mine || startedAt !== null;
  document.body.classList.toggle("is-starting", startedAt !== null);
  const since = startedAt === null ? 0 : Math.round((performance.now() - startedAt) / AGAIN_MS);
  write("starts", startedAt === null ? "" : `Cameras and arms are being opened, and the terminal says how far it is: ${since} s. The page of the session follows by itself.`);
}

/** Which page is there now, and who controls; where nobody answers, a session is on its way. */
async function look(take = false) {
  try {
    if (!(await staysHere("start"))) return startedAt === null && lose(true);
    const told = await post("/api/look", { page: PAGE, take });
    lose(false);
    if (told.mine !== mine && turn !== null) announce(told.mine ? "This page controls." : "This page watches.");
    mine = told.mine;
    if (told.turn !== turn) {
      startedAt = null;
      await show();
      turn = told.turn;
    } else if (told.starting) startedAt ??= performance.now();
  } catch (error) {
    if (error.status) write("fault-form", error.message);
  }
  drawControl();
}

function lose(lost) {
  write("lost", lost ? "lerecord does not answer. Either a session is being started, or start `lerecord station` again in its terminal; this page comes back by itself." : "");
  byId("lost").hidden = !lost;
}

async function lookForever() {
  await look();
  if (startedAt !== null) drawControl();
  setTimeout(lookForever, AGAIN_MS);
}

byId("form").addEventListener("submit", (event) => event.preventDefault());
byId("form").addEventListener("input", changed);
byId("form").addEventListener("focusout", ({ target }) => {
  touched.add(target.id || target.name);
  changed();
});
byId("hardware").addEventListener("change", () => touched.add("hardware").add("dataset"));
byId("place").addEventListener("change", () => {
  touched.add("dataset");
  const chosen = place();
  const rig = document.querySelector(`input[name="hardware"][value="${CSS.escape(chosen?.rig ?? "")}"]`);
  if (rig) rig.checked = true;
  if (chosen?.tasks.length && tasksOf().every(({ task }) => !task.trim())) showTasks([{ task: chosen.tasks[0], episodes: null }]);
  changed();
});
byId("add").addEventListener("click", () => {
  addTask();
  changed();
});
byId("tasks").addEventListener("click", () => changed());
byId("start").addEventListener("click", start);
byId("take").addEventListener("click", () => look(true));
try {
  await enter();
} catch (error) {
  write("fault-form", error.message);
}
lookForever();
