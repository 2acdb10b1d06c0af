"""The lock of a folder of results, as ``data.lock`` makes it."""

from data.lock import hold_lock as hold_lock
