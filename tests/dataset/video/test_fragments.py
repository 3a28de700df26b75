"""A torn staged video is whole up to the fragment that the tear is in, and opens up to there."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.dataset.format.video_settings import PROFILES, Profile
from lerecord.dataset.staging import TrackWriter
from lerecord.dataset.video import opened_video, whole_part
from lerecord.errors import DatasetError
from tests.dataset.staging.test_track_writer import CAMERA, image

IMAGES = 24


@pytest.fixture(scope="module", params=list(PROFILES))
def video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    profile: Profile = request.param
    folder = tmp_path_factory.mktemp(profile)
    track = TrackWriter(folder, CAMERA, 30, PROFILES[profile])
    for number in range(IMAGES):
        track.add(image(number))
    track.finish()
    return folder / "front.video"


def packets(path: Path) -> int:
    size_bytes = whole_part(path).size_bytes
    with opened_video(path, size_bytes=size_bytes) as (container, stream):
        return sum(1 for packet in container.demux(stream) if packet.size)


def ends(data: bytes) -> list[int]:
    """Where the header and each fragment end."""
    found, at = [], 0
    while at < len(data):
        at += int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] != b"mdat":
            found.append(at)
    return found[1:-1]  # not behind ftyp, nor behind the index at the end


def test_a_whole_video_is_whole(video: Path) -> None:
    assert whole_part(video).images == IMAGES == packets(video)
    assert whole_part(video).size_bytes == ends(video.read_bytes())[-1]


@given(share=st.floats(0, 1), tail=st.integers(0, 4096), hole=st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_is_before_a_tear_is_whole_and_opens(
    video: Path, share: float, tail: int, hole: bool
) -> None:
    """Cut off there; or with zeros from there on, to the end or with data behind them again."""
    data = video.read_bytes()
    places = ends(data)
    at = round(share * places[-1])
    at = max(at, places[0]) if hole else at  # the header is synced long before
    torn = video.with_name("torn")
    torn.write_bytes(data[:at] + bytes(tail) + (data[at + tail :] if hole else b""))
    part = whole_part(torn)
    before = max((each for each in places if each <= at), default=0)
    assert part.size_bytes >= before
    if part.images:
        assert packets(torn) == part.images
    if not hole and at < places[-1]:
        behind = [each for each in places if each <= part.size_bytes]
        # The rest of a fragment may be zeros itself; what decodes is not known from the structure.
        assert part.size_bytes == (behind[-1] if behind else 0)


def test_what_is_no_video_has_nothing_whole(tmp_path: Path) -> None:
    path = tmp_path / "front.video"
    for data in (b"", b"x", bytes(5000), b"\x00\x00\x00\x09ftyp" * 20):
        path.write_bytes(data)
        assert (whole_part(path).size_bytes, whole_part(path).images) == (0, 0)
    with pytest.raises(DatasetError, match="is missing"):
        whole_part(tmp_path / "none")
