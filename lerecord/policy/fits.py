"""Whether a policy fits a rig; found out before any torque moves."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lerecord.config import HardwareConfig
from lerecord.policy.policy import PolicyFeatures


def misfits(
    policy: PolicyFeatures,
    joints: Sequence[str],
    config: HardwareConfig,
    renamed: Mapping[str, str],
) -> list[str]:
    """What a policy was made for and a rig has not, a sentence each; none when it fits.

    Args:
        policy: what it was made for.
        joints: of the rig, in the order of its vectors.
        config: of the rig.
        renamed: camera of the rig to what the policy calls it.
    """
    found = [*_joints(policy.joints, joints), *_rate(policy, config)]
    if policy.units is not None and policy.units != config.units:
        found.append(f"It speaks in {policy.units} units, and the config in {config.units}.")
    names = [camera.name for camera in policy.cameras]
    return [*found, *_cameras(names, list(config.cameras), renamed)]


def _rate(policy: PolicyFeatures, config: HardwareConfig) -> Iterator[str]:
    if policy.fps != config.fps:
        yield f"Its actions are for {policy.fps} fps, and the config has {config.fps}."


def _joints(wanted: Sequence[str], joints: Sequence[str]) -> Iterator[str]:
    if list(wanted) == list(joints):
        return
    if missing := _without(wanted, joints):
        yield f"It moves {missing}, which the rig has not."
    if more := _without(joints, wanted):
        yield f"The rig has {more}, which it does not move."
    if set(wanted) == set(joints):
        yield f"It has the joints in another order: {', '.join(wanted)}."


def _cameras(
    wanted: Sequence[str], cameras: Sequence[str], renamed: Mapping[str, str]
) -> Iterator[str]:
    if unknown := _without(renamed, cameras):
        yield f"--rename names {unknown}, and the rig's cameras are {', '.join(cameras)}."
    has = [renamed.get(name, name) for name in cameras]
    if not (missing := _without(wanted, has)):
        return
    spare = [name for name in cameras if renamed.get(name, name) not in wanted]
    remedy = f"; `--rename {spare[0]}={missing.split(', ')[0]}` gives one" if spare else ""
    yield f"It looks through {missing}, and the rig has {', '.join(has) or 'no camera'}{remedy}."


def _without(names: Iterable[str], others: Iterable[str]) -> str:
    known = set(others)
    return ", ".join(name for name in names if name not in known)
