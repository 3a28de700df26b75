"""What drivers of leaders on a serial servo bus have in common: a hand moves them."""

from lerecord.arms.serial_arm import SerialArm


class LedArm(SerialArm):
    """An arm that a person moves: it is let go whenever it is left."""

    def disconnect(self) -> None:
        """Torque off, then close the port."""
        try:
            if self.bus.is_open:
                self.let_go()
        finally:
            self.bus.close()
