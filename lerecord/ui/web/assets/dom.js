// What every page needs of the document and of the server.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  good: "M6.2 12.2 2.4 8.4l1.3-1.3 2.5 2.5 6.1-6.1 1.3 1.3z",
  warn: "M8 1.5 15.5 14.5H.5zM7.2 6v4h1.6V6zm0 5.2v1.6h1.6v-1.6z",
  bad: "m3.6 2.3 4.4 4.4 4.4-4.4 1.3 1.3L9.3 8l4.4 4.4-1.3 1.3L8 9.3l-4.4 4.4-1.3-1.3L6.7 8 2.3 3.6z",
  unknown: "M2 7h12v2H2z",
  play: "M3.5 1.8 14 8 3.5 14.2z",
  pause: "M3 2h3.6v12H3zM9.4 2H13v12H9.4z",
  previous: "M11.5 2v12L4.5 8zM2.5 2h1.8v12H2.5z",
  next: "M4.5 2v12l7-6zM11.7 2h1.8v12h-1.8z",
  bin: "M5.5 1.5h5l.6 1.5H14v1.6H2V3h2.9zM3 5.6h10l-.8 8.9H3.8zm2.8 1.6.3 5.6h1.2L7 7.2zm3.2 0-.3 5.6h1.2l.3-5.6z",
  back: "m9.8 2.6 1.4 1.4-4 4 4 4-1.4 1.4L4.4 8z",
};

/** An element: `h("button", {class: "main", onclick: go}, "Go")`. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function svg(tag, properties = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** An icon says nothing to a screen reader: the word beside it does. */
export function icon(name) {
  const path = svg("path", { d: ICONS[name], "fill-rule": "evenodd" });
  return svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, path);
}

export const byId = (id) => document.getElementById(id);

/** Nothing moves on the page but what has changed. */
export function write(id, text) {
  const place = byId(id);
  if (place.textContent !== text) place.textContent = text;
}

/** What went wrong, as the server says it. */
export class Refused extends Error {
  constructor(sentence, status = 0) {
    super(sentence);
    this.status = status;
  }
}

async function answered(response) {
  let data = null;
  try {
    data = await response.json();
  } catch {
    // the sentence below says enough
  }
  if (!response.ok) throw new Refused(data?.error ?? `The page's server answered ${response.status}.`, response.status);
  return data;
}

async function asked(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new Refused("lerecord does not answer: start it again in its terminal, then reload this page.");
  }
  return answered(response);
}

export const get = (path, signal) => asked(path, { signal });

export const post = (path, data) =>
  asked(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(data),
  });

/** Shows the token that the address has, where it has one, and takes it out of the address. */
export async function enter() {
  const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (token === undefined) return;
  await post("/api/session", { token });
  history.replaceState(null, "", "/");
}

/** A name for this tab, the same after a reload and on every page of an address: control is kept. */
export function pageName() {
  const known = sessionStorage.getItem("page");
  if (known) return known;
  const made = Array.from(crypto.getRandomValues(new Uint8Array(12)), (each) => each.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem("page", made);
  return made;
}

/** Reloads where the address has another page by now; false where nobody answers. */
export async function staysHere(name) {
  try {
    const { page } = await get("/assets/page.json");
    if (page !== name) location.reload();
    return page === name;
  } catch {
    return false;
  }
}

/** Says something to a screen reader. */
export function announce(sentence) {
  const place = byId("announcement");
  if (place && place.textContent !== sentence) place.textContent = sentence;
}

/** Keys are for the page unless somebody types. */
export function isTyping(event) {
  const target = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  if (document.querySelector("dialog[open]")) return true;
  return target.matches?.("input:not([type=range]), textarea, select") ?? false;
}

/** A button that was clicked does not keep the space bar for itself. */
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (button && event.detail > 0) button.blur();
});

/** A number for people: with a minus sign, and no minus before nothing. */
export const fixed = (value, digits) => value.toFixed(digits).replace(/^-(0(\.0+)?)$/, "$1").replace("-", "−");

export function seconds(value) {
  if (value < 60) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = String(whole % 60).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

export const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
