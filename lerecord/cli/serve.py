"""`lerecord serve`."""

from pathlib import Path
from typing import Annotated

import typer

Address = Annotated[
    str,
    typer.Argument(metavar="POLICY", help="The policy: nearest:DATASET or lerobot:CHECKPOINT."),
]
Host = Annotated[
    str, typer.Option(help="Address to listen on; others than this machine need --token.")
]
Token = Annotated[
    str | None, typer.Option(envvar="LERECORD_POLICY_TOKEN", help="What clients must know.")
]
Certificate = Annotated[Path | None, typer.Option(help="TLS certificate (PEM); needs --key.")]
Key = Annotated[Path | None, typer.Option(help="TLS key (PEM); needs --cert.")]
Delay = Annotated[
    float,
    typer.Option(min=0, max=60_000, help="Hold each answer back, to try out latency."),
]
Lerobot = Annotated[
    Path | None,
    typer.Option(
        envvar="LERECORD_LEROBOT_PYTHON",
        metavar="PYTHON",
        help="For lerobot:CHECKPOINT: the Python of an environment with LeRobot.",
    ),
]
Trained = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="For lerobot:CHECKPOINT: the dataset it was trained on, for the joints' names [what "
        "the checkpoint says].",
    ),
]


def serve(
    policy: Address,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8000,
    host: Host = "127.0.0.1",
    token: Token = None,
    cert: Certificate = None,
    key: Key = None,
    delay_ms: Delay = 0.0,
    lerobot: Lerobot = None,
    device: Annotated[str, typer.Option(help="For lerobot:CHECKPOINT: where it runs.")] = "cpu",
    dataset: Trained = None,
) -> None:
    """Serve a policy to `lerecord rollout` and to openpi clients."""
    from lerecord.cli.serve_session import serve as run
    from lerecord.errors import ConfigError
    from lerecord.policy import LoadOptions, ServerSettings

    if (cert is None) != (key is None):
        raise ConfigError("A TLS certificate needs its key: give both --cert and --key.")
    certificate = None if cert is None or key is None else (cert, key)
    settings = ServerSettings(host, port, token, certificate, delay_ms / 1000.0)
    run(policy, settings, LoadOptions(lerobot, device, dataset))
