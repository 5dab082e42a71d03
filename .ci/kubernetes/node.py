#!/usr/bin/env python3
"""Kubernetes with one node in namespaces of its own (network, processes, mounts).

    node.py start STATE PROGRAMS   starts it, with what .ci/kubernetes/build has put into PROGRAMS
    node.py in STATE COMMAND…      runs a command inside, with kubectl and helm on the path
    node.py stop STATE             ends it

Nothing of it is reachable on this machine's network or left on its disk outside STATE, and all of it ends with its first process.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import control_groups
from certificates import certify

ADDRESS = "10.244.0.1"
PODS = "10.244.0.0/24"
SERVICES = "10.96.0.0/16"
KUBERNETES, DNS = "10.96.0.1", "10.96.0.10"
METRICS_PORT = 10350
PATIENCE = 240  # seconds


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def start(state, programs):
    state.mkdir(parents=True)
    namespaces = ["unshare", "--net", "--pid", "--mount", "--propagation", "slave", "--fork", "--kill-child"]
    with open(state / "log", "w") as log:
        inside = subprocess.Popen(
            [*namespaces, sys.executable, __file__, "inside", state, programs],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )
    deadline = time.monotonic() + PATIENCE
    while not (state / "ready").exists():
        if inside.poll() is not None or time.monotonic() > deadline:
            inside.kill()
            sys.exit(f"the node did not become ready:\n{(state / 'log').read_text()[-4000:]}")
        time.sleep(0.1)


def entered(state, command):
    """The command line that runs a command inside."""
    env = [f"{name}={value}" for name, value in settings(state).items()]
    target = (state / "pid").read_text()
    # The folder is resolved inside: entered from outside it would be one without the mounts there.
    return ["nsenter", f"--target={target}", "--net", "--mount", "--pid", f"--wdns={os.getcwd()}", "env", *env, *command]


def settings(state):
    programs = (state / "programs").read_text()
    return {
        "PATH": f"{programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(state / "home"),
        "KUBECONFIG": str(state / "admin.conf"),
    }


def stop(state):
    pid = (state / "pid").read_text()
    os.kill(int(pid), signal.SIGKILL)
    control_groups.remove(pid)


class Node:
    def __init__(self, state, programs):
        self.state, self.programs = state, programs
        self.processes = {}

    def run(self):
        # Still the machine's /proc, so this is the process as it is known outside.
        (self.state / "pid").write_text(os.readlink("/proc/self"))
        (self.state / "programs").write_text(str(self.programs))
        self.mount()
        self.connect()
        certify(self.state, ADDRESS, KUBERNETES)
        os.environ.update(settings(self.state))
        self.control_plane()
        self.worker()
        self.names()
        self.metrics()
        self.until("kubectl", "get", "serviceaccount", "default")
        (self.state / "ready").touch()
        name, status = self.wait()
        sys.exit(f"{name} ended with {status}:\n{(self.state / 'logs' / f'{name}.log').read_text()[-2000:]}")

    def mount(self):
        """Gives the node folders of its own where its programs have fixed ones."""
        run("mount", "-t", "proc", "proc", "/proc")
        for place in ("/var/lib", "/var/log", "/run"):
            own = self.state / place[1:]
            own.mkdir(parents=True)
            run("mount", "--bind", own, place)
        kubelet = pathlib.Path("/var/lib/kubelet")
        kubelet.mkdir()
        run("mount", "--bind", kubelet, kubelet)
        run("mount", "--make-rshared", kubelet)
        for name in ("pki", "logs", "cni", "home"):
            (self.state / name).mkdir()

    def connect(self):
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "pods", "type", "bridge")
        run("ip", "address", "add", f"{ADDRESS}/24", "dev", "pods")
        run("ip", "link", "set", "pods", "up")
        # The kubelet takes its own address from the default route; nothing is behind it.
        run("ip", "route", "add", "default", "via", "10.244.0.254", "dev", "pods")
        for setting in ("ip_forward", "conf/all/route_localnet"):
            pathlib.Path("/proc/sys/net/ipv4", setting).write_text("1")
        bridged = pathlib.Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
        if bridged.exists():
            bridged.write_text("1")
        addresses = {"type": "host-local", "routes": [{"dst": "0.0.0.0/0"}],
                     "ranges": [[{"subnet": PODS, "rangeStart": "10.244.0.10", "rangeEnd": "10.244.0.250", "gateway": ADDRESS}]]}
        bridge = {"type": "bridge", "bridge": "pods", "isGateway": True, "hairpinMode": True, "ipMasq": True, "ipam": addresses}
        ports = {"type": "portmap", "capabilities": {"portMappings": True}}
        self.write("cni/pods.conflist", {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge, ports]})

    def control_plane(self):
        pki, admin = self.state / "pki", self.state / "admin.conf"
        self.start("etcd", "etcd", f"--data-dir={self.state}/etcd", "--listen-client-urls=http://127.0.0.1:2379",
                   "--advertise-client-urls=http://127.0.0.1:2379", "--listen-peer-urls=http://127.0.0.1:2380", "--unsafe-no-fsync")
        self.start(
            "apiserver", "kube", "apiserver", "--etcd-servers=http://127.0.0.1:2379", f"--advertise-address={ADDRESS}", "--secure-port=6443",
            f"--service-cluster-ip-range={SERVICES}", "--allow-privileged", "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction", f"--client-ca-file={pki}/ca.crt",
            f"--tls-cert-file={pki}/api.crt", f"--tls-private-key-file={pki}/api.key",
            # The node's name is not in the DNS of the API server.
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-client-certificate={pki}/admin.crt", f"--kubelet-client-key={pki}/admin.key",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={pki}/accounts.pub", f"--service-account-signing-key-file={pki}/accounts.key",
            "--enable-aggregator-routing", f"--requestheader-client-ca-file={pki}/ca.crt", "--requestheader-allowed-names=aggregator",
            "--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={pki}/aggregator.crt", f"--proxy-client-key-file={pki}/aggregator.key",
        )
        self.until("kubectl", "get", "--raw", "/readyz")
        self.start("controllers", "kube", "controllers", f"--kubeconfig={admin}", "--use-service-account-credentials", "--leader-elect=false",
                   f"--root-ca-file={pki}/ca.crt", f"--service-account-private-key-file={pki}/accounts.key",
                   # Minutes otherwise, which a check would wait for.
                   "--horizontal-pod-autoscaler-initial-readiness-delay=5s", "--horizontal-pod-autoscaler-cpu-initialization-period=20s",
                   "--horizontal-pod-autoscaler-downscale-stabilization=20s", "--horizontal-pod-autoscaler-sync-period=5s")
        self.start("scheduler", "kube", "scheduler", f"--kubeconfig={admin}", "--leader-elect=false")

    def worker(self):
        (self.state / "containerd.toml").write_text(f"""\
version = 2
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/pause:1"
# Root without CAP_SYS_RESOURCE, as in a container, may not lower it.
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{self.state}/cni"
""")
        self.start("containerd", "containerd", f"--config={self.state}/containerd.toml")
        self.until("ctr", "version")
        self.load("localhost/pause:1", self.programs / "pause")
        (self.state / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        pki = self.state / "pki"
        self.write("kubelet.json", {
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
            "authentication": {"x509": {"clientCAFile": f"{pki}/ca.crt"}, "anonymous": {"enabled": False}, "webhook": {"enabled": True}},
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": f"{pki}/kubelet.crt", "tlsPrivateKeyFile": f"{pki}/kubelet.key",
            "clusterDomain": "cluster.local", "clusterDNS": [DNS], "resolvConf": f"{self.state}/resolv.conf",
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock", "cgroupDriver": "cgroupfs",
            "cgroupRoot": control_groups.make((self.state / "pid").read_text()),
            # Where the machine has the first version of control groups, and swap.
            "failCgroupV1": False, "failSwapOn": False,
            # A full disk of the machine is no matter of this node.
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%", "nodefs.inodesFree": "1%"},
            "imageGCHighThresholdPercent": 100,
            # Pods have two cores, as on a small node, however many the machine has.
            "systemReserved": {"cpu": str(max(0, os.cpu_count() - 2))},
        })
        self.start("kubelet", "kube", "kubelet", f"--config={self.state}/kubelet.json", f"--kubeconfig={self.state}/kubelet.conf",
                   "--hostname-override=node", f"--node-ip={ADDRESS}")
        self.write("proxy.json", {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "iptables",
            "clientConnection": {"kubeconfig": f"{self.state}/admin.conf"}, "clusterCIDR": PODS, "hostnameOverride": "node",
            "conntrack": {"maxPerCore": 0},
        })
        self.start("proxy", "kube", "proxy", f"--config={self.state}/proxy.json")
        self.until("kubectl", "get", "node", "node")
        run("kubectl", "wait", "--for=condition=Ready", "node/node", f"--timeout={PATIENCE}s")

    def names(self):
        """Starts the cluster's DNS, on the node itself."""
        (self.state / "Corefile").write_text(
            f".:53 {{\n  bind {ADDRESS}\n  errors\n  kubernetes cluster.local {{\n    kubeconfig {self.state}/admin.conf\n  }}\n}}\n")
        self.start("dns", "dns", "-conf", self.state / "Corefile")
        ports = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]
        self.on_the_node("kube-dns", ports, {"clusterIP": DNS})

    def metrics(self):
        """Starts metrics-server, on the node itself."""
        admin = self.state / "admin.conf"
        self.start("metrics-server", "metrics", f"--secure-port={METRICS_PORT}", f"--cert-dir={self.state}/pki/metrics",
                   f"--kubeconfig={admin}", f"--authentication-kubeconfig={admin}", f"--authorization-kubeconfig={admin}",
                   f"--kubelet-certificate-authority={self.state}/pki/ca.crt", "--kubelet-preferred-address-types=InternalIP",
                   f"--kubelet-client-certificate={self.state}/pki/admin.crt", f"--kubelet-client-key={self.state}/pki/admin.key",
                   "--kubelet-request-timeout=5s", "--metric-resolution=10s")
        self.on_the_node("metrics-server", [{"name": "https", "port": METRICS_PORT, "protocol": "TCP"}], {})
        self.create({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1beta1.metrics.k8s.io"},
            "spec": {"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100,
                     "insecureSkipTLSVerify": True,
                     "service": {"name": "metrics-server", "namespace": "kube-system", "port": METRICS_PORT}},
        })

    def on_the_node(self, name, ports, spec):
        """Makes a Service of something that runs on the node and in no pod."""
        where = {"name": name, "namespace": "kube-system"}
        self.create({"apiVersion": "v1", "kind": "Service", "metadata": where, "spec": spec | {"ports": ports}})
        self.create({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                     "metadata": where | {"labels": {"kubernetes.io/service-name": name}}, "ports": ports,
                     "endpoints": [{"addresses": [ADDRESS], "conditions": {"ready": True}}]})

    def create(self, document):
        run("kubectl", "create", "--filename=-", input=json.dumps(document))

    def load(self, name, program):
        """Loads an image of one program."""
        image = pathlib.Path(__file__).parent / "image.py"
        root = self.state / "root"
        root.mkdir()
        shutil.copy(program, root)
        run(sys.executable, image, name, self.state / "image.tar", root, json.dumps({"Entrypoint": [f"/{program.name}"]}))
        run("ctr", "--namespace=k8s.io", "images", "import", self.state / "image.tar")

    def write(self, path, document):
        (self.state / path).write_text(json.dumps(document))

    def start(self, name, *command):
        with open(self.state / "logs" / f"{name}.log", "w") as log:
            self.processes[name] = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)

    def until(self, *command):
        deadline = time.monotonic() + PATIENCE
        while (tried := subprocess.run(command, capture_output=True, text=True)).returncode:
            if time.monotonic() > deadline:
                sys.exit(f"{' '.join(command)}: {tried.stderr}")
            time.sleep(0.2)

    def wait(self):
        """Reaps what ends, as the first process has to; gives the first of the node's own programs that does."""
        while True:
            pid, status = os.wait()
            for name, process in self.processes.items():
                if process.pid == pid:
                    return name, status


def main():
    verb, state, *rest = sys.argv[1:] if len(sys.argv) > 2 else ("", "")
    state = pathlib.Path(state).resolve()
    if verb == "start" and len(rest) == 1:
        start(state, pathlib.Path(rest[0]).resolve())
    elif verb == "inside":
        Node(state, pathlib.Path(rest[0])).run()
    elif verb == "in" and rest:
        command = entered(state, rest)
        os.execvp(command[0], command)
    elif verb == "stop":
        stop(state)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
