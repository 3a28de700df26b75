"""Datasets on the Hugging Face Hub: sent as they were at one moment, fetched to the byte."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
