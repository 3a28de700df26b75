// Canvases over the frames of an episode: curves and strips, each with a cursor.

import { fixed, h } from "./dom.js";

const DASHES = { state: [], action: [6, 3], leader: [2, 3], policy: [8, 3, 2, 3], other: [] };

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A canvas that follows the size of its place, and a cursor over it. */
export class Track {
  constructor(paint, onSeek, height) {
    this.paint = paint;
    this.frames = 1;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.cursor = h("div", { class: "cursor" });
    this.gone = [h("div", { class: "gone" }), h("div", { class: "gone" })];
    this.element = h("div", { class: "track" }, this.canvas, ...this.gone, this.cursor);
    this.element.style.height = height;
    new ResizeObserver(() => this.draw()).observe(this.element);
    const seek = (event) => {
      const box = this.element.getBoundingClientRect();
      const share = (event.clientX - box.left) / Math.max(box.width, 1);
      onSeek(Math.floor(Math.min(Math.max(share, 0), 0.999999) * this.frames));
    };
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.element.addEventListener("pointermove", (event) => event.buttons && seek(event));
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.clearRect(0, 0, width, height);
    this.paint(context, width, height);
    this.point(this.frame ?? 0);
  }

  /** Shade what is to be cut away; with `last` null nothing is. */
  cut(first, last) {
    const behind = last === null ? 0 : this.frames - 1 - last;
    this.gone[0].style.width = `${(100 * first) / this.frames}%`;
    this.gone[1].style.width = `${(100 * behind) / this.frames}%`;
  }

  point(frame) {
    this.frame = frame;
    const x = ((frame + 0.5) / this.frames) * this.element.clientWidth;
    this.cursor.style.transform = `translateX(${x}px)`;
  }
}

function bounds(lines) {
  let low = Infinity;
  let high = -Infinity;
  for (const { values } of lines) {
    for (const value of values) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return [0, 1];
  const margin = Math.max((high - low) * 0.08, 1e-3);
  return [low - margin, high + margin];
}

/** A line through every value; of several on one pixel the lowest and the highest. */
function trace(context, values, width, place) {
  const step = width / values.length;
  context.beginPath();
  let begun = false;
  let column = -1;
  let low = 0;
  let high = 0;
  const flush = () => {
    if (column < 0) return;
    context.lineTo(column, place(low));
    if (high !== low) context.lineTo(column, place(high));
  };
  values.forEach((value, frame) => {
    if (value === null) {
      flush();
      column = -1;
      begun = false;
      return;
    }
    const x = step >= 1 ? (frame + 0.5) * step : Math.floor(frame * step) + 0.5;
    if (!begun) {
      context.moveTo(x, place(value));
      begun = true;
    }
    if (x === column) {
      low = Math.min(low, value);
      high = Math.max(high, value);
      return;
    }
    flush();
    column = x;
    low = value;
    high = value;
  });
  flush();
  context.stroke();
}

/** The curves of one joint. */
export function curve(title, lines, onSeek) {
  const [low, high] = bounds(lines);
  const track = new Track(
    (context, width, height) => {
      const place = (value) => height - ((value - low) / (high - low)) * height;
      context.lineJoin = "round";
      for (const { name, values } of lines) {
        context.strokeStyle = colour(name in DASHES && name !== "other" ? name : "state");
        context.setLineDash(DASHES[name] ?? []);
        context.lineWidth = name === "state" ? 2 : 1.6;
        trace(context, values, width, place);
      }
    },
    onSeek,
    "5rem",
  );
  track.frames = lines[0].values.length;
  const readings = lines.map(({ name }) => h("output", { class: `reading-of ${name}`, title: name }));
  const element = h(
    "figure",
    { class: "curve panel" },
    h("figcaption", {}, h("span", { class: "joint" }, title), h("span", { class: "readings" }, ...readings)),
    track.element,
  );
  const point = (frame) => {
    track.point(frame);
    lines.forEach(({ values }, place) => {
      const value = values[frame];
      readings[place].textContent = value === null || value === undefined ? "–" : fixed(value, digits(high - low));
    });
  };
  return { element, point, draw: () => track.draw(), cut: (first, last) => track.cut(first, last) };
}

const digits = (span) => (span >= 100 ? 1 : span >= 1 ? 2 : 3);

export function legend(names, units) {
  const words = { state: "state", action: "action", leader: "leader", policy: "policy" };
  const samples = names.map((name) =>
    h("span", { class: `sample ${name}` }, h("i", { "aria-hidden": "true" }), words[name] ?? name),
  );
  return h("p", { class: "legend" }, ...samples, units ? h("span", { class: "dim" }, units) : null);
}

/** The ages of a camera's images, with those that were repeated or damaged. */
export function ages(camera, onSeek) {
  const most = Math.max(...camera.age_ms.filter((age) => age !== null), 0);
  const scale = Math.max(most, 50);
  const track = new Track(
    (context, width, height) => {
      const step = width / camera.age_ms.length;
      context.fillStyle = colour("dim");
      camera.age_ms.forEach((age, frame) => {
        const tall = ((age ?? 0) / scale) * (height - 6);
        context.fillRect(frame * step, height - tall, Math.max(step - (step > 3 ? 1 : 0), 0.5), tall);
      });
      marks(context, camera.repeated, step, 0, colour("warn"));
      marks(context, camera.corrupt, step, 0, colour("bad"));
    },
    onSeek,
    "2.2rem",
  );
  track.frames = camera.age_ms.length;
  const words = [`age up to ${Math.round(most)} ms`];
  if (camera.repeated.length) words.push(`${camera.repeated.length} repeated`);
  if (camera.corrupt.length) words.push(`${camera.corrupt.length} damaged`);
  return row(camera.name, words.join(", "), track);
}

function marks(context, frames, step, top, fill) {
  context.fillStyle = fill;
  for (const frame of frames) context.fillRect(frame * step, top, Math.max(step, 2), 5);
}

const DRIVERS = { leader: "leader", policy: "policy", correction: "leader", replay: "state" };

/** Who drove, and which slots were missed. */
export function drivers(runs, missed, frames, onSeek) {
  const track = new Track(
    (context, width, height) => {
      const step = width / frames;
      for (const run of runs) drawRun(context, run, step, height);
      marks(context, missed, step, height - 5, colour("bad"));
    },
    onSeek,
    "1.6rem",
  );
  track.frames = frames;
  const counted = {};
  for (const run of runs) counted[run.driver] = (counted[run.driver] ?? 0) + run.to - run.from;
  const words = Object.entries(counted).map(([name, count]) => `${name} ${Math.round((100 * count) / frames)} %`);
  if (missed.length) words.push(`${missed.length} slots missed`);
  return row("driver", words.join(", "), track);
}

function drawRun(context, run, step, height) {
  const left = run.from * step;
  const wide = (run.to - run.from) * step;
  context.save();
  context.beginPath();
  context.rect(left, 0, wide, height);
  context.clip();
  context.globalAlpha = 0.25;
  context.fillStyle = colour(DRIVERS[run.driver] ?? "dim");
  context.fillRect(left, 0, wide, height);
  context.globalAlpha = 1;
  context.fillRect(left, height - 3, wide, 3);
  context.fillStyle = colour("ink");
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  if (wide > 40) context.fillText(run.driver, left + 6, height / 2 - 1);
  context.restore();
}

function row(name, words, track) {
  const label = h("p", { class: "label" }, h("span", {}, name), h("span", { class: "dim" }, words));
  const element = h("div", { class: "strip-row" }, label, track.element);
  return { element, point: (frame) => track.point(frame), draw: () => track.draw(), cut: (first, last) => track.cut(first, last) };
}

/** Everything over the frames of an episode, put into its two places; told as tracks. */
export function drawTracks(data, seek, strip, place) {
  const strips = data.cameras.filter((camera) => camera.age_ms !== null).map((camera) => ages(camera, seek));
  if (data.drivers !== null) strips.push(drivers(data.drivers, data.missed, data.frames, seek));
  const curves = data.joints.map((joint, number) => {
    const lines = data.lines.map(({ name, values }) => ({ name, values: values[number] })).filter((line) => line.values);
    return lines.length ? curve(joint, lines, seek) : null;
  });
  const others = data.others.flatMap(({ name, places, values }) =>
    values.map((each, number) => curve(places.length > 1 ? `${name} ${places[number]}` : name, [{ name: "other", values: each }], seek)),
  );
  strip.replaceChildren(data.notice ? h("p", { class: "dim" }, data.notice) : "", ...strips.map((each) => each.element));
  const drawn = curves.filter((each) => each !== null);
  place.replaceChildren(
    drawn.length ? legend(data.lines.map((line) => line.name)) : "",
    ...[...drawn, ...others].map((each) => each.element),
  );
  return [...strips, ...drawn, ...others];
}
