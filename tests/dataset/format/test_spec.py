import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.dataset.format import (
    CameraSpec,
    DatasetSpec,
    HardwareRecord,
    VideoSettings,
    calibration_differences,
    differences,
    video_from_data,
    video_to_data,
)
from lerecord.errors import ConfigError

if TYPE_CHECKING:
    from tests.dataset.conftest import Lab


def test_features_stand_in_lerobots_order_and_form(lab: "Lab") -> None:
    features = lab.spec.features()
    assert list(features) == [
        "action",
        "observation.state",
        "observation.images.front",
        "observation.images.wrist",
        "timestamp",
        "frame_index",
        "episode_index",
        "index",
        "task_index",
    ]
    assert features["action"] == {
        "dtype": "float32",
        "shape": [3],
        "names": ["shoulder_pan.pos", "elbow_flex.pos", "gripper.pos"],
    }
    assert json.dumps(features["observation.images.front"]) == (
        '{"dtype": "video", "shape": [120, 160, 3], "names": ["height", "width", "channels"], '
        '"info": {"video.height": 120, "video.width": 160, "video.codec": "h264", '
        '"video.pix_fmt": "yuv420p", "video.is_depth_map": false, "video.fps": 30, '
        '"video.channels": 3, "has_audio": false}}'
    )
    assert features["timestamp"] == {"dtype": "float32", "shape": [1], "names": None}
    assert features["task_index"] == {"dtype": "int64", "shape": [1], "names": None}


@settings(deadline=None)
@given(
    st.builds(
        DatasetSpec,
        robot_type=st.text(min_size=1),
        fps=st.integers(1, 240),
        units=st.sampled_from(["normalized", "degrees"]),
        joints=st.lists(st.text(min_size=1), max_size=4).map(tuple),
        cameras=st.lists(
            st.builds(
                CameraSpec,
                st.from_regex(r"[a-z][a-z0-9_-]{0,6}", fullmatch=True),
                st.integers(1, 900).map(lambda n: 2 * n),
                st.integers(1, 900).map(lambda n: 2 * n),
            ),
            max_size=3,
        ).map(tuple),
        video=st.builds(VideoSettings, st.sampled_from(["h264", "av1"]), crf=st.integers(0, 63))
        | st.builds(VideoSettings, st.sampled_from(["h264", "av1"]), qp=st.integers(0, 63)),
        hardware=st.builds(
            HardwareRecord,
            st.dictionaries(st.text(), st.integers() | st.text() | st.none(), max_size=3),
        ),
    )
)
def test_a_spec_survives_json(spec: DatasetSpec) -> None:
    assert DatasetSpec.from_json(spec.to_json()) == spec


def test_settings_not_given_are_those_of_the_codec() -> None:
    assert VideoSettings().encoder_options() == {
        "preset": "ultrafast",
        "qp": "22",
        "g": "2",
        "bf": "0",
        "tune": "zerolatency",
        "x264-params": "8x8dct=1:ipratio=1:no-fast-pskip=1:no-dct-decimate=1",
    }
    other = VideoSettings(preset="veryfast").encoder_options()
    assert other["x264-params"].startswith("cabac=0:no-deblock=1:ipratio=1")
    av1 = VideoSettings("av1", crf=35)
    assert av1.encoder == "libsvtav1"
    assert av1.encoder_options() == {"preset": "12", "crf": "35", "g": "2", "bf": "0"}
    assert VideoSettings(crf=19).encoder_options()["crf"] == "19"
    assert "qp" not in VideoSettings(crf=19).encoder_options()
    assert av1.live().encoder_options()["svtav1-params"] == "pred-struct=1"
    assert VideoSettings().live() == VideoSettings()
    assert video_from_data(json.loads(json.dumps(video_to_data(av1)))) == av1


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: CameraSpec("../front", 64, 48), "The camera name '../front' cannot name a folder"),
        (lambda: CameraSpec("front", 65, 48), "Camera front is 65x48; video needs an even width"),
        (
            lambda: VideoSettings(crf=19, qp=22),
            "The video has a crf of 19 and a qp of 22; give one",
        ),
        (lambda: VideoSettings("vp9"), "The video codec 'vp9' is not known"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_recorded_is_refused(make: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        make()


def test_the_settings_of_an_older_dataset_are_read() -> None:
    older = {"codec": "h264", "preset": "ultrafast", "crf": 19, "gop": 2, "options": []}
    assert video_from_data(older) == VideoSettings(crf=19, preset="ultrafast", options=())


def test_the_same_rig_has_no_differences(lab: "Lab") -> None:
    other = lab.spec_with(
        video=VideoSettings("av1"),
        hardware=lab.spec.hardware.with_entries(config={"port": "another"}, calibration={}),
    )
    assert differences(other, lab.spec) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"robot_type": "so101"}, "robot type is so101 here and koch in the dataset"),
        ({"fps": 60}, "fps is 60 here and 30 in the dataset"),
        ({"units": "degrees"}, "units is degrees here and normalized in the dataset"),
        (
            {"joints": ("a.pos",)},
            'joints is ["a.pos"] here and '
            '["shoulder_pan.pos", "elbow_flex.pos", "gripper.pos"] in the dataset',
        ),
        (
            {"cameras": (CameraSpec("front", 160, 120), CameraSpec("wrist", 640, 480))},
            "cameras.wrist is 640x480 here and 200x160 in the dataset",
        ),
    ],
)
def test_another_rig_is_told_in_words(lab: "Lab", change: dict[str, Any], sentence: str) -> None:
    assert differences(lab.spec_with(**change), lab.spec) == [sentence]


def test_a_camera_that_is_gone_and_their_order_are_differences(lab: "Lab") -> None:
    front, wrist = lab.spec.cameras
    assert differences(lab.spec_with(cameras=(front,)), lab.spec) == [
        "cameras.wrist is absent here and 200x160 in the dataset",
        'camera order is ["front"] here and ["front", "wrist"] in the dataset',
    ]
    assert differences(lab.spec_with(cameras=(wrist, front)), lab.spec) == [
        'camera order is ["wrist", "front"] here and ["front", "wrist"] in the dataset'
    ]


def test_the_identity_is_compared_field_by_field(lab: "Lab") -> None:
    identity = {"arms": {"main": {"follower": {"model": (1060, 1200), "id": (1, 3)}}}}
    other = lab.spec_with(hardware=lab.spec.hardware.with_entries(identity=identity))
    assert differences(other, lab.spec) == [
        "arms.main.follower.id is [1, 3] here and [1, 2] in the dataset"
    ]
    real = lab.spec_with(hardware=lab.spec.hardware.with_entries(simulated=False))
    assert differences(real, lab.spec) == ["simulated is false here and true in the dataset"]


def test_a_new_calibration_is_told_apart_from_a_new_rig(lab: "Lab") -> None:
    calibration = {"main": {"follower": {"gripper": {"range_min": 10, "range_max": 901}}}}
    other = lab.spec_with(hardware=lab.spec.hardware.with_entries(calibration=calibration))
    assert differences(other, lab.spec) == []
    assert calibration_differences(other, lab.spec) == [
        "calibration.main.follower.gripper.range_max is 901 here and 900 in the dataset"
    ]


def test_what_the_control_process_imports_is_light() -> None:
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, lerecord.dataset.staging.take, lerecord.dataset.format.spec\n"
            "import lerecord.dataset.format.layout\n"
            "print([m for m in ('cv2', 'av', 'pyarrow', 'pydantic') if m in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip() == "[]"


def test_a_camera_process_does_not_import_pyarrow() -> None:
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, lerecord.dataset.staging.track_writer; print('pyarrow' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip() == "False"
