// What is to be heard of a session, for people who watch the arm; whether it may be is remembered.

import { byId, write } from "./dom.js";

/** Of each cue its tones: hertz, and when each begins and ends, in seconds. */
const TONES = {
  start: [[660, 0, 0.15]],
  saved: [[660, 0, 0.12], [990, 0.14, 0.34]],
  redo: [[660, 0, 0.12], [440, 0.14, 0.34]],
  trouble: [[220, 0, 0.22], [220, 0.3, 0.52], [220, 0.6, 0.9]],
};
const LOUDNESS = 0.25;
const FADE_S = 0.02;
const KEY = "lerecord.sound";

let context = null;
let isOn = remembered() !== "off";
let last = null;

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // this browser keeps nothing
  }
}

function remember(value) {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // it is on again after a reload, which its button says
  }
}

/** Plays a cue once; the first one that is told happened before the page was there. */
export function hear({ number, name }) {
  const isNew = last !== null && number !== last;
  last = number;
  if (isNew && isOn) play(name);
}

function play(name) {
  if (context?.state !== "running") return; // what is late is worse than what is not heard
  for (const [hertz, from, to] of TONES[name] ?? []) {
    const [begin, end] = [context.currentTime + from, context.currentTime + to];
    const [tone, loudness] = [context.createOscillator(), context.createGain()];
    tone.type = name === "trouble" ? "square" : "sine";
    tone.frequency.value = hertz;
    loudness.gain.setValueAtTime(0, begin);
    loudness.gain.linearRampToValueAtTime(LOUDNESS, begin + FADE_S);
    loudness.gain.setValueAtTime(LOUDNESS, end - FADE_S);
    loudness.gain.linearRampToValueAtTime(0, end);
    tone.connect(loudness).connect(context.destination);
    tone.start(begin);
    tone.stop(end);
  }
}

/** A browser lets a page be heard once somebody has touched it. */
function wake() {
  if (!isOn) return;
  if (context === null) {
    context = new AudioContext();
    context.addEventListener("statechange", show);
  }
  if (context.state !== "running") context.resume().then(show, show);
}

function show() {
  const waits = isOn && context?.state !== "running";
  byId("sound").setAttribute("aria-pressed", String(isOn));
  byId("sound").dataset.state = waits ? "waiting" : isOn ? "on" : "off";
  write("sound", waits ? "Press for sound" : isOn ? "Sound is on" : "Sound is off");
}

export function prepareSound() {
  byId("sound").addEventListener("click", () => {
    // The press that wakes it does not turn it off: it was shown to be waiting for one.
    if (byId("sound").dataset.state !== "waiting") isOn = !isOn;
    remember(isOn ? "on" : "off");
    wake();
    show();
  });
  for (const touched of ["pointerup", "keyup"]) {
    document.addEventListener(touched, (event) => event.target !== byId("sound") && wake());
  }
  show();
}
