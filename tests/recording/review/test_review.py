"""Each fault of a take is found with its reason, and takes without one are kept."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord.config import QualityConfig
from lerecord.control import Driver
from lerecord.dataset.format import (
    COLUMNS,
    FrameColumns,
    Reason,
    Sidecar,
    TrackSummary,
    Verdict,
    health_of,
    verdict_of,
)
from lerecord.dataset.staging import Look
from lerecord.recording.review import CameraSummary, Limits, TakeSummary, reviewed

FPS, FRAMES = 30, 240
JOINTS = ("pan.pos", "lift.pos", "gripper.pos")
LIMITS = Limits()


def scene(seed: int) -> NDArray[np.uint8]:
    """(120, 160): soft shapes of all sizes, as a camera sees a table."""
    noise = np.random.default_rng(seed).normal(size=(120, 160)).astype(np.float32)
    layers = [cv2.GaussianBlur(noise, (0, 0), sigma) * sigma for sigma in (1, 3, 9)]
    mixed = np.sum(layers, axis=0)
    pixels: NDArray[np.uint8] = np.clip(128 + 40 * mixed / mixed.std(), 0, 255).astype(np.uint8)
    return pixels


FIRST = {"front": scene(1), "wrist": scene(2)}


@dataclass
class Faulty:
    """A take that can be broken before it is summed up."""

    seed: int = 0
    frames: dict[str, NDArray[Any]] = field(default_factory=dict)
    tracks: dict[str, TrackSummary] = field(default_factory=dict)
    views: dict[str, NDArray[np.uint8]] = field(default_factory=lambda: dict(FIRST))
    lengths: tuple[int, ...] = (FRAMES, FRAMES + 20, FRAMES - 30, FRAMES)

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.seed)
        time = np.arange(FRAMES) / FPS
        shape = np.clip(time - 0.4, 0, 7.0)[:, None] * random.uniform(0.6, 1.2, 3)
        action = (random.uniform(30, 70, 3) * np.sin(shape)).astype(np.float32)
        state = np.roll(action, 3, axis=0) + random.normal(0, 0.05, action.shape)
        state[:3] = action[0]
        self.frames = {c.name: c.missing(FRAMES, 3) for c in COLUMNS}
        due = 1000 + time
        late = random.exponential(2e-4, FRAMES)
        known: dict[str, NDArray[Any]] = {
            "due": due,
            "started": due + late,
            "lateness_s": late,
            "action": action,
        }
        self.frames |= known | {"state": state.astype(np.float32), "requested": action.copy()}
        self.frames["measured"] = np.ones(FRAMES, bool)
        for name in FIRST:
            levels = scene(self.seed + 9).ravel() // (1 if name == "front" else 2)
            histogram = np.tile(np.bincount(levels, minlength=256), (3, 1))
            self.tracks[name] = TrackSummary(
                captured_at=self.frames["started"] - random.uniform(0.002, 0.04),
                sequence=np.arange(FRAMES, dtype=np.uint32),
                repeated=random.random(FRAMES) < 0.02,
                corrupt=np.zeros(FRAMES, bool),
                histogram=histogram.astype(np.int64) * FRAMES,
                histogram_rows=FRAMES,
                unchanged=np.zeros(FRAMES, bool),
                blank=np.zeros(FRAMES, bool),
            )
            noise = random.normal(0, 2, FIRST[name].shape)
            self.views[name] = np.clip(FIRST[name] + noise, 0, 255).astype(np.uint8)

    def change(self, camera: str, **facts: Any) -> None:
        self.tracks[camera] = replace(self.tracks[camera], **facts)

    def reasons(self) -> list[Reason]:
        frames = FrameColumns(self.frames)
        health = health_of(Sidecar(frames, self.tracks, {}))
        cameras = {
            name: CameraSummary(
                frames.started - track.captured_at,
                track.repeated,
                track.histogram,
                Look.of(self.views[name]),
                Look.of(FIRST[name]),
            )
            for name, track in self.tracks.items()
        }
        take = TakeSummary(7, FPS, JOINTS, frames, health, cameras, self.lengths)
        return reviewed(take, LIMITS)


def missed(take: Faulty) -> None:
    take.frames["missed"][100:160] = True


def unmeasured(take: Faulty) -> None:
    take.frames["measured"][100:120] = False


def bus_faults(take: Faulty) -> None:
    take.frames["bus.timeouts"][::10] = 1


def old_image(take: Faulty) -> None:
    captured_at = take.tracks["front"].captured_at.copy()
    captured_at[50:65] = captured_at[49]
    take.change("front", captured_at=captured_at)


def repeated(take: Faulty) -> None:
    take.change("wrist", repeated=np.arange(FRAMES) % 2 == 0)


def frozen(take: Faulty) -> None:
    unchanged = np.zeros(FRAMES, bool)
    unchanged[100:210] = True
    take.change("front", unchanged=unchanged)


def black(take: Faulty) -> None:
    take.change("front", blank=np.ones(FRAMES, bool))


def corrupt(take: Faulty) -> None:
    take.change("front", corrupt=np.arange(FRAMES) < 9)


def same_views(take: Faulty) -> None:
    take.change("front", histogram=take.tracks["wrist"].histogram)


def dark(take: Faulty) -> None:
    levels = np.zeros((3, 256), np.int64)
    levels[:, 2:12] = 1_000_000
    take.change("wrist", histogram=levels)


def washed_out(take: Faulty) -> None:
    levels = np.zeros((3, 256), np.int64)
    levels[:, 240:] = 1_000_000
    take.change("wrist", histogram=levels)


def blurred(take: Faulty) -> None:
    take.views["front"] = cv2.GaussianBlur(FIRST["front"], (0, 0), 2.5).astype(np.uint8)


def moved(take: Faulty) -> None:
    take.views["front"] = np.roll(FIRST["front"], (4, 12), axis=(0, 1))


def swapped(take: Faulty) -> None:
    take.views = {"front": FIRST["wrist"], "wrist": FIRST["front"]}


def nothing_moves(take: Faulty) -> None:
    take.frames["state"][:] = take.frames["state"][0]


def idle_head(take: Faulty) -> None:
    take.frames["state"][:75] = take.frames["state"][75]


def idle_tail(take: Faulty) -> None:
    take.frames["state"][160:] = take.frames["state"][160]


def dead_joint(take: Faulty) -> None:
    take.frames["state"][:, 1] = 4.0


def saturated_joint(take: Faulty) -> None:
    limited = np.minimum(take.frames["action"][:, 1], 10.0)
    take.frames["action"][:, 1] = limited
    take.frames["state"][:, 1] = np.roll(limited, 3)
    take.frames["state"][:3, 1] = limited[0]


def tracking(take: Faulty) -> None:
    take.frames["state"][:, 0] -= 20.0


def jump(take: Faulty) -> None:
    take.frames["state"][120, 0] += 80.0


def short(take: Faulty) -> None:
    take.lengths = (1000, 900, 1100, 950)


def long(take: Faulty) -> None:
    take.lengths = (60, 70, 75, 60)


FAULTS: dict[Callable[[Faulty], None], tuple[Verdict, str]] = {
    missed: (Verdict.REDO, "missed 60 of 240 slots"),
    unmeasured: (Verdict.LOOK, "could not be read in 20 of 240 frames"),
    bus_faults: (Verdict.LOOK, "timeouts in 24 of 240 frames"),
    old_image: (Verdict.LOOK, "0.5"),
    repeated: (Verdict.LOOK, "wrist had no new image in 120"),
    frozen: (Verdict.REDO, "front gave the same image for 3."),
    black: (Verdict.REDO, "in a single shade"),
    corrupt: (Verdict.LOOK, "damaged images in 9"),
    same_views: (Verdict.LOOK, "front and wrist show the same"),
    dark: (Verdict.LOOK, "wrist saw next to nothing (mean level 6"),
    washed_out: (Verdict.LOOK, "wrist is washed out"),
    blurred: (Verdict.LOOK, "front is less sharp"),
    moved: (Verdict.LOOK, "front sees the scene shifted by 8%"),
    swapped: (Verdict.REDO, "sees what camera wrist saw"),
    nothing_moves: (Verdict.REDO, "no joint left its place"),
    idle_head: (Verdict.LOOK, "first 2."),
    idle_tail: (Verdict.LOOK, "last 2."),
    dead_joint: (Verdict.REDO, "lift did not move"),
    saturated_joint: (Verdict.LOOK, "lift stood at its limit"),
    tracking: (Verdict.LOOK, "pan was 19 away"),
    jump: (Verdict.REDO, "pan jumps by"),
    short: (Verdict.LOOK, "far shorter than the others"),
    long: (Verdict.LOOK, "far longer than the others"),
}
KINDS: dict[Callable[[Faulty], None], str] = {
    old_image: "image_age",
    black: "blank",
    nothing_moves: "idle",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_judged_with_its_reason(fault: Callable[[Faulty], None]) -> None:
    take = Faulty(seed=3)
    fault(take)
    verdict, words = FAULTS[fault]
    reasons = take.reasons()
    kind = KINDS.get(fault, fault.__name__)
    (found,) = [each for each in reasons if each.kind == kind][:1]
    assert found.verdict is verdict
    assert words in found.text
    assert verdict_of(reasons) is verdict
    assert bool(found.trim) is kind.startswith("idle_")


def test_takes_without_a_fault_are_kept() -> None:
    assert [Faulty(seed).reasons() for seed in range(50)] == [[]] * 50


def test_what_is_gravest_comes_first() -> None:
    take = Faulty()
    idle_tail(take)
    black(take)
    assert [each.verdict for each in take.reasons()] == [Verdict.REDO, Verdict.LOOK]


def test_a_missed_slot_is_no_jump() -> None:
    take = Faulty()
    take.frames["missed"][100:104] = True
    for frame in range(100, 104):
        take.frames["state"][frame] = take.frames["state"][99]
    take.frames["state"][104:] += 60.0
    take.frames["action"][104:] += 60.0
    assert "jump" not in {each.kind for each in take.reasons()}


def test_joints_that_are_held_while_a_person_takes_over_are_at_no_limit() -> None:
    take = Faulty()
    held = slice(100, 160)
    with_pause = np.concatenate([np.arange(100), np.full(60, 100), np.arange(100, FRAMES - 60)])
    for name in ("action", "state", "requested"):
        take.frames[name] = take.frames[name][with_pause]
    take.frames["requested"][held] += 30.0  # where the leader is
    take.frames["source"][held] = Driver.LEADER
    assert {each.kind for each in take.reasons()} == {"saturated_joint"}
    take.frames["source"][held] = Driver.NOBODY
    assert take.reasons() == []


def test_the_limits_are_those_of_the_config() -> None:
    assert Limits.of(QualityConfig()) == Limits()
    take = Faulty()
    idle_head(take)
    summary = replace(LIMITS, max_idle_s=9.0)
    assert summary.max_idle_s == Limits.of(QualityConfig(max_idle_s=9.0)).max_idle_s
