import json
import os
import subprocess
import sys
import sysconfig
from dataclasses import fields
from pathlib import Path

import pytest

from lerecord.bench import size_of
from lerecord.bench.figures import Result
from lerecord.bench.meter import Meter, family
from lerecord.errors import ConfigError

LERECORD = str(Path(sysconfig.get_path("scripts")) / "lerecord")


def test_a_bench_records_counts_and_prints_one_flat_object() -> None:
    done = subprocess.run(
        [
            *(LERECORD, "bench", "--cameras", "1", "--size", "160x120"),
            *("--seconds", "1", "--takes", "2", "--json"),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    figures = json.loads(done.stdout)
    assert list(figures) == [field.name for field in fields(Result)]
    assert next(iter(figures)) == "missed_ticks"
    assert figures["frames"] == 60
    assert figures["images_lost"] == 0
    assert figures["wait_after_save_ticks"] == 1
    assert figures["cpu_ms_per_image"] >= figures["camera_cpu_ms_per_image"] > 0
    assert figures["pss_mb"] > 10
    assert figures["psnr_y_db"] > 25


@pytest.mark.parametrize("size", ["640", "640x", "x480", "640x481", "641x480", "axb", "640x480x3"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    with pytest.raises(ConfigError, match="is not two even numbers like 640x480"):
        size_of(size)


def test_the_meter_counts_a_child_by_its_name_also_when_it_has_ended() -> None:
    code = "sum(range(30_000_000)); print('spent', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "_some"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        meter = Meter(os.getpid())
        assert child.pid in family(os.getpid())
        looks = [meter.look() for _ in family(os.getpid())]  # each counts one's memory
        running = looks[-1]
        assert running["some"].cpu_s > 0.05
        assert sum(each.pss_bytes > 0 for each in looks[0].values()) == 1
        assert running["some"].pss_bytes > 1e6
        assert running["control"].pss_bytes > 1e6
        child.communicate(b"\n")
    ended = meter.look()
    assert ended["some"].cpu_s >= running["some"].cpu_s
    assert ended["some"].pss_bytes == 0
