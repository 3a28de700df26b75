// Each joint as a bar, with a ring where whoever drives wants it.

import { byId, fixed, h, write } from "./dom.js";

const jointRows = new Map();

export function drawJoints(joints, source) {
  write("source", source);
  if ([...jointRows.keys()].join() !== joints.map((joint) => joint.name).join()) makeJoints(joints);
  for (const joint of joints) {
    const row = jointRows.get(joint.name);
    const share = (value) => Math.min(Math.max((value - joint.low) / (joint.high - joint.low), 0), 1);
    row.bar.style.transform = `scaleX(${share(joint.follower)})`;
    row.ring.hidden = joint.leader === null;
    if (joint.leader !== null) row.ring.style.left = `${100 * share(joint.leader)}%`;
    const error = joint.leader === null ? null : joint.follower - joint.leader;
    row.is.textContent = joint.follower === null ? "–" : tenths(joint.follower);
    row.error.textContent = error === null ? "–" : tenths(error);
    const holds = joint.name.endsWith("gripper"); // what it holds keeps it from closing
    row.error.classList.toggle("bad", error !== null && !holds && Math.abs(error) > 0.1 * (joint.high - joint.low));
  }
}

/** With one sign for nothing. */
const tenths = (value) => fixed(value, 1);

function makeJoints(joints) {
  jointRows.clear();
  const rows = joints.map((joint) => {
    const row = { bar: h("i", { class: "bar" }), ring: h("i", { class: "ring" }), is: h("td", { class: "number" }), error: h("td", { class: "number" }) };
    jointRows.set(joint.name, row);
    const track = h("div", { class: "joint", "aria-hidden": "true" }, row.bar, row.ring);
    return h("tr", {}, h("th", { scope: "row" }, joint.name), h("td", { class: "wide" }, track), row.is, row.error);
  });
  byId("joints").tBodies[0].replaceChildren(...rows);
}
