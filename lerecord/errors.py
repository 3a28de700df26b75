"""What can go wrong, said in one sentence that names the thing, the fact and the remedy."""

from lerecord.printable import shown


class LerecordError(Exception):
    """A failure that the operator can act on; the command line prints it and exits with 2.

    As text it is one line that is safe to print: the sentence may quote a stranger's file.
    """

    def __str__(self) -> str:
        """The sentence, as `printable.shown` shows it."""
        return shown(super().__str__())


class ConfigError(LerecordError):
    """A hardware config, a calibration or an option is not usable."""


class DeviceError(LerecordError):
    """An arm, a servo, a port or a camera does not do what the config says."""


class DatasetError(LerecordError):
    """A dataset cannot be opened, or refuses what it is asked to take."""


class HubError(LerecordError):
    """The Hugging Face Hub, or the way to it, does not do what it is asked."""
