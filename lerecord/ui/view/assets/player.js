// All cameras of an episode in step, frame by frame.
//
// A browser shows the frame that lies at a time: frame k is sought in its middle, (k + 0.5) / fps
// after the episode's first, and the frame that is shown is what requestVideoFrameCallback says,
// never what was asked for. Where episodes share a video, playing ends before the next one's images
// can be shown, and what is none of the episode's is black.

import { h } from "./dom.js";

const HARD_SEEK_S = 0.25;
const SETTLED_MS = 150;
const SLOWEST = 0.0625;
const TOLD_LATE_S = 0.035; // two images of a screen

export class Player {
  /**
   * @param {HTMLElement} place where the cameras are shown
   * @param {(frame: number, playing: boolean) => void} onFrame told of each frame of the first camera
   */
  constructor(place, onFrame) {
    this.place = place;
    this.onFrame = onFrame;
    this.views = [];
    this.frames = 0;
    this.fps = 1;
    this.rate = 1;
    this.frame = 0;
    this.playing = false;
    this.wanted = 0;
  }

  load(episode, frame = 0) {
    this.unload();
    this.frames = episode.frames;
    this.fps = episode.fps;
    this.views = episode.cameras.map((camera) => this.#view(camera));
    this.place.replaceChildren(...this.views.map((view) => view.element));
    this.place.dataset.count = this.views.length;
    if (this.views.length === 0) {
      this.place.append(h("p", { class: "empty" }, "This dataset has no camera. The curves below are all of it."));
    }
    this.seek(frame);
  }

  unload() {
    this.playing = false;
    for (const { video } of this.views) {
      video.removeAttribute("src");
      video.load();
    }
    this.views = [];
  }

  get master() {
    return this.views.find((view) => !view.failed);
  }

  #view(camera) {
    const video = h("video", { playsinline: true, preload: "auto", tabindex: "-1", "aria-label": `Camera ${camera.name}` });
    video.muted = true;
    video.disablePictureInPicture = true;
    const shown = h("output", { class: "shown" });
    const element = h(
      "figure",
      { class: "camera", "data-outside": String(camera.shared) },
      video,
      h("figcaption", {}, h("span", {}, camera.name), shown),
    );
    const view = { camera, video, shown, element, frame: -1, due: false, sought: false, timer: 0, failed: false };
    video.width = camera.width;
    video.height = camera.height;
    video.addEventListener("error", () => this.#failed(view));
    video.addEventListener("ended", () => view === this.master && this.pause());
    video.addEventListener("loadedmetadata", () => this.#place(view));
    video.addEventListener("seeked", () => {
      view.sought = !view.due;
      this.#place(view);
    });
    this.#watch(view);
    video.src = camera.video;
    return view;
  }

  #watch(view) {
    view.video.requestVideoFrameCallback((now, { mediaTime }) => {
      view.frame = Math.round((mediaTime - view.camera.from_s) * this.fps);
      const outside = view.frame < 0 || view.frame >= this.frames;
      view.element.dataset.outside = String(outside);
      if (!outside) {
        view.shown.textContent = String(view.frame);
        if (view.sought && view.frame === this.wanted) this.#settled(view, true);
        if (view === this.master) this.#told(view);
      }
      if (this.playing && view.camera.shared && !view.video.seeking) this.#endBeforeTheNext(view);
      if (this.views.includes(view)) this.#watch(view);
    });
  }

  #told(master) {
    this.frame = master.frame;
    if (this.playing) this.#keepStep(master);
    this.onFrame(this.frame, this.playing);
  }

  #keepStep(master) {
    for (const view of this.views) {
      if (view === master || view.failed) continue;
      const time = master.video.currentTime - master.camera.from_s + view.camera.from_s;
      const ahead = view.video.currentTime - time;
      if (Math.abs(ahead) > HARD_SEEK_S) view.video.currentTime = time;
      else view.video.playbackRate = Math.max(SLOWEST, this.rate * (1 - 2 * ahead));
    }
  }

  /** A browser tells of an image once it is shown: the last ones are not played, but sought. */
  #endBeforeTheNext(view) {
    if (view.frame < this.frames - 1 - Math.ceil(TOLD_LATE_S * view.video.playbackRate * this.fps)) return;
    view.video.pause();
    if (view !== this.master) return;
    this.pause();
    this.seek(this.frames - 1);
  }

  #failed(view) {
    if (!view.video.getAttribute("src")) return;
    view.failed = true;
    const codec = view.camera.codec ? ` (${view.camera.codec})` : "";
    view.element.replaceChildren(
      h("p", { class: "empty" }, h("strong", {}, `${view.camera.name} cannot be shown`),
        `The video is missing or damaged, or this browser does not decode it${codec}. `,
        h("code", {}, "lerecord check"), " says which."),
    );
    if (!this.master) this.onFrame(this.wanted, false);
  }

  /** Show a frame in every camera; while a seek is under way only the newest wish counts. */
  seek(frame) {
    this.wanted = Math.min(Math.max(Math.round(frame), 0), Math.max(this.frames - 1, 0));
    this.frame = this.wanted;
    for (const view of this.views) {
      view.due = true;
      this.#settled(view, false);
      this.#place(view);
    }
    if (!this.master) this.onFrame(this.wanted, false);
  }

  #place(view) {
    const { video } = view;
    if (!view.due || view.failed || video.seeking || video.readyState < HTMLMediaElement.HAVE_METADATA) return;
    view.due = false;
    const time = this.#timeOf(view, this.wanted);
    if (Math.abs(video.currentTime - time) > 1e-6) {
      view.sought = false;
      video.currentTime = time;
    } else view.sought = true;
    this.#settle(view, 1);
  }

  #timeOf(view, frame) {
    return view.camera.from_s + (frame + 0.5) / this.fps;
  }

  #settled(view, is) {
    view.element.dataset.settled = String(is);
  }

  /** A browser may show a frame and tell nobody; sought again within the same frame, it tells. */
  #settle(view, tries) {
    clearTimeout(view.timer);
    view.timer = setTimeout(() => {
      const { video } = view;
      if (this.playing || view.failed || view.element.dataset.settled === "true" || !this.views.includes(view)) return;
      if (view.sought && view.frame === this.wanted && tries > 1) {
        this.#settled(view, true);
        return;
      }
      if (!video.seeking) video.currentTime = this.#timeOf(view, this.wanted + (tries % 2 ? 0.1 : 0));
      this.#settle(view, tries + 1);
    }, SETTLED_MS * tries);
  }

  step(frames) {
    if (this.playing) this.pause();
    this.seek(this.wanted + frames);
  }

  play() {
    if (this.frame >= this.frames - 1) this.seek(0);
    this.playing = true;
    if (!this.master) this.#run(this.frame, performance.now());
    for (const view of this.views) {
      if (view.failed) continue;
      view.video.playbackRate = this.rate;
      view.video.play().catch(() => view === this.master && this.pause());
    }
    this.onFrame(this.frame, true);
  }

  /** Without a video that leads, frames go by as the clock does. */
  #run(at, since) {
    requestAnimationFrame((now) => {
      if (!this.playing || this.master) return;
      const from = Math.floor(at) === this.frame ? at : this.frame; // somebody has gone elsewhere
      const next = Math.min(from + ((now - since) / 1000) * this.fps * this.rate, this.frames - 1);
      this.frame = this.wanted = Math.floor(next);
      if (this.frame >= this.frames - 1) this.pause();
      else {
        this.onFrame(this.frame, true);
        this.#run(next, now);
      }
    });
  }

  /** Stop at the frame that the first camera shows, in all of them. */
  pause() {
    if (!this.playing) return;
    this.playing = false;
    for (const view of this.views) if (!view.failed) view.video.pause();
    this.seek(this.master ? this.master.frame : this.frame);
    this.onFrame(this.frame, false);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  setRate(rate) {
    this.rate = rate;
    for (const view of this.views) view.video.playbackRate = rate;
  }
}
