from pathlib import Path

import cv2
import numpy as np

from lerecord.bringup import camera_devices, contact_sheet, looked_at


def test_cameras_go_by_id_and_those_without_one_by_port(tmp_path: Path) -> None:
    by_id, by_path = tmp_path / "by-id", tmp_path / "by-path"
    for folder in (by_id, by_path):
        folder.mkdir()
    for name in ("video0", "video1", "video2"):
        (tmp_path / name).touch()
    (by_id / "usb-A-video-index0").symlink_to(tmp_path / "video0")
    (by_id / "usb-A-video-index1").symlink_to(tmp_path / "video1")  # its metadata
    (by_path / "pci-1-video-index0").symlink_to(tmp_path / "video0")
    (by_path / "pci-2-video-index0").symlink_to(tmp_path / "video2")
    assert camera_devices(by_id, by_path) == [
        str(by_id / "usb-A-video-index0"),
        str(by_path / "pci-2-video-index0"),
    ]


def test_the_sheet_shows_what_each_camera_sees() -> None:
    red = np.zeros((480, 640, 3), np.uint8)
    red[..., 2] = 255
    sheet = cv2.imdecode(
        np.frombuffer(contact_sheet({"a": red, "b": red // 2, "c": red}), np.uint8),
        cv2.IMREAD_COLOR,
    )
    assert sheet is not None
    assert sheet.shape == (2 * 264, 640, 3)
    assert [int(sheet[y, x, 2]) // 100 for y, x in ((100, 100), (100, 500), (364, 100))] == [
        2,
        1,
        2,
    ]
    assert sheet[264 + 100, 500].max() < 10


def test_a_camera_that_does_not_open_is_said(tmp_path: Path) -> None:
    (camera,) = looked_at([str(tmp_path / "video9")])
    assert camera.failure is not None
    assert (camera.width, camera.fps, camera.pixels) == (0, 0.0, None)
