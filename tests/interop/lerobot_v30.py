"""Our export to v3.0 in LeRobot 0.6.1: read, compared with the original, appended to, trained on.

    PYTHONPATH=. PLACE/bin/python tests/interop/lerobot_v30.py DIR

PLACE is an environment with LeRobot 0.6.1, DIR a dataset of v2.1.
"""

import argparse
import logging
import os
import random
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from lerobot.configs import FeatureType
from lerobot.datasets.lerobot_dataset import LeRobotDataset
from lerobot.policies.act.configuration_act import ACTConfig
from lerobot.policies.act.modeling_act import ACTPolicy
from lerobot.policies.factory import make_pre_post_processors
from lerobot.utils.constants import DEFAULT_FEATURES

try:
    from lerobot.datasets.feature_utils import dataset_to_policy_features
except ImportError:
    from lerobot.utils.feature_utils import dataset_to_policy_features

import lerecord
from lerecord.dataset.v30 import export_v30

# Files beside this one; `tests` is another package in LeRobot's environment.
table = import_module("report")
expect = table.expect
label_columns = import_module("label_columns")

SAMPLES = 40
APPENDED = (25, 40)
LARGEST_PICTURE_ERROR = 6
STEPS = 4


def theirs(root: Path, deltas: dict[str, list[float]] | None = None) -> Any:
    return LeRobotDataset("local/exported", root, delta_timestamps=deltas, video_backend="pyav")


def same(original: Path, root: Path, policy: str | None, chooser: random.Random) -> str:
    """Samples of the export as LeRobot reads them are those of the original as we read them."""
    data = lerecord.Dataset(original)
    deltas = None
    if policy is not None:
        deltas = lerecord.delta_timestamps_for(policy, data.fps, features=data.features)
    ours = lerecord.Dataset(original, delta_timestamps=deltas, images="float32")
    other = theirs(root, deltas)
    ends = [int(each) for bounds in ours.episode_data_index.values() for each in bounds]
    chosen = [each for each in ends if each < len(ours)] + [each - 1 for each in ends if each]
    chosen += [chooser.randrange(len(ours)) for _ in range(SAMPLES - len(chosen))]
    worst = 0.0
    for row in chosen:
        mine, due = ours[row], other[row]
        for key, value in mine.items():
            if isinstance(value, str):
                expect(key, due[key], value)
            elif key in data.camera_keys:
                expect(f"shape of {key}", tuple(due[key].squeeze().shape), value.squeeze().shape)
                apart = np.abs(due[key].squeeze().numpy() - value.squeeze()).max()
                worst = max(worst, float(apart) * 255)
            else:
                expect(f"{key} of frame {row}", due[key].tolist(), value.tolist())
    expect("images are near", worst <= LARGEST_PICTURE_ERROR, True)
    return f"{len(chosen)} samples the same, images within {worst:.0f} of 255"


def metadata(original: Path, root: Path) -> str:
    ours, other = lerecord.Dataset(original), theirs(root)
    expect("rows", len(other), len(ours))
    expect("episodes", other.num_episodes, len(ours.episodes))
    expect("fps", other.fps, ours.fps)
    expect("tasks", list(other.meta.tasks.index), list(ours.tasks))
    for key, stats in ours.stats.items():
        for name in ("min", "max", "mean", "std"):
            near = np.allclose(other.meta.stats[key][name], getattr(stats, name), rtol=1e-9)
            expect(f"{name} of {key}", near, True)
        low, middle, high = (other.meta.stats[key][name] for name in ("q01", "q50", "q99"))
        expect(f"quantiles of {key} rise", bool(((low <= middle) & (middle <= high)).all()), True)
    return f"{other.num_episodes} episodes, {len(other)} frames, {len(ours.stats)} features"


def labels(original: Path, root: Path) -> str:
    """Every frame's columns as LeRobot has them, of the labels of the original."""
    return str(label_columns.labelled(original, theirs(root).hf_dataset, expect))


def appended(original: Path, root: Path) -> str:
    """LeRobot's own writer goes on with the export, and everything before stays."""
    ours = lerecord.Dataset(original, images="float32")
    before = len(ours)
    writer = LeRobotDataset.resume("local/exported", root, video_backend="pyav")
    chooser = np.random.default_rng(0)
    for number, length in enumerate(APPENDED):
        for _ in range(length):
            frame: dict[str, Any] = {"task": f"appended {number}"}
            for key, feature in ours.features.items():
                shape = tuple(feature["shape"])
                if feature["dtype"] == "video":
                    frame[key] = chooser.integers(0, 255, shape, dtype=np.uint8)
                elif key.startswith(("action", "observation")):
                    frame[key] = chooser.random(shape, dtype=np.float32)
                elif key not in DEFAULT_FEATURES:
                    frame[key] = np.zeros(shape, feature["dtype"])
            writer.add_frame(frame)
        writer.save_episode()
    writer.finalize()
    other = theirs(root)
    expect("rows", len(other), before + sum(APPENDED))
    expect("episodes", other.num_episodes, len(ours.episodes) + len(APPENDED))
    expect("its last index", other[len(other) - 1]["index"].item(), len(other) - 1)
    expect("its last task", other[len(other) - 1]["task"], f"appended {len(APPENDED) - 1}")
    for row in (0, before // 2, before - 1):
        for key in ("action", "observation.state", *ours.camera_keys):
            near = np.abs(other[row][key].numpy() - ours[row][key]).max() * 255
            expect(f"{key} of frame {row}", bool(near <= LARGEST_PICTURE_ERROR), True)
    return f"{len(APPENDED)} episodes, then {other.num_episodes} of {len(other)} frames"


def trained(root: Path) -> str:
    """A few steps of ACT."""
    torch.manual_seed(0)
    meta = theirs(root).meta
    features = dataset_to_policy_features(meta.features)
    outputs = {k: v for k, v in features.items() if v.type is FeatureType.ACTION}
    config = ACTConfig(
        input_features={k: v for k, v in features.items() if k not in outputs},
        output_features=outputs,
        chunk_size=10,
        n_action_steps=10,
        dim_model=64,
        n_heads=4,
        dim_feedforward=128,
        n_encoder_layers=1,
        n_vae_encoder_layers=1,
        pretrained_backbone_weights=None,
        device="cpu",
        optimizer_lr=1e-3,
    )
    policy = ACTPolicy(config)
    before, _ = make_pre_post_processors(config, dataset_stats=meta.stats)
    deltas = lerecord.delta_timestamps_for("act", meta.fps, n_actions=10)
    loader = torch.utils.data.DataLoader(theirs(root, deltas), batch_size=4, shuffle=True)
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-3)
    losses = []
    for _, batch in zip(range(STEPS), loader, strict=False):
        loss, _ = policy.forward(before(batch))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    expect("losses are numbers", bool(np.isfinite(losses).all()), True)
    expect("the loss falls", losses[-1] < losses[0], True)
    return "ACT, loss " + " ".join(f"{each:.2f}" for each in losses)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    chooser = random.Random(0)
    original = arguments.root
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "exported"
        episodes = export_v30(original, root)
        checks = [table.Check("metadata", lambda: metadata(original, root))]
        checks += [
            table.Check(
                f"samples, {policy or 'no windows'}",
                lambda policy=policy: same(original, root, policy, chooser),
            )
            for policy in (None, "act", "diffusion")
        ]
        if label_columns.has_labels(original):
            checks.append(table.Check("labels", lambda: labels(original, root)))
        checks += [
            table.Check("training", lambda: trained(root)),
            table.Check("append", lambda: appended(original, root)),
            table.Check("training after it", lambda: trained(root)),
        ]
        return 0 if table.report(f"{original.name}: {episodes} episodes", checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
