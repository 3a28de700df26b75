"""Camera drivers: open, read, close."""
