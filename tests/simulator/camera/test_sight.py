import socket
import threading

import numpy as np
import pytest

from lerecord.simulator.camera import Sight
from lerecord.simulator.camera.sight import SightClient
from lerecord.simulator.scene import Scene
from lerecord.simulator.scene.demonstrator import HOME


def sight() -> Sight:
    axes = np.linspace(-1.0, 1.0, 9).reshape(3, 3)
    return Sight(12345.678, 4095, Scene(HOME, np.array([0.1, -0.2, 0.3]), axes))


def test_what_is_packed_arrives() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(sight().pack())
        seen = SightClient(theirs.fileno()).look()
        assert ours.recv(10) == b"?"
    assert (seen.now, seen.pan, seen.scene.follower) == (12345.678, 4095, HOME)
    assert np.array_equal(seen.scene.box_centre, sight().scene.box_centre)
    assert np.array_equal(seen.scene.box_axes, sight().scene.box_axes)


def test_a_record_in_pieces_is_put_together() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        record = sight().pack()
        ours.sendall(record[:50])
        rest = threading.Timer(0.02, ours.sendall, (record[50:],))
        rest.start()
        assert SightClient(theirs.fileno()).look().pan == 4095
        rest.join()


def test_the_end_of_the_world_is_told() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs, pytest.raises(EOFError):
        SightClient(theirs.fileno()).look()
