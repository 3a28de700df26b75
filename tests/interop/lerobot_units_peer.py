"""LeRobot's units of every count of a servo. Runs in LeRobot's environment.

`python lerobot_units_peer.py` takes {"make": "koch", "degrees": true, "calibration": {...}} on
stdin and prints {joint: [units of count 0, of count 1, ...]}.
"""

import json
import sys
from typing import Any

from lerobot.motors import Motor, MotorCalibration, MotorNormMode

COUNTS = 4096
MODELS = {"koch": "xl330-m288", "so101": "sts3215"}


def bus_class(make: str) -> Any:
    if make == "koch":
        from lerobot.motors.dynamixel import DynamixelMotorsBus

        return DynamixelMotorsBus
    from lerobot.motors.feetech import FeetechMotorsBus

    return FeetechMotorsBus


def main() -> None:
    asked = json.load(sys.stdin)
    body = MotorNormMode.DEGREES if asked["degrees"] else MotorNormMode.RANGE_M100_100
    joints = asked["calibration"]
    motors = {
        name: Motor(
            joint["id"],
            MODELS[asked["make"]],
            MotorNormMode.RANGE_0_100 if name == "gripper" else body,
        )
        for name, joint in joints.items()
    }
    held = {name: MotorCalibration(**joint) for name, joint in joints.items()}
    bus = bus_class(asked["make"])("nowhere", motors, held)
    ids = {name: joint["id"] for name, joint in joints.items()}
    read = [bus._normalize(dict.fromkeys(ids.values(), count)) for count in range(COUNTS)]
    print(json.dumps({name: [each[motor_id] for each in read] for name, motor_id in ids.items()}))


if __name__ == "__main__":
    main()
