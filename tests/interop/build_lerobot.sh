#!/usr/bin/env bash
# Make the virtual environment in which LeRobot's own arms run: gigabytes, and some minutes.
# Usage: tests/interop/build_lerobot.sh PLACE [PYTHON]     PYTHON is 3.12 or newer
set -euo pipefail
place=${1:?usage: tests/interop/build_lerobot.sh PLACE [PYTHON]}
"${2:-python3.12}" -m venv "$place"
# An index of one's own may constrain versions; here the pins are the point.
PIP_CONSTRAINT='' "$place/bin/pip" install torch==2.9.1 torchvision==0.24.1 torchcodec==0.9.1 \
    'lerobot[dataset,hardware,dynamixel]==0.6.1'
"$place/bin/pip" list | grep -E '^(lerobot|dynamixel-sdk|torch|torchvision|torchcodec) '
