"""The vendor's dynamixel-sdk, as it comes, on one port."""

from dynamixel_sdk import COMM_SUCCESS, PacketHandler, PortHandler

from tests.interop.report import expect
from tests.interop.rig import SimulatedRig

IDS = (1, 2, 3, 4, 5, 6)
MODELS = {1: 1060, 2: 1060, 3: 1200, 4: 1200, 5: 1200, 6: 1200}
ID, RETURN_DELAY, MODE, HOMING = 7, 9, 11, 20
TORQUE, LED, RETURN_LEVEL, REGISTERED, P_GAIN, GOAL_PWM, GOAL_CURRENT = 64, 65, 68, 69, 84, 100, 102
PROFILE_VELOCITY, GOAL, VELOCITY, POSITION, TEMPERATURE = 112, 116, 128, 132, 146
OK = (COMM_SUCCESS, 0)
HEADER_IN_DATA = b"\xff\xff\xfd\xfd"
ABSENT = 42
MIXED = {3: (POSITION, 4), 5: (TEMPERATURE, 1), 6: (0, 2)}
"""What the bulk reads ask. The SDK's fastBulkReadRx finds a servo's part by looking for its ID in
the whole request, addresses and lengths included, so an ID of 1, 2 or 4 would mislead it here."""


def signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value


def four(value: int) -> list[int]:
    return list(value.to_bytes(4, "little", signed=True))


class Client:
    """The vendor's handlers on one port."""

    def __init__(self, rig: SimulatedRig) -> None:
        self.rig = rig
        self.port = PortHandler(rig.ports["follower"])
        self.packets = PacketHandler(2.0)
        expect("openPort", self.port.openPort(), True)
        expect("setBaudRate", self.port.setBaudRate(1_000_000), True)

    def put(self, servo: int, address: int, value: int, size: int) -> int:
        """Write; the error byte of the answer. No answer is a disagreement."""
        data = list((value & (1 << 8 * size) - 1).to_bytes(size, "little"))
        result, error = self.packets.writeTxRx(self.port, servo, address, size, data)
        expect(f"answer to a write of {address} by servo {servo}", result, COMM_SUCCESS)
        return int(error)

    def get(self, servo: int, address: int, size: int) -> int:
        """Read; a failure is a disagreement."""
        data, *status = self.packets.readTxRx(self.port, servo, address, size)
        expect(f"answer to a read of {address} by servo {servo}", tuple(status), OK)
        return int.from_bytes(bytes(data), "little", signed=size == 4)

    def everywhere(self, address: int, value: int, size: int) -> None:
        for servo in IDS:
            expect(f"error of {servo}", self.put(servo, address, value, size), 0)

    def true_positions(self) -> list[int]:
        return list(self.rig.truth().positions["follower"].values())
