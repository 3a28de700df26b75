"""Arm drivers, each one file: `koch`, `so101`; and `lerobot`, any plug-in of LeRobot.

`protocols` is what a rig asks of an arm; `serial_arm` is what arms on a serial bus have in common,
`driven_arm` what followers have, `led_arm` what leaders have, `six_joints` what Koch and SO arms
have; `calibration`, `units` and `limiter` are what stands between counts and a bounded goal.
`identification` tells which arm is on a port. Which arm moves when is decided in `control`. Begin
with `protocols`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
