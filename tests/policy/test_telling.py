from typing import cast

import numpy as np

from lerecord.frame import Frame
from lerecord.policy import PolicyFigures, PolicySource, QueueSettings, Telling, Turn
from lerecord.recording.session import Session
from tests.policy.test_source import Arm, at
from tests.scripted_policy import ScriptedLink

JOINTS = ("elbow_flex.pos", "gripper.pos")


class Notices:
    def __init__(self) -> None:
        self.sentences: list[str] = []

    def tell(self, session: Session, frame: Frame) -> None:
        raise AssertionError

    def notice(self, sentence: str) -> None:
        self.sentences.append(sentence)


def test_a_policy_that_fails_is_told_once_and_so_is_one_that_answers_again() -> None:
    notices, arm = Notices(), Arm(lambda request, observation: "The policy is gone.")
    telling = Telling(notices, arm.source, JOINTS)

    def run(ticks: int) -> None:
        for _ in range(ticks):
            arm.run(1)
            telling.tell(cast("Session", None), cast("Frame", None))

    run(20)
    assert notices.sentences == ["The policy is gone."]
    arm.link.policy = at(3, 0)
    run(10)
    assert notices.sentences[1:] == ["The policy answers again."]


def test_who_drives_is_told() -> None:
    notices = Notices()
    settings = QueueSettings(1 / 30, np.ones(2, np.float32), np.zeros(2, bool))
    telling = Telling(notices, PolicySource(ScriptedLink(at(0, 0)), settings), JOINTS)
    for turn in (Turn.POLICY, Turn.ALIGN, Turn.PERSON, Turn.BETWEEN):
        telling.turned(turn)
    assert notices.sentences == [
        "The policy drives.",
        "The follower holds: bring the leader to where it is.",
        "You drive.",
    ]


def test_the_figures_say_what_became_of_the_chunks() -> None:
    arm = Arm(at(1, 0, horizon=10), latency=2)
    arm.run(20)
    arm.link.latency = 20
    arm.run(60)
    figures = PolicyFigures.of(arm.source)
    assert figures.chunks == figures.accepted + figures.late + figures.outdated + 1
    assert figures.starved_ticks == arm.source.counts.starved > 0
    assert f"for {figures.starved_ticks} ticks without a plan" in figures.line()
    assert figures.latency_s > 0.6


def test_the_joint_that_is_farthest_is_told_while_a_person_takes_over() -> None:
    notices, arm = Notices(), Arm(at(1, 0))
    telling = Telling(notices, arm.source, JOINTS)
    telling.turned(Turn.ALIGN)
    leader, goal = np.array([12.4, 90], np.float32), np.array([-3, 0], np.float32)
    frame = Frame(0, 0.0, 0.0, goal, goal, leader)
    for _ in range(100):
        telling.tell(cast("Session", None), frame)
    told = "Bring the leader to the follower: elbow_flex is 15 units away."
    assert notices.sentences[1:] == [told, told]
