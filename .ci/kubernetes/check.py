"""The chart on a live cluster: check.py WORK MODULE…, inside the node, with the folders of the Go modules that have definitions."""

import pathlib
import shutil
import sys

from checks import close, skip
from native import check_native
from objects import check_objects, define
from starts import check_starts
from workloads import check_workloads

work = pathlib.Path(sys.argv[1])
define(sys.argv[2:])
check_objects()
check_workloads()
check_native()
check_starts(work)
if (work / "images/wash.tar").exists() and shutil.which("docker-registry"):
    from host_pods import start_registry
    from wash import check_hosts, check_operator

    start_registry(work)
    check_hosts(work)
    check_operator(work)
else:
    skip("wash or docker-registry is not here: no host of wasmCloud ran")
sys.exit(close())
