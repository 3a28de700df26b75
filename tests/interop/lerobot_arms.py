"""LeRobot's own Koch arms, at the command of another process. Runs in LeRobot's environment.

`python lerobot_arms.py COMMANDS ANSWERS` takes two file descriptors with JSON lines: in,
{"arm": "leader", "port": ..., "id": ...} makes an arm, {"arm": "leader", "do": "bus.sync_read",
"arguments": [...], "named": {...}} calls a method or gets an attribute; out, {"value": ...} or
{"error": ...}. Stdin and stdout stay LeRobot's, which prompts the person at the arm there.
"""

import json
import os
import sys
from dataclasses import asdict
from functools import reduce
from typing import Any

from lerobot.robots.koch_follower import KochFollower, KochFollowerConfig
from lerobot.teleoperators.koch_leader import KochLeader, KochLeaderConfig


def make(asked: dict[str, Any]) -> Any:
    if asked["arm"] == "follower":
        return KochFollower(KochFollowerConfig(port=asked["port"], id=asked["id"]))
    return KochLeader(KochLeaderConfig(port=asked["port"], id=asked["id"]))


def perform(arms: dict[str, Any], asked: dict[str, Any]) -> Any:
    if "port" in asked:
        arms[asked["arm"]] = make(asked)
        return None
    found = reduce(getattr, asked["do"].split("."), arms[asked["arm"]])
    return found(*asked["arguments"], **asked["named"]) if callable(found) else found


def main() -> None:
    arms: dict[str, Any] = {}
    with os.fdopen(int(sys.argv[1])) as commands, os.fdopen(int(sys.argv[2]), "w") as answers:
        for line in commands:
            try:
                answer = {"value": perform(arms, json.loads(line))}
            except Exception as error:  # whatever it is, the other process reports it
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer, default=asdict), file=answers, flush=True)


if __name__ == "__main__":
    main()
