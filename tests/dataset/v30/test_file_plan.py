"""Which episodes share a file: each is in one of every kind, and no file could be fuller."""

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from lerecord.dataset.v30 import Bounds, PlannedFile
from lerecord.dataset.v30 import files as v30
from lerecord.dataset.v30.file_plan import Part, places_of, planned_files

FPS = 30
KEY = "observation.images.front"
EPISODES = st.lists(
    st.tuples(
        st.integers(1, 40_000),  # frames
        st.integers(1, 3 * v30.MB),
        st.integers(1, 3 * v30.MB),
        st.sampled_from(["h264 01", "av1 02"]),
    ),
    min_size=1,
    max_size=30,
)


@given(EPISODES, st.sampled_from([0.5, 2.0, 5.0, 100.0]), st.sampled_from([0.5, 4.0, 200.0]))
def test_files_are_as_full_as_their_bounds_allow(
    episodes: list[tuple[int, int, int, str]], data_mb: float, video_mb: float
) -> None:
    lengths = [each[0] for each in episodes]
    parts = {"": [Part(each[1]) for each in episodes], KEY: [Part(*each[2:]) for each in episodes]}
    files = planned_files(parts, lengths, FPS, Bounds(data_mb, video_mb))
    for key, most_mb, most_frames in (("", data_mb, None), (KEY, video_mb, 1000 * FPS)):
        mine = [each for each in files if each.key == key]
        assert [place for each in mine for place in each.episodes] == list(range(len(episodes)))
        assert [each.number.file for each in mine] == list(range(len(mine)))
        for file in mine:
            sizes = [parts[key][place].size_bytes for place in file.episodes]
            assert file.frames == sum(lengths[place] for place in file.episodes)
            assert len({parts[key][place].header for place in file.episodes}) == 1
            if len(file.episodes) > 1:
                assert sum(sizes) < most_mb * v30.MB
                assert most_frames is None or file.frames <= most_frames
        for file, following in pairwise(mine):
            sizes = [parts[key][place].size_bytes for place in (*file.episodes, file.end)]
            assert (
                sum(sizes) >= most_mb * v30.MB
                or parts[key][file.first].header != parts[key][following.first].header
                or (most_frames is not None and file.frames + lengths[file.end] > most_frames)
            )
    assert [PlannedFile.from_data(each.to_data()) for each in files] == files


@given(EPISODES)
def test_each_episode_is_behind_the_one_before(episodes: list[tuple[int, int, int, str]]) -> None:
    lengths = [each[0] for each in episodes]
    parts = {"": [Part(each[1]) for each in episodes], KEY: [Part(*each[2:]) for each in episodes]}
    files = planned_files(parts, lengths, FPS, Bounds(4.0, 4.0))
    found = places_of(files, lengths, FPS)
    assert [each["dataset_to_index"] for each in found] == list(accumulate(lengths))
    for file in files:
        starts = [0, *accumulate(lengths[place] for place in file.episodes)]
        for place, start, end in zip(file.episodes, starts, starts[1:], strict=False):
            prefix = f"videos/{file.key}" if file.key else "data"
            assert found[place][f"{prefix}/chunk_index"] == file.number.chunk
            assert found[place][f"{prefix}/file_index"] == file.number.file
            if file.key:
                times = (f"{prefix}/from_timestamp", f"{prefix}/to_timestamp")
                assert [found[place][each] for each in times] == [start / FPS, end / FPS]
