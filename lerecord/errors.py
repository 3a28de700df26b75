"""What can go wrong, said in one sentence that names the thing, the fact and the remedy."""


class LerecordError(Exception):
    """A failure that the operator can act on; the command line prints it and exits with 2."""


class ConfigError(LerecordError):
    """A hardware config, a calibration or an option is not usable."""


class DeviceError(LerecordError):
    """An arm, a servo, a port or a camera does not do what the config says."""


class DatasetError(LerecordError):
    """A dataset cannot be opened, or refuses what it is asked to take."""


class HubError(LerecordError):
    """The Hugging Face Hub, or the way to it, does not do what it is asked."""
