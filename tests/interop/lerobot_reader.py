"""Our reader against LeRobot 0.3.3's on the same dataset: frames, windows, pads, images.

    PYTHONPATH=. PLACE/bin/python tests/interop/lerobot_reader.py DIR [--brief]

PLACE is an environment with LeRobot 0.3.3. Unless it is brief, a copy is made to which LeRobot
appends, and read too.
"""

import argparse
import logging
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from lerobot.configs.types import FeatureType
from lerobot.datasets.lerobot_dataset import LeRobotDataset
from lerobot.datasets.utils import dataset_to_policy_features
from lerobot.policies.act.configuration_act import ACTConfig
from lerobot.policies.act.modeling_act import ACTPolicy

import lerecord

# Files beside this one; `tests` is another package in LeRobot's environment.
table = import_module("report")
expect: Callable[[str, object, object], None] = table.expect
compared: Callable[[dict[str, Any], dict[str, Any]], int] = import_module("samples").compared
label_columns = import_module("label_columns")

SAMPLES = 60
STEPS = 4
APPENDED = (25, 40)
POLICIES = ("act", "diffusion", "smolvla", "pi0")


def theirs(root: Path, deltas: dict[str, list[float]] | None, backend: str) -> Any:
    return LeRobotDataset("local/compared", root, delta_timestamps=deltas, video_backend=backend)


def same(root: Path, deltas: dict[str, list[float]] | None, chooser: random.Random) -> str:
    ours = lerecord.Dataset(root, delta_timestamps=deltas, images="float32")
    other = theirs(root, deltas, "pyav")
    expect("the length", len(ours), len(other))
    for name, bound in other.episode_data_index.items():
        expect(name, ours.episode_data_index[name].tolist(), bound.tolist())
    ends = [0, len(ours) - 1, *ours.episode_data_index["to"][:-1], *ours.episode_data_index["from"]]
    chosen = [int(each) for each in ends] + [
        chooser.randrange(len(ours)) for _ in range(SAMPLES - len(ends))
    ]
    worst = max(compared(ours[row], other[row]) for row in chosen)
    return f"{len(chosen)} samples the same, images within {worst} of 255"


def random_deltas(root: Path, chooser: random.Random) -> dict[str, list[float]]:
    """Windows of every feature, of random length and place."""
    data = lerecord.Dataset(root)
    return {
        key: [
            chooser.randint(-40, 60) / data.fps + chooser.uniform(-9e-5, 9e-5)
            for _ in range(chooser.randint(1, 6))
        ]
        for key in ("action", "observation.state", *data.camera_keys)
    }


def statistics(root: Path) -> str:
    ours, other = lerecord.Dataset(root), theirs(root, None, "pyav")
    expect("the features", sorted(ours.stats), sorted(other.meta.stats))
    for key, values in other.meta.stats.items():
        for name in ("min", "max", "mean", "std"):
            near = np.allclose(getattr(ours.stats[key], name), values[name], rtol=1e-6, atol=1e-6)
            expect(f"{name} of {key}", near, True)
    return f"{len(ours.stats)} features"


def loaded_by_torch(root: Path, workers: int, start: str) -> str:
    """DataLoader takes our dataset as it is, and gives what it gives of LeRobot's."""
    deltas = lerecord.delta_timestamps_for("diffusion", 30)
    data = lerecord.Dataset(root, delta_timestamps=deltas, images="float32")
    data[0]  # decoders of this process are open when workers are started
    loader = torch.utils.data.DataLoader(
        data,
        batch_size=8,
        num_workers=workers,
        multiprocessing_context=start if workers else None,
    )
    for number, batch in enumerate(loader):
        if number == 0:
            expect("the type of a batch", isinstance(batch["action"], torch.Tensor), True)
            expect("timestamp", batch["timestamp"].dtype, torch.float32)
            expect("task", len(batch["task"]), 8)
        rows = batch["index"].tolist()
        expect("the frames", rows, list(range(8 * number, 8 * number + len(rows))))
        if number % 20 == 0:
            due = data[rows[3] if len(rows) > 3 else rows[0]]["observation.images.front"]
            at = 3 if len(rows) > 3 else 0
            expect(
                "pictures", bool((batch["observation.images.front"][at].numpy() == due).all()), True
            )
    return f"{number + 1} batches"


def labels(root: Path) -> str:
    """Every frame's columns as LeRobot has them."""
    return str(label_columns.labelled(root, theirs(root, None, "pyav").hf_dataset, expect))


def trained(root: Path, data: Any) -> str:
    """A few steps of LeRobot's ACT on batches of a dataset."""
    torch.manual_seed(0)
    meta = theirs(root, None, "pyav").meta
    features = dataset_to_policy_features(meta.features)
    outputs = {key: each for key, each in features.items() if each.type is FeatureType.ACTION}
    config = ACTConfig(
        input_features={key: each for key, each in features.items() if key not in outputs},
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
    )
    policy = ACTPolicy(config, dataset_stats=meta.stats)
    loader = torch.utils.data.DataLoader(
        data, batch_size=4, shuffle=True, generator=torch.Generator().manual_seed(0)
    )
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-3)
    losses = []
    for _, batch in zip(range(STEPS), loader, strict=False):
        loss, _ = policy.forward(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    expect("the loss falls", losses[-1] < losses[0], True)
    return " ".join(f"{each:.4f}" for each in losses)


def trained_alike(root: Path) -> str:
    """The same steps on our reader and on theirs give the same losses."""
    deltas = lerecord.delta_timestamps_for("act", lerecord.Dataset(root).fps, n_actions=10)
    ours = trained(root, lerecord.Dataset(root, delta_timestamps=deltas, images="float32"))
    expect("losses", ours, trained(root, theirs(root, deltas, "pyav")))
    return f"ACT, loss {ours}, the same with both readers"


def appended(root: Path, folder: Path) -> Path:
    """A copy of a dataset to which LeRobot's own writer has appended, in AV1."""
    copy = folder / f"{root.name}, appended to by LeRobot"
    shutil.copytree(root, copy)
    import_module("lerobot_append").append(copy, "appended", APPENDED)
    return copy


def few_checks(root: Path, chooser: random.Random) -> list[Any]:
    """What a dataset is asked that is read for its origin."""
    deltas = random_deltas(root, chooser)
    return [
        table.Check("no windows", lambda: same(root, None, chooser)),
        table.Check("random windows", lambda: same(root, deltas, chooser)),
        table.Check("statistics", lambda: statistics(root)),
    ]


def all_checks(root: Path, chooser: random.Random) -> list[Any]:
    data = lerecord.Dataset(root)
    checks = [table.Check("no windows", lambda: same(root, None, chooser))]
    checks += [
        table.Check(
            policy,
            lambda policy=policy: same(
                root,
                lerecord.delta_timestamps_for(policy, data.fps, features=data.features),
                chooser,
            ),
        )
        for policy in POLICIES
    ]
    checks += [
        table.Check(
            f"random windows {each}", lambda: same(root, random_deltas(root, chooser), chooser)
        )
        for each in range(3)
    ]
    checks.append(table.Check("statistics", lambda: statistics(root)))
    checks += [
        table.Check(
            f"DataLoader, {workers} workers {start}",
            lambda workers=workers, start=start: loaded_by_torch(root, workers, start),
        )
        for workers, start in ((0, ""), (2, "fork"), (2, "spawn"))
    ]
    return checks


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--brief", action="store_true")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    root, chooser = given.root, random.Random(given.seed)
    data = lerecord.Dataset(root)
    title = f"{root.name}: {len(data.episodes)} episodes, {len(data)} frames"
    checks = (few_checks if given.brief else all_checks)(root, chooser)
    if label_columns.has_labels(root):
        checks.append(table.Check("labels", lambda: labels(root)))
    agree = table.report(title, [*checks, table.Check("training", lambda: trained_alike(root))])
    if not given.brief:
        with tempfile.TemporaryDirectory() as folder:
            copy = appended(root, Path(folder))
            agree &= table.report(copy.name, few_checks(copy, chooser))
    return 0 if agree else 1


if __name__ == "__main__":
    raise SystemExit(main())
