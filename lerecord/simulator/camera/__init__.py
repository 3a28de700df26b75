"""Simulated cameras: rendered images as an MJPEG stream. Begin with `stream`."""
