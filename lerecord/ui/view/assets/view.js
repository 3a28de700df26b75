// The page of a dataset: the list, the chosen episode, and the keys.

import { announce, byId, get, h, icon, isTyping, plural, seconds } from "./dom.js";
import { Marks, describe } from "./marks.js";
import { Pictures } from "./pictures.js";
import { Player } from "./player.js";
import { drawTracks } from "./plot.js";
import { Table, healthMark, labelMark } from "./table.js";

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4];
const LOOK_AGAIN_MS = 4000;
const KEYS = [
  ["Space", "play or pause", () => player.toggle()],
  ["ArrowLeft", "back one frame", () => player.step(-1)],
  ["ArrowRight", "on one frame", () => player.step(1)],
  ["Shift+ArrowLeft", "back one second", () => player.step(-shown.fps)],
  ["Shift+ArrowRight", "on one second", () => player.step(shown.fps)],
  ["Home", "first frame", () => player.step(-shown.frames)],
  ["End", "last frame", () => player.step(shown.frames)],
  ["ArrowUp", "previous episode", () => move(-1)],
  ["ArrowDown", "next episode", () => move(1)],
  ["s", "success", () => marks.set(shown.episode, { label: toggled("label", "success") })],
  ["f", "failure", () => marks.set(shown.episode, { label: toggled("label", "failure") })],
  ["u", "no label", () => marks.set(shown.episode, { label: toggled("label", "none") })],
  ["i", "in: first frame to keep", () => setEnd("start")],
  ["o", "out: last frame to keep", () => setEnd("end")],
  ["n", "note ...", () => write("note", "Note", rowOf(shown.episode)?.note ?? "")],
  ["t", "task ...", () => write("task", "Task", shown.tasks[0] ?? "")],
  ["x", "delete", () => marks.set(shown.episode, { delete: !marks.of(shown.episode)?.delete })],
  ["a", "preview and apply the marks", () => marks.preview()],
  ["z", "undo the last edit", () => byId("undo").hidden || marks.back("undo")],
  [",", "slower", () => faster(-1)],
  [".", "faster", () => faster(1)],
  ["/", "filter the list", () => byId("search").focus()],
  ["Escape", "back to the list and the pictures", () => choose(null)],
  ["?", "these keys", () => byId("keys").showModal()],
];
const EDITS = ["s", "f", "u", "i", "o", "n", "t", "x", "a", "z"];
const NAMES = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };

let dataset = null;
let shown = null;
let tracks = [];
let asking = null;

const player = new Player(byId("cameras"), onFrame);
const table = new Table(byId("episodes"), {
  empty: byId("no-episodes"),
  more: byId("more"),
  count: byId("count"),
  onChoose: (episode) => choose(episode),
});

const pictures = new Pictures(byId("pictures"));
const marks = new Marks({ onChange: showMarks, onApplied: look });
const rowOf = (episode) => table.rows.find((row) => row.episode === episode);
const toggled = (name, value) => (marks.of(shown.episode)?.[name] === value ? null : value);

/** Frames outside of what is to be kept; said again at the same frame, the end is where it was. */
function setEnd(name) {
  const whole = name === "start" ? 0 : shown.frames - 1;
  const own = marks.of(shown.episode)?.[name] === player.frame || player.frame === whole;
  marks.set(shown.episode, { [name]: own ? null : player.frame });
}

function write(name, title, before) {
  const mark = marks.of(shown.episode);
  const { episode } = shown;
  byId("words-title").textContent = `${title} of episode ${episode}`;
  byId("words-text").value = mark?.[name] ?? before;
  const dialog = byId("words");
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (dialog.returnValue !== "ok") return;
    const text = byId("words-text").value.trim();
    marks.set(episode, { [name]: text === before ? null : text });
  };
  dialog.showModal();
  byId("words-text").select();
}

function showMarks() {
  table.mark(marks.marks);
  const mark = shown === null ? null : marks.of(shown.episode);
  for (const button of document.querySelectorAll("#edit button")) {
    const key = button.dataset.key;
    const on = { s: mark?.label === "success", f: mark?.label === "failure", u: mark?.label === "none", x: mark?.delete,
      i: mark?.start !== undefined, o: mark?.end !== undefined, n: mark?.note !== undefined, t: mark?.task !== undefined };
    button.setAttribute("aria-pressed", String(Boolean(mark && on[key])));
  }
  const cut = mark && (mark.start !== undefined || mark.end !== undefined);
  const kept = cut ? `keeps frames ${mark.start ?? 0} to ${mark.end ?? shown.frames - 1}; ` : "";
  byId("mark").textContent = mark ? `Marked: ${kept}${describe(mark)}` : "";
  for (const track of tracks) track.cut(cut ? mark.start ?? 0 : 0, cut ? mark.end ?? shown.frames - 1 : null);
}

function tell(error) {
  const place = byId("trouble");
  place.hidden = error === null;
  place.textContent = error === null ? "" : error.message;
}

function choose(episode, frame = null) {
  location.hash = episode === null ? "" : frame === null ? `#${episode}` : `#${episode}:${frame}`;
}

function move(steps) {
  const next = table.neighbour(steps);
  if (next !== null) choose(next);
}

function faster(steps) {
  const place = Math.min(Math.max(SPEEDS.indexOf(player.rate) + steps, 0), SPEEDS.length - 1);
  setSpeed(SPEEDS[place]);
}

function setSpeed(rate) {
  player.setRate(rate);
  byId("speed").value = String(rate);
  announce(`speed ${rate}`);
}

function onFrame(frame, playing) {
  if (shown === null) return;
  byId("frame").textContent = String(frame);
  byId("time").textContent = `${(frame / shown.fps).toFixed(2)} s`;
  const position = byId("position");
  position.value = String(frame);
  position.setAttribute("aria-valuetext", `frame ${frame} of ${shown.frames}, ${(frame / shown.fps).toFixed(2)} seconds`);
  for (const track of tracks) track.point(frame);
  showPlaying(playing);
  if (!playing) history.replaceState(null, "", `#${shown.episode}${frame ? `:${frame}` : ""}`);
}

function showPlaying(playing) {
  const button = byId("play");
  if (button.dataset.playing === String(playing)) return;
  button.dataset.playing = String(playing);
  button.replaceChildren(icon(playing ? "pause" : "play"), h("span", {}, playing ? "Pause" : "Play"));
}

async function show(episode, frame) {
  asking?.abort();
  asking = new AbortController();
  table.choose(episode);
  document.body.classList.toggle("reading", episode !== null || location.hash === "#pictures");
  pictures.show(episode === null);
  byId("nothing-chosen").hidden = episode !== null;
  byId("chosen").hidden = episode === null;
  if (episode === null) {
    player.unload();
    shown = null;
    return;
  }
  try {
    const data = await get(`/api/episodes/${episode}`, asking.signal);
    tell(null);
    draw(data, frame);
  } catch (error) {
    if (error.name === "AbortError") return;
    byId("chosen").hidden = true;
    player.unload();
    shown = null;
    tell(error);
  }
}

function seek(frame) {
  if (player.playing) player.pause();
  player.seek(frame);
}

function draw(data, frame) {
  shown = data;
  const row = rowOf(data.episode);
  byId("title").textContent = `Episode ${data.episode}`;
  byId("task").textContent = data.tasks.join("; ") || "no task";
  byId("summary").replaceChildren(
    healthMark(data), row?.label ? labelMark(row.label) : "",
    h("span", {}, `${seconds(data.frames / data.fps)}, ${plural(data.frames, "frame")}`),
  );
  byId("note").textContent = row?.note ?? "";
  byId("note").hidden = !row?.note;
  byId("remarks").hidden = data.remarks.length === 0;
  byId("remarks").replaceChildren(...data.remarks.map((each) => h("li", {}, icon("warn"), h("span", {}, each))));
  byId("position").max = String(data.frames - 1);
  byId("of").textContent = `of ${data.frames}`;
  tracks = drawTracks(data, seek, byId("strip"), byId("curves"));
  player.load(data, frame);
  showMarks();
  onFrame(player.frame, false);
  document.title = `${data.episode} – ${dataset?.name ?? "lerecord view"}`;
  announce(`Episode ${data.episode}, ${data.tasks.join("; ")}, ${seconds(data.frames / data.fps)}, health ${data.health}`);
}

function followAddress() {
  const [, episode, frame] = /^#(\d+)(?::(\d+))?$/.exec(location.hash) ?? [];
  if (episode === undefined) return show(null);
  if (shown !== null && shown.episode === Number(episode)) {
    return frame === undefined ? undefined : player.seek(Number(frame));
  }
  return show(Number(episode), Number(frame ?? 0));
}

async function look() {
  const [about, { episodes }] = await Promise.all([get("/api/dataset"), get("/api/episodes")]);
  const before = shown && rowOf(shown.episode);
  dataset = about;
  byId("dataset").textContent = about.name;
  byId("dataset").title = about.folder;
  const rig = `${about.robot ?? "rig not named"}${about.simulated ? " (simulated)" : ""}`;
  byId("edit").hidden = about.closed !== "";
  byId("closed").hidden = about.closed === "";
  byId("closed").textContent = about.closed;
  byId("facts").textContent = `${rig}, ${about.fps} frames a second, ${plural(about.cameras.length, "camera")}`;
  if (shown === null) document.title = about.name;
  const rows = table.rows;
  table.fill(episodes, about);
  pictures.fill(episodes, about);
  marks.fit(about, rows, episodes);
  const now = shown && rowOf(shown.episode);
  if (shown && !now) choose(episodes.length ? Math.min(shown.episode, episodes.length - 1) : null);
  else if (before && JSON.stringify(before) !== JSON.stringify(now)) await show(shown.episode, player.frame);
}

async function lookAgain() {
  if (!document.hidden && !marks.busy && dataset !== null) {
    try {
      const { version } = await get("/api/version");
      if (version !== dataset.version) await look();
      tell(null);
    } catch (error) {
      tell(error);
    }
  }
  setTimeout(lookAgain, LOOK_AGAIN_MS);
}

function listen() {
  const filter = () =>
    table.setFilter({ text: byId("search").value.trim(), health: byId("health").value, label: byId("label").value });
  for (const name of ["search", "health", "label"]) byId(name).addEventListener("input", filter);
  byId("search").addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "Enter") byId("search").blur();
  });
  byId("play").addEventListener("click", () => player.toggle());
  byId("step-back").append(icon("previous"), h("span", { class: "unseen" }, "Back one frame"));
  byId("step-back").addEventListener("click", () => player.step(-1));
  byId("step").append(icon("next"), h("span", { class: "unseen" }, "On one frame"));
  byId("step").addEventListener("click", () => player.step(1));
  byId("position").addEventListener("input", (event) => {
    if (player.playing) player.pause();
    player.seek(Number(event.target.value));
  });
  byId("speed").append(...SPEEDS.map((rate) => h("option", { value: rate }, `${rate}×`)));
  byId("speed").value = "1";
  byId("speed").addEventListener("input", (event) => setSpeed(Number(event.target.value)));
  for (const back of document.querySelectorAll(".back")) back.prepend(icon("back"));
  const words = { s: "Success", f: "Failure", u: "No label", i: "In", o: "Out", n: "Note", t: "Task", x: "Delete" };
  const icons = { s: "good", f: "bad", x: "bin" };
  for (const button of document.querySelectorAll("#edit button")) {
    const key = button.dataset.key;
    button.append(icons[key] ? icon(icons[key]) : "", words[key], h("kbd", {}, key));
    button.title = KEYS.find(([name]) => name === key)[1];
    button.addEventListener("click", () => KEYS.find(([name]) => name === key)[2]());
  }
  byId("words-text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId("words").close("ok");
  });
  byId("keys-button").addEventListener("click", () => byId("keys").showModal());
  byId("key-list").append(
    ...KEYS.flatMap(([key, what]) => [
      h("dt", {}, ...key.split("+").map((part) => h("kbd", {}, NAMES[part] ?? part))), h("dd", {}, what),
    ]),
  );
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", followAddress);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => tracks.forEach((each) => each.draw()));
}

function onKey(event) {
  if (isTyping(event)) return;
  const named = event.key === " " ? "Space" : event.key;
  const key = event.shiftKey && named.startsWith("Arrow") ? `Shift+${named}` : named;
  const found = KEYS.find(([name]) => name === key);
  if (!found || (event.target.closest?.("button, a") && named === "Space")) return;
  const needsEpisode = !["ArrowUp", "ArrowDown", "/", "?", "a", "z"].includes(key);
  if (needsEpisode && shown === null) return;
  if (dataset?.closed && EDITS.includes(key)) return announce(dataset.closed);
  event.preventDefault();
  found[2]();
}

listen();
showPlaying(false);
try {
  await look();
  await followAddress();
} catch (error) {
  tell(error);
}
setTimeout(lookAgain, LOOK_AGAIN_MS);
