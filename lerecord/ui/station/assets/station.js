// The page of a session: paints what it is sent, says that it has, and asks for what is pressed.

import { announce, byId, enter, get, h, icon, isTyping, pageName, staysHere, write } from "./dom.js";
import { drawJoints } from "./joints.js";
import { drawQueue, prepareQueue } from "./queue.js";
import { hear, prepareSound } from "./sounds.js";

const LOOKS = {
  resetting: ["reset", "○", "RESET"],
  "catching up": ["reset", "◐", "CATCHING UP"],
  recording: ["recording", "●", "RECORDING"],
  paused: ["paused", "‖", "PAUSED"],
  asking: ["asking", "?", "KEEP IT?"],
  confirming: ["asking", "?", "KEEP IT?"],
  driving: ["driving", "▶", "DRIVING"],
  holding: ["paused", "‖", "HOLDING"],
  done: ["done", "✓", "DONE"],
};
const STALE_MS = 500;
const SILENT_MS = 3000;
const AGAIN_MS = 1000;
const ENDED = [1001, 1012];
const PAGE = pageName();

let socket = null;
let bundle = null;
let moment = null;
let control = null;
let heardAt = 0;
let ended = false;
let refused = "";
const canvases = new Map();

function connect() {
  socket = new WebSocket(`ws://${location.host}/api/live/${PAGE}`);
  socket.binaryType = "blob";
  let due = [];
  let images = [];
  socket.addEventListener("message", ({ data }) => {
    heardAt = performance.now();
    if (typeof data === "string") {
      bundle = JSON.parse(data);
      due = bundle.cameras.filter((camera) => camera.fresh);
      images = [];
    } else images.push(data);
    if (images.length === due.length) paint(bundle, due, images);
  });
  socket.addEventListener("close", ({ code }) => {
    ended = ENDED.includes(code);
    if (heardAt === 0) lookForReason();
    tellLost();
    setTimeout(connectAgain, AGAIN_MS);
  });
}

/** The session may be over, and the form that begins the next one be there. */
async function connectAgain() {
  if (await staysHere("station")) connect();
  else setTimeout(connectAgain, AGAIN_MS);
}

/** A socket that is refused says no more than that; a plain request is told why. */
async function lookForReason() {
  try {
    await get("/api/session/known");
  } catch (error) {
    refused = error.status === 401 ? error.message : "";
    tellLost();
  }
}

const say = (message) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));

async function paint(told, due, images) {
  await Promise.allSettled(due.map((camera, place) => drawImage(camera, images[place])));
  if (told.moment !== null) {
    moment = told.moment;
    drawMoment(told.moment);
  }
  told.cameras.forEach(drawAge);
  drawControl(told.control);
  byId("invite").hidden = !told.invites;
  tellLost();
  say({ painted: told.bundle });
}

function cameraOf({ name }) {
  if (!canvases.has(name)) {
    const canvas = h("canvas", { role: "img", "aria-label": `Camera ${name}` });
    const age = h("span", { class: "age" });
    const element = h("figure", {}, canvas, h("figcaption", {}, h("span", {}, name), age));
    byId("cameras").append(element);
    byId("cameras").dataset.count = canvases.size + 1;
    canvases.set(name, { canvas, age, element });
  }
  return canvases.get(name);
}

async function drawImage(camera, blob) {
  const { canvas } = cameraOf(camera);
  const image = await createImageBitmap(blob);
  const turned = camera.rotation % 180 !== 0;
  const [width, height] = turned ? [image.height, image.width] : [image.width, image.height];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.save();
  context.translate(width / 2, height / 2);
  context.rotate((camera.rotation * Math.PI) / 180);
  context.drawImage(image, -image.width / 2, -image.height / 2);
  context.restore();
  image.close();
}

function drawAge(camera) {
  const { age, element } = cameraOf(camera);
  const stale = camera.age_ms === null || camera.age_ms > STALE_MS;
  element.classList.toggle("stale", stale);
  const words = camera.age_ms === null ? "no image yet" : `${camera.age_ms} ms old`;
  age.replaceChildren(stale ? icon("warn") : "", words);
}

function drawMoment({ snapshot, takes, actions, cue }) {
  hear(cue);
  const [look, sign, word] = snapshot.trouble ? ["trouble", "▲", "TROUBLE"] : LOOKS[snapshot.phase];
  byId("banner").dataset.look = look;
  write("phase-icon", sign);
  write("phase", word);
  const limit = snapshot.limit_s === null ? "" : ` / ${minutes(snapshot.limit_s)}`;
  write("clock", minutes(snapshot.elapsed_s) + limit);
  write("episode", snapshot.episode === null ? "nothing is recorded" : `episode ${snapshot.episode}${snapshot.replaces ? " again" : ""}`);
  write("count", snapshot.episodes === null ? `${snapshot.saved} saved` : `${snapshot.saved} of ${snapshot.episodes} saved`);
  drawQueue(snapshot, control?.mine ?? false);
  byId("simulated").hidden = !snapshot.simulated;
  write("sentence", snapshot.trouble);
  byId("sentence").hidden = !snapshot.trouble;
  write("task", snapshot.task);
  write("notice", snapshot.notice);
  byId("notice").hidden = !snapshot.notice;
  document.title = `${sign} ${word} – ${snapshot.task}`;
  drawJoints(snapshot.joints, snapshot.source);
  drawTakes(takes, snapshot.saving);
  drawRates(snapshot);
  drawActions(actions);
}

const minutes = (value) => `${String(Math.floor(value / 60)).padStart(2, "0")}:${(value % 60).toFixed(1).padStart(4, "0")}`;

let takesShown = "";

function drawTakes(takes, saving) {
  const now = JSON.stringify([takes, saving]);
  if (now === takesShown) return;
  takesShown = now;
  const running = saving ? [h("li", { class: "dim" }, `saving ${saving} ...`)] : [];
  const lines = takes.map((take) => {
    const good = take.remarks.length === 0;
    const flaws = [[take.missed, "missed"], [take.repeated, "repeated"]].filter(([count]) => count).map(([count, what]) => `${count} ${what}`);
    return h(
      "li",
      {},
      h("strong", {}, String(take.episode)),
      h("span", { class: `mark ${good ? "good" : "warn"}` }, icon(good ? "good" : "warn"), good ? "good" : "look"),
      take.success === null ? "" : h("span", { class: `mark ${take.success ? "good" : "bad"}` }, icon(take.success ? "good" : "bad"), take.success ? "success" : "failure"),
      h("span", {}, `${take.seconds.toFixed(1)} s${take.replaced ? ", again" : ""}`),
      h("span", { class: "dim" }, flaws.join(", ")),
      ...take.remarks.map((remark) => h("p", { class: "warn" }, remark)),
    );
  });
  const none = takes.length || saving ? [] : [h("li", { class: "dim" }, "No take yet. The first one appears here once it is saved.")];
  byId("takes").replaceChildren(...running, ...lines, ...none);
}

function drawRates(snapshot) {
  const slow = snapshot.rate_hz > 0 && snapshot.rate_hz < 0.99 * snapshot.fps;
  const facts = [
    ["loop", `${snapshot.rate_hz.toFixed(1)} Hz`, slow],
    ["late", `${(1000 * snapshot.lateness_p99_s).toFixed(1)} ms`, false],
    ["missed", String(snapshot.missed), snapshot.missed > 0],
    ["frames", String(snapshot.rows), false],
    ...snapshot.cameras.map((camera) => [camera.name, camera.fps === null ? "–" : `${camera.fps.toFixed(1)} Hz`, false]),
  ];
  if (snapshot.disk_free_bytes !== null) facts.push(["disk", `${Math.floor(snapshot.disk_free_bytes / 1e9)} GB left`, false]);
  const text = JSON.stringify(facts);
  if (byId("rates").dataset.text === text) return;
  byId("rates").dataset.text = text;
  byId("rates").replaceChildren(...facts.flatMap(([name, value, bad]) => [h("dt", {}, name), h("dd", { class: bad ? "bad" : null }, bad ? icon("warn") : "", value)]));
}

let actionsShown = "";

function drawActions(actions) {
  const mine = control?.mine ?? false;
  const now = JSON.stringify([actions, mine]);
  if (now === actionsShown) return;
  actionsShown = now;
  byId("actions").replaceChildren(
    ...actions.map((action, place) =>
      h("button", { class: place === 0 ? "main" : null, disabled: !mine, onclick: () => press(action) }, action.words, h("kbd", {}, action.key)),
    ),
  );
}

function press(action) {
  if (!control?.mine) return;
  const { phase, episode, queue, task } = moment.snapshot;
  say({ command: action.command, phase, episode, task: queue === null ? "" : task });
}

function drawControl(told) {
  const before = control;
  control = told;
  const others = told.pages - 1;
  const watching = others ? `, ${others} more ${others === 1 ? "page" : "pages"} open` : "";
  write("control-word", (told.mine ? "This page controls" : told.held ? "Another page controls; this one watches" : "Nobody controls from a page") + watching);
  byId("take").hidden = told.mine;
  document.body.classList.toggle("watches", !told.mine);
  if (before?.mine !== told.mine) {
    if (moment !== null) {
      drawActions(moment.actions);
      drawQueue(moment.snapshot, told.mine);
    }
    announce(told.mine ? "This page controls the session." : "This page watches.");
  }
}

function tellLost() {
  const silent = performance.now() - heardAt > SILENT_MS || socket?.readyState !== WebSocket.OPEN;
  byId("lost").hidden = !silent;
  document.body.classList.toggle("is-lost", silent);
  if (!silent) return;
  const sentence = ended
    ? "The session has ended. Start the next one in its terminal; this page comes back by itself if it has the same --port."
    : "This page hears nothing from the session. Recording does not depend on it: look at the terminal. Trying again ...";
  write("lost", refused || sentence);
}

const OTHER_NAMES = { " ": ["Space", "Enter"], ArrowRight: ["Enter"], n: ["Enter"], ArrowLeft: ["r"], Escape: ["q"] };

document.addEventListener("keydown", (event) => {
  if (isTyping(event) || event.repeat || moment === null) return;
  if (event.target.closest?.("button") && (event.key === " " || event.key === "Enter")) return;
  if (["n", "ArrowRight"].includes(event.key) && moment.snapshot.phase !== "recording") return; // they save
  for (const name of OTHER_NAMES[event.key] ?? [event.key]) {
    const action = moment.actions.find((each) => each.key.toLowerCase() === name.toLowerCase());
    if (!action) continue;
    event.preventDefault();
    press(action);
    return;
  }
});

byId("invite").addEventListener("click", () => {
  byId("code").src = "/api/code";
  byId("invitation").showModal();
});
byId("take").addEventListener("click", () => say({ take: true }));
prepareQueue((edit) => control?.mine && say({ edit }));
prepareSound();
setInterval(tellLost, AGAIN_MS);
try {
  await enter();
  connect();
} catch (error) {
  byId("lost").hidden = false;
  write("lost", error.message);
}
