"""Datasets on the Hugging Face Hub: sent as they were at one moment, fetched to the byte."""
