"""The vendor's dynamixel-sdk, as it comes, on the simulated follower: every instruction.

Run it from the checkout: `python -m tests.interop.sdk`. Nothing of lerecord's own bus is used: the
port, the packet handler and the group classes are those of the package dynamixel-sdk.
"""

import sys
import time
from collections.abc import Callable
from importlib.metadata import version

from dynamixel_sdk import (
    BROADCAST_ID,
    COMM_RX_CORRUPT,
    COMM_RX_TIMEOUT,
    COMM_SUCCESS,
    GroupBulkRead,
    GroupBulkWrite,
    GroupSyncRead,
    GroupSyncWrite,
)

from tests.interop.report import Check, expect, report
from tests.interop.rig import SimulatedRig
from tests.interop.sdk_client import (
    ABSENT,
    GOAL,
    GOAL_CURRENT,
    GOAL_PWM,
    HEADER_IN_DATA,
    HOMING,
    ID,
    IDS,
    LED,
    MIXED,
    MODE,
    MODELS,
    OK,
    P_GAIN,
    POSITION,
    PROFILE_VELOCITY,
    REGISTERED,
    RETURN_DELAY,
    RETURN_LEVEL,
    TEMPERATURE,
    TORQUE,
    VELOCITY,
    Client,
    four,
    signed,
)


class Checks:
    """What is asked, each as one method that says what it saw."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.port, self.packets = client.port, client.packets

    def all(self) -> list[Check]:
        names: dict[str, Callable[[], str]] = {
            "ping": self.ping,
            "broadcast ping": self.broadcast_ping,
            "read 1, 2, 4, 27 bytes": self.read,
            "write 1, 2, 4 bytes": self.write,
            "byte stuffing": self.stuffing,
            "write refused": self.refusals,
            "broadcast write": self.broadcast_write,
            "reg write, action": self.reg_write,
            "sync read": self.sync_read,
            "fast sync read": self.fast_sync_read,
            "bulk read": self.bulk_read,
            "fast bulk read": self.fast_bulk_read,
            "fast reads, byte stuffing": self.fast_stuffing,
            "sync write": self.sync_write,
            "bulk write": self.bulk_write,
            "a servo that is not there": self.absent,
            "status return level": self.return_level,
            "motion to a goal": self.motion,
            "clear multi-turn": self.clear,
            "reboot": self.reboot,
            "factory reset but ID and baud": self.reset_but_id_and_baud,
            "factory reset but ID": self.reset_but_id,
            "factory reset": self.reset_all,
        }
        return [Check(name, run) for name, run in names.items()]

    def ping(self) -> str:
        seen = {}
        for servo in IDS:
            seen[servo], *status = self.packets.ping(self.port, servo)
            expect(f"answer of {servo}", tuple(status), OK)
        expect("models", seen, MODELS)
        return f"models {', '.join(map(str, seen.values()))}"

    def broadcast_ping(self) -> str:
        seen, result = self.packets.broadcastPing(self.port)
        expect("result", result, COMM_SUCCESS)
        expect("models", {servo: model for servo, (model, _) in seen.items()}, MODELS)
        return f"{len(seen)} servos in order of ID {list(seen)}, firmware {seen[1][1]}"

    def read(self) -> str:
        for servo, position in zip(IDS, self.client.true_positions(), strict=True):
            seen, *status = self.packets.read4ByteTxRx(self.port, servo, POSITION)
            expect("position and status", (signed(seen), *status), (position, *OK))
            expect("ID", self.packets.read1ByteTxRx(self.port, servo, ID), (servo, *OK))
            model = self.packets.read2ByteTxRx(self.port, servo, 0)
            expect("model", model, (MODELS[servo], *OK))
            block, *status = self.packets.readTxRx(self.port, servo, 120, 27)
            expect("status of a block", tuple(status), OK)
            expect("position in a block", bytes(block[12:16]), bytes(four(position)))
        return "ID, model, position, block 120-146 of 6 servos as in truth"

    def write(self) -> str:
        for servo in IDS:
            expect("1", self.packets.write1ByteTxRx(self.port, servo, LED, 1), OK)
            expect("2", self.packets.write2ByteTxRx(self.port, servo, P_GAIN, 700 + servo), OK)
            expect("4", self.packets.write4ByteTxRx(self.port, servo, PROFILE_VELOCITY, 250), OK)
            read = [self.client.get(servo, *at) for at in ((LED, 1), (P_GAIN, 2), (112, 4))]
            expect("read back", read, [1, 700 + servo, 250])
        self.client.everywhere(LED, 0, 1)
        self.client.everywhere(PROFILE_VELOCITY, 0, 4)
        return "read back"

    def _header_in_data(self, servo: int) -> None:
        """Goal_PWM and Goal_Current together as FF FF FD FD, written one by one.

        The SDK's addStuffing makes a new list that txPacket drops, so it sends no stuffing itself.
        """
        expect("PWM", self.client.put(servo, GOAL_PWM, -1, 2), 0)
        expect("current", self.client.put(servo, GOAL_CURRENT, -515, 2), 0)

    def stuffing(self) -> str:
        self._header_in_data(3)
        both, *status = self.packets.readTxRx(self.port, 3, GOAL_PWM, 4)
        expect("together", (bytes(both), *status), (HEADER_IN_DATA, *OK))
        sync = GroupSyncRead(self.port, self.packets, GOAL_PWM, 4)
        for servo in (3, 4):
            sync.addParam(servo)
        expect("sync read", sync.txRxPacket(), COMM_SUCCESS)
        expect("sync read", sync.getData(3, GOAL_PWM, 4), 0xFDFD_FFFF)
        return "FF FF FD FD in replies is stuffed there, unstuffed here"

    def refusals(self) -> str:
        seen = [
            ("read-only", self.client.put(1, POSITION, 0, 4), 7),
            ("out of range", self.client.put(1, TORQUE, 2, 1), 4),
            ("half a register", self.client.put(1, GOAL, 0, 2), 5),
            ("beyond its limit", self.client.put(1, GOAL_PWM, 885, 2), 0),
            ("beyond its limit", self.client.put(1, GOAL, 4096, 4), 6),
            ("mode it has not", self.client.put(1, MODE, 5, 1), 4),
        ]
        expect("torque on", self.client.put(1, TORQUE, 1, 1), 0)
        seen.append(("EEPROM under torque", self.client.put(1, RETURN_DELAY, 0, 1), 7))
        expect("torque off", self.client.put(1, TORQUE, 0, 1), 0)
        for what, error, expected in seen:
            expect(what, error, expected)
        return "error numbers 4, 5, 6, 7 where the e-manual has them"

    def broadcast_write(self) -> str:
        result, _ = self.packets.write1ByteTxRx(self.port, BROADCAST_ID, LED, 1)
        expect("result", result, COMM_SUCCESS)
        expect("LEDs", [self.client.get(servo, LED, 1) for servo in IDS], [1] * 6)
        self.client.everywhere(LED, 0, 1)
        return "obeyed by all, answered by none"

    def reg_write(self) -> str:
        for servo in IDS:
            expect("reg write", self.packets.regWriteTxRx(self.port, servo, LED, 1, [1]), OK)
        expect("waiting", [self.client.get(servo, REGISTERED, 1) for servo in IDS], [1] * 6)
        expect("before", [self.client.get(servo, LED, 1) for servo in IDS], [0] * 6)
        expect("action", self.packets.action(self.port, BROADCAST_ID), COMM_SUCCESS)
        expect("after", [self.client.get(servo, LED, 1) for servo in IDS], [1] * 6)
        expect("waiting", [self.client.get(servo, REGISTERED, 1) for servo in IDS], [0] * 6)
        self.client.everywhere(LED, 0, 1)
        return "held back until the action, then done by all"

    def sync_read(self) -> str:
        group = GroupSyncRead(self.port, self.packets, POSITION, 4)
        expect("addParam", [group.addParam(servo) for servo in IDS], [True] * 6)
        expect("result", group.txRxPacket(), COMM_SUCCESS)
        return self._positions(group)

    def fast_sync_read(self) -> str:
        group = GroupSyncRead(self.port, self.packets, POSITION, 4)
        expect("addParam", [group.addParam(servo) for servo in IDS], [True] * 6)
        expect("result", group.fastSyncRead(), COMM_SUCCESS)
        return self._positions(group)

    def _positions(self, group: GroupSyncRead) -> str:
        seen = [signed(group.getData(servo, POSITION, 4)) for servo in IDS]
        expect("positions", seen, self.client.true_positions())
        return f"positions {seen} as in truth"

    def bulk_read(self) -> str:
        group = self._bulk()
        expect("result", group.txRxPacket(), COMM_SUCCESS)
        return self._mixed(group)

    def fast_bulk_read(self) -> str:
        group = self._bulk()
        expect("result", group.fastBulkRead(), COMM_SUCCESS)
        return self._mixed(group)

    def _bulk(self) -> GroupBulkRead:
        group = GroupBulkRead(self.port, self.packets)
        for servo, (address, size) in MIXED.items():
            expect("addParam", group.addParam(servo, address, size), True)
        return group

    def _mixed(self, group: GroupBulkRead) -> str:
        seen = [signed(group.getData(servo, *where)) for servo, where in MIXED.items()]
        position, heat = self.client.true_positions()[2], self.client.get(5, TEMPERATURE, 1)
        expect("values", seen, [position, heat, MODELS[6]])
        return f"4, 1 and 2 bytes of three servos: {seen}"

    def fast_stuffing(self) -> str:
        self._header_in_data(5)
        sync = GroupSyncRead(self.port, self.packets, GOAL_PWM, 4)
        bulk = GroupBulkRead(self.port, self.packets)
        for servo in MIXED:
            sync.addParam(servo)
            bulk.addParam(servo, GOAL_PWM, 4)
        expect("results", (sync.fastSyncRead(), bulk.fastBulkRead()), (0, 0))
        for group in (sync, bulk):
            expect("value", group.getData(5, GOAL_PWM, 4), 0xFDFD_FFFF)
            expect("the next one", group.getData(6, GOAL_PWM, 4), 1750 << 16 | 885)
        return "FF FF FD FD in replies is sent as it is, as the SDK takes it"

    def sync_write(self) -> str:
        group = GroupSyncWrite(self.port, self.packets, PROFILE_VELOCITY, 4)
        for servo in IDS:
            expect("addParam", group.addParam(servo, four(100 + servo)), True)
        expect("result", group.txPacket(), COMM_SUCCESS)
        seen = [self.client.get(servo, PROFILE_VELOCITY, 4) for servo in IDS]
        expect("values", seen, [100 + servo for servo in IDS])
        self.client.everywhere(PROFILE_VELOCITY, 0, 4)
        return "read back from 6 servos"

    def bulk_write(self) -> str:
        group = GroupBulkWrite(self.port, self.packets)
        expect("addParam", group.addParam(1, LED, 1, [1]), True)
        expect("addParam", group.addParam(2, P_GAIN, 2, [0x34, 0x12]), True)
        expect("addParam", group.addParam(3, PROFILE_VELOCITY, 4, four(321)), True)
        expect("result", group.txPacket(), COMM_SUCCESS)
        seen = [self.client.get(*at) for at in ((1, LED, 1), (2, P_GAIN, 2), (3, 112, 4))]
        expect("values", seen, [1, 0x1234, 321])
        return "1, 2 and 4 bytes of three servos read back"

    def absent(self) -> str:
        _, result, _ = self.packets.ping(self.port, ABSENT)
        expect("ping", result, COMM_RX_TIMEOUT)
        group = GroupSyncRead(self.port, self.packets, POSITION, 4)
        for servo in (1, ABSENT, 2):
            group.addParam(servo)
        expect("sync read", group.txRxPacket(), COMM_RX_TIMEOUT)
        expect("available", group.isAvailable(2, POSITION, 4), False)
        expect("fast sync read", group.fastSyncRead(), COMM_RX_CORRUPT)
        return "ping and sync read time out, a fast read stays short"

    def return_level(self) -> str:
        def outcomes() -> list[int]:
            _, ping, _ = self.packets.ping(self.port, 5)
            _, read, _ = self.packets.read1ByteTxRx(self.port, 5, LED)
            write, _ = self.packets.write1ByteTxRx(self.port, 5, LED, 0)
            return [ping, read, write]

        silent = COMM_RX_TIMEOUT
        for level, expected in ((2, [0, 0, 0]), (1, [0, 0, silent]), (0, [0, silent, silent])):
            self.packets.write1ByteTxOnly(self.port, 5, RETURN_LEVEL, level)
            time.sleep(0.02)
            expect(f"level {level}", outcomes(), expected)
        self.packets.write1ByteTxOnly(self.port, 5, RETURN_LEVEL, 2)
        return "2 answers all, 1 ping and reads, 0 ping"

    def motion(self) -> str:
        start = self.client.get(1, POSITION, 4)
        for address, value, size in ((MODE, 4, 1), (TORQUE, 1, 1)):
            expect("set up", self.client.put(1, address, value, size), 0)
        expect("goal at torque on", self.client.get(1, GOAL, 4), start)
        expect("goal", self.client.put(1, GOAL, -700, 4), 0)
        time.sleep(0.2)
        speed = self.client.get(1, VELOCITY, 4)
        expect("moves down", speed < 0, True)
        time.sleep(4.0)
        expect("position", self.client.get(1, POSITION, 4), -700)
        return f"from {start} to -700, at {speed} x 0.229 rpm on the way"

    def clear(self) -> str:
        expect("goal", self.client.put(1, GOAL, 9000, 4), 0)
        time.sleep(0.3)
        self._refuses_in_motion()
        time.sleep(9.0)
        expect("position", self.client.get(1, POSITION, 4), 9000)
        expect("clear", self.packets.clearMultiTurn(self.port, 1), OK)
        expect("position", self.client.get(1, POSITION, 4), 9000 - 2 * 4096)
        expect("torque off", self.client.put(1, TORQUE, 0, 1), 0)
        return "9000 becomes 808; refused (1) while it moves"

    def _refuses_in_motion(self) -> None:
        expect("clear in motion", self.packets.clearMultiTurn(self.port, 1), (COMM_SUCCESS, 1))

    def reboot(self) -> str:
        for address, value, size in ((HOMING, 55, 4), (LED, 1, 1), (TORQUE, 1, 1)):
            expect("set up", self.client.put(4, address, value, size), 0)
        expect("reboot", self.packets.reboot(self.port, 4), OK)
        time.sleep(0.5)
        seen = [self.client.get(4, *at) for at in ((HOMING, 4), (LED, 1), (TORQUE, 1))]
        expect("offset, LED, torque", seen, [55, 0, 0])
        return "EEPROM kept, LED and torque off"

    def reset_but_id_and_baud(self) -> str:
        expect("reset", self.packets.factoryReset(self.port, 4, 0x02), OK)
        time.sleep(0.5)
        seen = [self.client.get(4, *at) for at in ((ID, 1), (8, 1), (HOMING, 4))]
        expect("ID, baud, offset", seen, [4, 3, 0])
        return "ID 4 and 1 Mbaud kept, offset gone"

    def reset_but_id(self) -> str:
        expect("reset", self.packets.factoryReset(self.port, 5, 0x01), OK)
        time.sleep(0.5)
        expect("at 1 Mbaud", self.packets.ping(self.port, 5)[1], COMM_RX_TIMEOUT)
        self.port.setBaudRate(57600)
        seen = [self.client.get(5, *at) for at in ((ID, 1), (8, 1))]
        expect("ID, baud", seen, [5, 1])
        expect("1 Mbaud again", self.client.put(5, 8, 3, 1), 0)
        self.port.setBaudRate(1_000_000)
        expect("ping", self.packets.ping(self.port, 5)[1], COMM_SUCCESS)
        return "ID 5 kept, mute at 1 Mbaud, heard at 57600, set to 1 Mbaud again"

    def reset_all(self) -> str:
        expect("new ID", self.client.put(1, ID, 10, 1), 0)
        expect("reset", self.packets.factoryReset(self.port, 6, 0xFF), OK)
        time.sleep(0.5)
        expect("at 1 Mbaud", self.packets.ping(self.port, 10)[0], 1060)
        self.port.setBaudRate(57600)
        expect("at 57600", self.packets.ping(self.port, 1)[0], 1200)
        self.port.setBaudRate(1_000_000)
        _, result, _ = self.packets.ping(self.port, 6)
        expect("the old ID", result, COMM_RX_TIMEOUT)
        result, _ = self.packets.factoryReset(self.port, BROADCAST_ID, 0xFF)
        expect("broadcast", result, COMM_SUCCESS)
        expect("still there", self.packets.ping(self.port, 10)[1], COMM_SUCCESS)
        return "servo 6 comes back as ID 1 at 57600 baud; a broadcast of it is not obeyed"


def main() -> int:
    with SimulatedRig() as rig:
        rig.settle()
        client = Client(rig)
        try:
            title = f"dynamixel-sdk {version('dynamixel-sdk')} on the simulated follower"
            return 0 if report(title, Checks(client).all()) else 1
        finally:
            client.port.closePort()


if __name__ == "__main__":
    sys.exit(main())
