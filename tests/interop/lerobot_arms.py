"""LeRobot's own arms, at the command of another process. Runs in LeRobot's environment.

`python lerobot_arms.py COMMANDS ANSWERS` takes two file descriptors with JSON lines: in,
{"arm": "leader", "port": ..., "id": ...} makes a Koch arm, and with "degrees" in it an SO-101;
{"arm": "leader", "do": "bus.sync_read", "arguments": [...], "named": {...}} calls a method or gets
an attribute; out, {"value": ...} or {"error": ...}. Stdin and stdout stay LeRobot's, which prompts
the person at the arm there.
"""

import json
import os
import sys
from dataclasses import asdict
from functools import reduce
from typing import Any


def make(asked: dict[str, Any]) -> Any:
    return make_koch(asked) if "degrees" not in asked else make_so101(asked)


def make_so101(asked: dict[str, Any]) -> Any:
    try:
        from lerobot.robots.so_follower import SO101Follower, SO101FollowerConfig
        from lerobot.teleoperators.so_leader import SO101Leader, SO101LeaderConfig
    except ImportError:  # 0.3.3
        from lerobot.robots.so101_follower import SO101Follower, SO101FollowerConfig
        from lerobot.teleoperators.so101_leader import SO101Leader, SO101LeaderConfig

    named = {"port": asked["port"], "id": asked["id"], "use_degrees": asked["degrees"]}
    if asked["arm"] == "follower":
        return SO101Follower(SO101FollowerConfig(**named))
    return SO101Leader(SO101LeaderConfig(**named))


def make_koch(asked: dict[str, Any]) -> Any:
    from lerobot.robots.koch_follower import KochFollower, KochFollowerConfig
    from lerobot.teleoperators.koch_leader import KochLeader, KochLeaderConfig

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
