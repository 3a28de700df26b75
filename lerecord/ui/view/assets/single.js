// One episode in a file of its own, without a server: the player, the curves, and a few keys.

import { byId, h, icon, isTyping, plural, seconds } from "./dom.js";
import { Player } from "./player.js";
import { drawTracks } from "./plot.js";

const data = JSON.parse(byId("data").textContent);
const player = new Player(byId("cameras"), onFrame);
const KEYS = {
  " ": () => player.toggle(),
  ArrowLeft: () => player.step(-1),
  ArrowRight: () => player.step(1),
  Home: () => player.step(-data.frames),
  End: () => player.step(data.frames),
};
const tracks = drawTracks(data, seek, byId("strip"), byId("curves"));

function seek(frame) {
  if (player.playing) player.pause();
  player.seek(frame);
}

function onFrame(frame, playing) {
  byId("frame").textContent = String(frame);
  byId("time").textContent = `${(frame / data.fps).toFixed(2)} s`;
  byId("position").value = String(frame);
  for (const track of tracks) track.point(frame);
  byId("play").replaceChildren(icon(playing ? "pause" : "play"), h("span", {}, playing ? "Pause" : "Play"));
}

byId("task").textContent = data.tasks.join("; ") || "no task";
byId("summary").textContent = `${seconds(data.frames / data.fps)}, ${plural(data.frames, "frame")}, health ${data.health}`;
byId("remarks").replaceChildren(...data.remarks.map((each) => h("li", {}, each)));
byId("absent").replaceChildren(...data.absent.map((each) => h("p", { class: "notice" }, each)));
byId("position").max = String(data.frames - 1);
byId("of").textContent = `of ${data.frames}`;
byId("play").addEventListener("click", () => player.toggle());
byId("position").addEventListener("input", (event) => seek(Number(event.target.value)));
document.addEventListener("keydown", (event) => {
  if (isTyping(event) || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
player.load({ ...data, cameras: data.cameras.filter((camera) => camera.video !== null) });
if (data.absent.length === data.cameras.length) byId("cameras").hidden = true;
