"""What `lerecord serve` does."""

import sys
import time

from lerecord.policy import LoadOptions, PolicyServer, ServerSettings, local_policy
from lerecord.printable import print_line


def serve(policy: str, settings: ServerSettings, options: LoadOptions) -> None:
    """Load a policy and serve it until Ctrl-C.

    Raises:
        LerecordError: there is no such policy, or it cannot be served there.
    """
    settings.require_safe()
    print_line(f"loading {policy} ...")
    began = time.monotonic()
    loaded = local_policy(policy, options)
    features = loaded.features
    print_line(
        f"loaded in {time.monotonic() - began:.0f} s: {len(features.joints)} joints at "
        f"{features.fps} Hz, chunks of {features.horizon}, cameras "
        f"{', '.join(each.name for each in features.cameras) or 'none'}"
    )
    with PolicyServer(loaded, settings, print_line) as server:
        print_line(f"serving on {server.address}; Ctrl-C ends it")
        if settings.token is not None and settings.certificate is None:
            print_line("without --cert and --key the token travels unencrypted")
        sys.stdout.flush()
        server.run()
