from .ports import Ports as Ports
