"""`lerecord serve`."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="The policy: nearest:DIR.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine need --token.")
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option(envvar="LERECORD_POLICY_TOKEN", help="What clients must know."),
    ] = None,
    cert: Annotated[Path | None, typer.Option(help="TLS certificate (PEM); needs --key.")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS key (PEM); needs --cert.")] = None,
    delay_ms: Annotated[
        float, typer.Option(min=0, max=60_000, help="Hold each answer back, to try out latency.")
    ] = 0.0,
) -> None:
    """Serve a policy to `lerecord rollout` and to openpi clients."""
    from lerecord.cli.serve_session import serve as run
    from lerecord.errors import ConfigError
    from lerecord.policy import ServerSettings

    if (cert is None) != (key is None):
        raise ConfigError("A TLS certificate needs its key: give both --cert and --key.")
    certificate = None if cert is None or key is None else (cert, key)
    run(policy, ServerSettings(host, port, token, certificate, delay_ms / 1000.0))
