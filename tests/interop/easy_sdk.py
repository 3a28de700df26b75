"""The vendor's dynamixel_easy_sdk, which dynamixel-sdk brings along, on both simulated arms.

Run it from the checkout: `python -m tests.interop.easy_sdk`. It carries its own control tables, one
file a model: each of their registers is compared with lerecord's and read from the servos.
"""

import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from types import MappingProxyType

from dynamixel_easy_sdk import (
    Connector,
    ControlTable,
    Direction,
    DxlError,
    DxlRuntimeError,
    Motor,
    OperatingMode,
    ProfileConfiguration,
)

from lerecord.motors.dynamixel.tables import MODELS
from lerecord.simulator.rigs import koch
from tests.interop.report import Check, expect, report
from tests.interop.rig import SimulatedRig

BAUD = 1_000_000
RENAMED: Mapping[str, str] = MappingProxyType({"Secondary(Shadow)_ID": "Secondary_ID"})
INDIRECT = "Indirect_"


def named(vendors: str) -> str:
    """Name of a register here; the vendor's file has it with blanks."""
    name = vendors.replace(" ", "_")
    return RENAMED.get(name, name)


def refusal(action: Callable[[], object]) -> object:
    """The DxlError that the easy SDK raises; None when it raises nothing."""
    try:
        action()
    except DxlRuntimeError as error:
        return error.dxl_error
    return None


class Checks:
    """What is asked, each as one method that says what it saw."""

    def __init__(self, rig: SimulatedRig) -> None:
        self.rig = rig
        self.connectors = {arm: Connector(port, BAUD) for arm, port in rig.ports.items()}
        self.motors: dict[str, list[Motor]] = {}

    def all(self) -> list[Check]:
        names: dict[str, Callable[[], str]] = {
            "find all motors": self.find,
            "control tables": self.tables,
            "every register is read": self.registers,
            "present position": self.positions,
            "torque, LED": self.switches,
            "position mode": self.position_mode,
            "extended position mode": self.extended_mode,
            "velocity mode": self.velocity_mode,
            "current-based position": self.current_mode,
            "a mode that XL430 has not": self.absent_mode,
            "PWM mode": self.pwm_mode,
            "EEPROM under torque": self.locked,
            "direction, profile": self.drive_mode,
            "gains and limits": self.settings,
            "group write, read (sync)": self.sync_group,
            "group write, read (bulk)": self.bulk_group,
            "change ID": self.change_id,
            "reboot": self.reboot,
            "factory reset but ID and baud": self.reset,
        }
        return [Check(name, run) for name, run in names.items()]

    def close(self) -> None:
        for connector in self.connectors.values():
            connector.closePort()

    def find(self) -> str:
        for arm, connector in self.connectors.items():
            self.motors[arm] = connector.createAllMotors()
        mounts = {"leader": koch.LEADER, "follower": koch.FOLLOWER}
        for arm, motors in self.motors.items():
            expected = [(i, mount.model.number) for i, mount in enumerate(mounts[arm], 1)]
            expect(arm, [(motor.id, motor.model_number) for motor in motors], expected)
        files = sorted({motor.model_name for motors in self.motors.values() for motor in motors})
        return f"6 and 6: {', '.join(name.removesuffix('.model') for name in files)}"

    def tables(self) -> str:
        compared, absent = 0, set[str]()
        for model in MODELS.values():
            for vendors, item in ControlTable.getControlTable(model.number).items():
                register = model.registers.get(named(vendors))
                if register is None:
                    absent.add(named(vendors))
                    continue
                place = (register.address, register.size)
                expect(f"{vendors} of {model.name}", (item.address, item.size), place)
                compared += 1
        expect("registers that only the vendor has", [n for n in absent if INDIRECT not in n], [])
        return f"{compared} registers of 3 models where the vendor has them; no indirect ones"

    def registers(self) -> str:
        count = 0
        for motor in (*self.motors["leader"][:1], *self.motors["follower"][1:3]):
            for vendors, item in motor.control_table.items():
                if not named(vendors).startswith(INDIRECT):
                    motor._readData(motor.id, item.address, item.size)
                    count += 1
        return f"{count} reads of 3 models answered without error"

    def positions(self) -> str:
        truth = self.rig.truth()
        for arm, motors in self.motors.items():
            seen = [motor.getPresentPosition() for motor in motors]
            expect(arm, seen, list(truth.positions[arm].values()))
        return "12 joints as in truth"

    def switches(self) -> str:
        for motor in self.motors["leader"]:
            motor.enableTorque()
            motor.LEDOn()
            expect("on", (motor.isTorqueOn(), motor.isLEDOn()), (1, 1))
        expect("truth", set(self.rig.truth().torque["leader"].values()), {True})
        for motor in self.motors["leader"]:
            motor.disableTorque()
            motor.LEDOff()
            expect("off", (motor.isTorqueOn(), motor.isLEDOn()), (0, 0))
        return "on and off at 6 servos, as in truth"

    def _run(self, motor: Motor, mode: OperatingMode) -> None:
        motor.disableTorque()
        motor.setOperatingMode(mode)
        expect("mode", motor.getOperatingMode(), mode)
        motor.enableTorque()

    def position_mode(self) -> str:
        motor = self.motors["follower"][0]
        self._run(motor, OperatingMode.POSITION)
        motor.setGoalPosition(1200)
        time.sleep(2.5)
        expect("position", motor.getPresentPosition(), 1200)
        beyond = refusal(lambda: motor.setGoalPosition(4096))
        expect("goal 4096", beyond, DxlError.SDK_ERRNUM_DATA_LIMIT)
        return "reaches 1200, refuses 4096 (data limit)"

    def extended_mode(self) -> str:
        motor = self.motors["follower"][0]
        self._run(motor, OperatingMode.EXTENDED_POSITION)
        motor.setGoalPosition(-500)
        time.sleep(2.5)
        expect("position", motor.getPresentPosition(), -500)
        return "reaches -500"

    def velocity_mode(self) -> str:
        motor = self.motors["follower"][0]
        self._run(motor, OperatingMode.VELOCITY)
        motor.setGoalVelocity(-100)
        time.sleep(1.0)
        speed = motor.getPresentVelocity()
        expect("within one of -100", abs(speed + 100) <= 1, True)
        beyond = refusal(lambda: motor.setGoalVelocity(motor.getVelocityLimit() + 1))
        expect("goal beyond", beyond, DxlError.SDK_ERRNUM_DATA_LIMIT)
        return f"turns at {speed}, refuses more than Velocity Limit"

    def current_mode(self) -> str:
        motor = self.motors["follower"][4]
        self._run(motor, OperatingMode.CURRENT_BASED_POSITION)
        motor.setGoalCurrent(300)
        goal = motor.getPresentPosition() - 400
        motor.setGoalPosition(goal)
        current = motor.getPresentCurrent()
        expect("pulls with Goal Current at most", abs(current) <= 300, True)
        time.sleep(2.0)
        expect("position", motor.getPresentPosition(), goal)
        motor.disableTorque()
        return f"reaches its goal, {current} mA on the way with Goal Current 300"

    def absent_mode(self) -> str:
        motor = self.motors["follower"][0]
        motor.disableTorque()
        asked = refusal(lambda: motor.setOperatingMode(OperatingMode.CURRENT_BASED_POSITION))
        expect("mode 5", asked, DxlError.SDK_ERRNUM_DATA_RANGE)
        missing = refusal(motor.getPresentCurrent)
        expect("current", missing, DxlError.EASY_SDK_FUNCTION_NOT_SUPPORTED)
        return "current-based position is refused (data range)"

    def pwm_mode(self) -> str:
        motor = self.motors["follower"][0]
        self._run(motor, OperatingMode.PWM)
        motor.setGoalPWM(200)
        time.sleep(0.5)
        expect("turns", motor.getPresentVelocity() > 0, True)
        limit = motor.getPWMLimit()
        beyond = refusal(lambda: motor.setGoalPWM(limit + 1))
        expect("beyond", beyond is not None, True)
        motor.setGoalPWM(0)
        time.sleep(0.5)
        motor.disableTorque()
        return f"turns with Goal PWM 200, refuses more than {limit}"

    def locked(self) -> str:
        motor = self.motors["follower"][3]
        motor.enableTorque()
        address = motor.control_table["Homing Offset"].address
        locked = refusal(lambda: motor.connector.write4ByteData(motor.id, address, 1))
        motor.disableTorque()
        expect("write", locked, DxlError.SDK_ERRNUM_ACCESS)
        return "refused (access)"

    def drive_mode(self) -> str:
        motor = self.motors["follower"][4]
        homing = motor.control_table["Homing Offset"].address
        offset = motor.connector.read4ByteData(motor.id, homing)
        before = motor.getPresentPosition()
        motor.setDirection(Direction.REVERSE)
        reversed_ = motor.getPresentPosition()
        expect("reversed", reversed_ % 4096, (2 * offset - before) % 4096)
        motor.setProfileConfiguration(ProfileConfiguration.TIME_BASED)
        address = motor.control_table["Drive Mode"].address
        expect("Drive Mode", motor.connector.read1ByteData(motor.id, address), 5)
        motor.setProfileConfiguration(ProfileConfiguration.VELOCITY_BASED)
        motor.setDirection(Direction.NORMAL)
        expect("position", motor.getPresentPosition() % 4096, before % 4096)
        return f"position {before} reads {reversed_} in reverse"

    def settings(self) -> str:
        motor = self.motors["follower"][3]
        motor.setPositionPGain(801)
        motor.setPositionIGain(802)
        motor.setPositionDGain(803)
        motor.setVelocityPGain(804)
        motor.setVelocityIGain(805)
        names = [f"{of} {gain} Gain" for of, gain in zip(("Position",) * 3, "PID", strict=True)]
        names += ["Velocity P Gain", "Velocity I Gain"]
        items = [motor.control_table[name] for name in names]
        gains = [motor._readData(motor.id, item.address, item.size) for item in items]
        expect("gains", gains, [801, 802, 803, 804, 805])
        motor.setMinPositionLimit(900)
        motor.setMaxPositionLimit(3100)
        motor.setVelocityLimit(300)
        motor.setCurrentLimit(1000)
        motor.setPWMLimit(800)
        limits = [
            motor.getMinPositionLimit(),
            motor.getMaxPositionLimit(),
            motor.getVelocityLimit(),
            motor.getCurrentLimit(),
            motor.getPWMLimit(),
        ]
        expect("limits", limits, [900, 3100, 300, 1000, 800])
        motor.setHomingOffset(0)
        before = motor.getPresentPosition()
        motor.setHomingOffset(-150)
        expect("homed", motor.getPresentPosition(), before - 150)
        motor.setHomingOffset(0)
        return "5 gains, 5 limits and the homing offset read back"

    def sync_group(self) -> str:
        group = self.connectors["leader"].createGroupExecutor()
        for motor in self.motors["leader"]:
            group.addCmd(motor.stageLEDOn())
            group.addCmd(motor.stageGetPresentPosition())
        group.executeWrite()
        expect("LEDs", [motor.isLEDOn() for motor in self.motors["leader"]], [1] * 6)
        truth = self.rig.truth().positions["leader"]
        expect("positions", group.executeRead(), list(truth.values()))
        return "6 LEDs on, 6 positions as in truth"

    def bulk_group(self) -> str:
        first, second, third = self.motors["leader"][:3]
        group = self.connectors["leader"].createGroupExecutor()
        group.addCmd(first.stageLEDOff())
        group.addCmd(second.stageEnableTorque())
        group.addCmd(first.stageGetPresentPosition())
        group.addCmd(second.stageIsTorqueOn())
        group.addCmd(third.stageGetPresentVelocity())
        group.executeWrite()
        position = self.rig.truth().positions["leader"]["shoulder_pan"]
        expect("values", group.executeRead(), [position, 1, 0])
        expect("LED", first.isLEDOn(), 0)
        second.disableTorque()
        return "registers of different sizes, as in truth"

    def change_id(self) -> str:
        motor = self.motors["leader"][5]
        motor.changeID(20)
        expect("model", motor.ping(), 1190)
        gone = refusal(lambda: motor.connector.ping(6))
        expect("the old ID", gone, DxlError.SDK_COMM_RX_TIMEOUT)
        motor.changeID(6)
        return "6 becomes 20 and 6 again"

    def reboot(self) -> str:
        motor = self.motors["leader"][1]
        motor.enableTorque()
        motor.reboot()
        time.sleep(0.5)
        expect("torque", motor.isTorqueOn(), 0)
        return "torque off"

    def reset(self) -> str:
        motor = self.motors["follower"][3]
        motor.factoryResetExceptIDAndBaudRate()
        time.sleep(0.5)
        expect("limits", (motor.getMinPositionLimit(), motor.getMaxPositionLimit()), (0, 4095))
        expect("mode", motor.getOperatingMode(), OperatingMode.POSITION)
        return "limits 0 to 4095, mode 3, still there"


def main() -> int:
    with SimulatedRig() as rig:
        rig.settle()
        checks = Checks(rig)
        try:
            title = f"dynamixel_easy_sdk of dynamixel-sdk {version('dynamixel-sdk')} on both arms"
            return 0 if report(title, checks.all()) else 1
        finally:
            checks.close()


if __name__ == "__main__":
    sys.exit(main())
