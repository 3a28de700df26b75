"""How often `nearest:DIR` puts the box on its square, by the number of demonstrations.

    python -m tests.policy.nearest.closed_loop DATASET [COUNT ...]

DATASET was recorded on the simulated Koch rig. A rollout drives the simulated world itself, in
virtual time, without processes and buses: one or two seconds each. The floor is a demonstration
drawn at random and done again, wherever the box lies. The places of the box and the grain of the
table are those of seeds that no recording has unless it was asked to. Latency costs nothing here;
`lerecord rollout` measures with it.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord.arms.units import Mode, Scale
from lerecord.dataset.read import Dataset
from lerecord.motors.dynamixel import COUNTS_PER_TURN
from lerecord.policy import PolicyInput
from lerecord.policy.nearest import HORIZON, NearestPolicy
from lerecord.simulator.dynamixel import Servo
from lerecord.simulator.rigs import GRIPPER
from lerecord.simulator.scene import CAMERAS, Renderer, Scene, World

SEEDS = range(200, 220)
FPS, STEPS_A_TICK = 30, 4
MOST_TICKS, SETTLE_TICKS = 330, 30
EXECUTED, BLENDED = HORIZON - 4, 10
EXTENDED_POSITION, CURRENT_POSITION = 4, 5
Vector = NDArray[np.float32]


def write(servo: Servo, name: str, value: int) -> None:
    register = servo.model.registers[name]
    servo.write(register.address, value.to_bytes(register.size, "little", signed=register.signed))


class Rig:
    """A follower under torque at a pose, a box, and two cameras."""

    def __init__(self, seed: int, pose: Vector) -> None:
        self.world = World(seed)
        self._cameras = {name: Renderer(name, 640, 480, seed) for name in CAMERAS}
        joints = self.world.follower.calibration().values()
        modes = [Mode.RANGE_M100_100] * GRIPPER + [Mode.RANGE_0_100]
        low, high = [each.range_min for each in joints], [each.range_max for each in joints]
        self._scale = Scale(modes, low, high, COUNTS_PER_TURN)
        self._now, self._images = 0.0, 0
        servos = self.world.follower.servos
        for servo, count in zip(servos, self._scale.to_counts(pose), strict=True):
            mode = CURRENT_POSITION if servo is servos[-1] else EXTENDED_POSITION
            write(servo, "Operating_Mode", mode)
            servo.shaft = servo.shaft_at(float(count))
            write(servo, "Torque_Enable", 1)
        self.world.advance(0.0)

    @property
    def state(self) -> Vector:
        positions = [servo.position for servo in self.world.follower.servos]
        return np.asarray(self._scale.to_units(positions), np.float32)

    def tick(self, goal: Vector | None = None) -> None:
        if goal is not None:
            goals = self._scale.to_counts(goal).tolist()
            for servo, count in zip(self.world.follower.servos, goals, strict=True):
                write(servo, "Goal_Position", count)
        for _ in range(STEPS_A_TICK):
            self._now += 1 / FPS / STEPS_A_TICK
            self.world.advance(self._now)

    def look(self) -> dict[str, NDArray[np.uint8]]:
        self._images += 1
        box = self.world.box
        scene = Scene(self.world.follower.pose(), box.centre, box.axes)
        drawn = {name: each.draw(scene, self._images) for name, each in self._cameras.items()}
        return {
            name: np.asarray(cv2.cvtColor(each, cv2.COLOR_BGR2RGB), np.uint8)
            for name, each in drawn.items()
        }


def rollout(policy: NearestPolicy, seed: int, pose: Vector) -> bool:
    """True when the box lies on the square in the end."""
    rig = Rig(seed, pose)
    last, plan = pose, np.zeros((0, len(pose)), np.float32)
    for tick in range(MOST_TICKS):
        if tick % EXECUTED == 0:
            chunk = policy.infer(PolicyInput(rig.state, rig.look(), "x"))
            if chunk.done:
                break
            fade = np.maximum(1 - np.arange(HORIZON) / BLENDED, 0)[:, None]
            plan = chunk.actions + fade * (last - chunk.actions[0]) * (tick > 0)
        last = plan[tick % EXECUTED].astype(np.float32)
        rig.tick(last)
    for _ in range(SETTLE_TICKS):
        rig.tick()
    return rig.world.box_on_target()


def repeated(actions: Vector, seed: int, pose: Vector) -> bool:
    """The same for a demonstration, (N, D), that is done again with another box."""
    rig = Rig(seed, pose)
    for action in actions:
        rig.tick(action)
    for _ in range(SETTLE_TICKS):
        rig.tick()
    return rig.world.box_on_target()


def floor(data: Dataset, pose: Vector) -> int:
    """How many of the boxes random demonstrations bring to the square."""
    rng = np.random.default_rng(0)
    ends = list(zip(data.episode_data_index["from"], data.episode_data_index["to"], strict=True))
    actions = data.rows.columns["action"]
    drawn = [ends[each] for each in rng.integers(len(ends), size=len(SEEDS))]
    return sum(
        repeated(actions[first:end], seed, pose)
        for (first, end), seed in zip(drawn, SEEDS, strict=True)
    )


def main(root: str, *counts: str) -> int:
    data = Dataset(root)
    first = data.episode_data_index["from"]
    pose = data.rows.columns["observation.state"][first].mean(axis=0).astype(np.float32)
    print(f"a random demonstration repeated: {floor(data, pose)} of {len(SEEDS)}", flush=True)
    for count in map(int, counts or (str(len(data.episodes)),)):
        policy = NearestPolicy(Path(root), range(count))
        done = sum(rollout(policy, seed, pose) for seed in SEEDS)
        print(f"{count} demonstrations: {done} of {len(SEEDS)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
