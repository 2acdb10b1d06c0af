"""What surrounds compilation and sampling."""

from __future__ import annotations

import signal

import pytest

from inference.fit import interrupts_kept


def test_interrupt_that_the_compiler_drops_is_raised_afterwards():
    before = signal.getsignal(signal.SIGINT)
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts_kept():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:  # as a C callback does
            done.append("dropped")
        done.append("went on")
    assert done == ["dropped", "went on"]
    assert signal.getsignal(signal.SIGINT) is before


def test_without_an_interrupt_nothing_is_raised():
    with interrupts_kept():
        pass
