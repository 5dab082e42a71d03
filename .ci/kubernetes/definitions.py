"""Definitions of resources that Kubernetes does not have itself: those of the Gateway API, Envoy Gateway, Prometheus' operator, wasmCloud."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]

# wasmCloud's are in no registry.
WASMCLOUD = ROOT / "../shared/data/wasmcloud-crds"

# The Go modules that have the others, the folder there, and the files.
MODULES = {
    "sigs.k8s.io/gateway-api@v1.6.1": (
        "config/crd/standard", "gateway.networking.k8s.io", ["gatewayclasses", "gateways", "httproutes"],
    ),
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": (
        "example/prometheus-operator-crd", "monitoring.coreos.com", ["servicemonitors"],
    ),
    "github.com/kedacore/keda/v2@v2.21.0": ("config/crd/bases", "keda.sh", ["scaledobjects"]),
    "github.com/envoyproxy/gateway@v1.9.1": (
        "charts/gateway-helm/charts/crds/crds/generated", "gateway.envoyproxy.io", ["backendtrafficpolicies"],
    ),
}


def files(folders):
    """The files of all definitions; `folders` are those of the Go modules, in their order."""
    found = [
        pathlib.Path(root) / folder / f"{group}_{name}.yaml"
        for root, (folder, group, names) in zip(folders, MODULES.values(), strict=True)
        for name in names
    ]
    return found + sorted(WASMCLOUD.glob("*.yaml"))
