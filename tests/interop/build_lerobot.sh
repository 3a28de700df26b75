#!/usr/bin/env bash
# Make a virtual environment with the real LeRobot: gigabytes, and some minutes.
# Usage: tests/interop/build_lerobot.sh VERSION PLACE [PYTHON]
#   VERSION 0.3.3 is the last writer of v2.1 datasets, 0.4.1 an early one of v3.0, 0.6.1 writes v3.0
#   and drives arms.
set -euo pipefail
usage='usage: tests/interop/build_lerobot.sh 0.3.3|0.4.1|0.6.1 PLACE [PYTHON]'
place=${2:?$usage}
case ${1:?$usage} in
0.3.3)
    python=python3.11
    torch=(torch==2.7.1 torchvision==0.22.1 torchcodec==0.5)
    lerobot=('lerobot[dynamixel,feetech]==0.3.3' 'numpy<2.4') # it takes a vector of one for a number
    ;;
0.4.1)
    python=python3.11
    torch=(torch==2.7.1 torchvision==0.22.1 torchcodec==0.5)
    lerobot=(lerobot==0.4.1)
    ;;
0.6.1)
    python=python3.12
    torch=(torch==2.9.1 torchvision==0.24.1 torchcodec==0.9.1)
    lerobot=('lerobot[dataset,hardware,dynamixel,feetech]==0.6.1')
    ;;
*)
    echo "$usage" >&2
    exit 2
    ;;
esac
"${3:-$python}" -m venv "$place"
export PIP_CONSTRAINT='' # an index of one's own may constrain versions; here the pins are the point
"$place/bin/pip" install "${torch[@]}"
"$place/bin/pip" install "${torch[@]}" "${lerobot[@]}" lazy-loader # lerecord imports through it
"$place/bin/pip" list | grep -E '^(lerobot|dynamixel-sdk|feetech-servo-sdk|datasets|av|torch|torchvision|torchcodec) '
