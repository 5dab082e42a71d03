"""The chart on a live cluster: check.py MODULE…, inside the node, with the folders of the Go modules that have definitions."""

import sys

from checks import close
from native import check_native
from objects import check_objects, define
from workloads import check_workloads

define(sys.argv[1:])
check_objects()
check_workloads()
check_native()
sys.exit(close())
