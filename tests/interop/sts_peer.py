"""The maker's SDK, as it comes, on one port. Runs in an environment of its own.

`python sts_peer.py PORT` prints one JSON object: what was done, and what the SDK said of it. Both
packages of the maker have the module name scservo_sdk, and two ways of calling the same things:
feetech-servo-sdk gives the port to every call, ftservo-python-sdk to the handler.
"""

import json
import sys
import time
from typing import Any

import scservo_sdk as sdk

IDS = (1, 2, 3, 4, 5, 6)
ABSENT = 42
RETURN_DELAY, OFFSET = 7, 31
TORQUE, ACCELERATION, GOAL, LOCK, POSITION, VOLTAGE = 40, 41, 42, 55, 56, 62
PATIENCE_S = 2.0


class Client:
    def __init__(self, name: str) -> None:
        self.port = sdk.PortHandler(name)
        self.is_new = hasattr(sdk, "sms_sts")
        self.handler = sdk.sms_sts(self.port) if self.is_new else sdk.PacketHandler(0)
        assert self.port.openPort()
        assert self.port.setBaudRate(1_000_000)

    def do(self, method: str, *arguments: object) -> Any:
        """Call it as this SDK wants it."""
        first = () if self.is_new else (self.port,)
        return getattr(self.handler, method)(*first, *arguments)

    def group(self, kind: str, address: int, size: int) -> Any:
        first = (self.handler,) if self.is_new else (self.port, self.handler)
        return getattr(sdk, kind)(*first, address, size)

    def positions(self) -> list[int]:
        group = self.group("GroupSyncRead", POSITION, 4)
        for each in IDS:
            group.addParam(each)
        assert group.txRxPacket() == sdk.COMM_SUCCESS
        for each in IDS:
            found = group.isAvailable(each, POSITION, 2)
            assert found[0] if isinstance(found, tuple) else found
        return [group.getData(each, POSITION, 2) for each in IDS]

    def send(self, goals: list[int]) -> None:
        group = self.group("GroupSyncWrite", GOAL, 2)
        for each, goal in zip(IDS, goals, strict=True):
            group.addParam(each, [goal & 0xFF, goal >> 8])
        assert group.txPacket() == sdk.COMM_SUCCESS

    def reached(self, goals: list[int]) -> list[int]:
        until = time.monotonic() + PATIENCE_S
        while (at := self.positions()) != goals and time.monotonic() < until:
            time.sleep(0.02)
        return at


def main() -> None:
    client = Client(sys.argv[1])
    told: dict[str, Any] = {"module": "sms_sts" if client.is_new else "PacketHandler"}
    told["pings"] = [client.do("ping", each) for each in IDS]
    told["absent"] = client.do("ping", ABSENT)[1] == sdk.COMM_RX_TIMEOUT
    told["one by one"] = [client.do("read2ByteTxRx", each, POSITION)[0] for each in IDS]
    told["together"] = before = client.positions()
    told["voltage"] = client.do("read1ByteTxRx", 1, VOLTAGE)
    told["locked"] = client.do("read1ByteTxRx", 1, LOCK)[0]
    delay = client.do("read1ByteTxRx", 1, RETURN_DELAY)[0]
    for address, value in ((LOCK, 0), (RETURN_DELAY, 7), (LOCK, 1)):
        told[f"write of {address}"] = client.do("write1ByteTxRx", 1, address, value)
    told["EEPROM"] = client.do("read1ByteTxRx", 1, RETURN_DELAY)[0]
    for address, value in ((LOCK, 0), (RETURN_DELAY, delay), (LOCK, 1)):
        client.do("write1ByteTxRx", 1, address, value)
    goals = [each + 40 for each in before]
    client.send(goals)
    told["goals"], told["reached"] = goals, client.reached(goals)
    told["torque after a goal"] = [client.do("read1ByteTxRx", each, TORQUE)[0] for each in IDS]
    back = before[0] + 20
    told["reg write"] = client.do("regWriteTxRx", 1, GOAL, 2, [back & 0xFF, back >> 8])
    time.sleep(0.3)
    told["before the action"] = client.do("read2ByteTxRx", 1, POSITION)[0]
    client.do("action", sdk.BROADCAST_ID)
    told["after the action"] = client.reached([back, *goals[1:]])[0]
    told["refused"] = client.do("read1ByteTxRx", 1, 250)[1]
    for each in IDS:
        client.do("write1ByteTxRx", each, TORQUE, 0)
    told["torque at the end"] = [client.do("read1ByteTxRx", each, TORQUE)[0] for each in IDS]
    client.port.closePort()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
