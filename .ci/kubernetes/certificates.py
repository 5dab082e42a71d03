"""Keys, certificates and kubeconfigs of a node, which live as long as it does."""

import json
import subprocess


def certify(state, address, service):
    """Makes the keys, certificates and kubeconfigs in the folder of a node at `address` whose API server's Service has the address `service`."""
    pki = state / "pki"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, cwd=pki, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-days", 30, "-subj", "/CN=cutout-ci")
    openssl("genrsa", "-out", "accounts.key", 2048)
    openssl("rsa", "-in", "accounts.key", "-pubout", "-out", "accounts.pub")
    api = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"]
    for name, subject, names in (
        ("api", "/CN=kube-apiserver", [f"DNS:{name}" for name in api] + [f"IP:{ip}" for ip in ("127.0.0.1", service, address)]),
        ("admin", "/O=system:masters/CN=admin", []),
        ("aggregator", "/CN=aggregator", []),
        ("kubelet", "/O=system:nodes/CN=system:node:node", ["DNS:node", f"IP:{address}"]),
    ):
        extensions = "extendedKeyUsage=serverAuth,clientAuth\n" + (f"subjectAltName={','.join(names)}\n" if names else "")
        (pki / f"{name}.ext").write_text(extensions)
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", f"{name}.crt", "-days", 30, "-extfile", f"{name}.ext")
    for user in ("admin", "kubelet"):
        cluster = {"server": f"https://{address}:6443", "certificate-authority": str(pki / "ca.crt")}
        credentials = {"client-certificate": str(pki / f"{user}.crt"), "client-key": str(pki / f"{user}.key")}
        (state / f"{user}.conf").write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "node",
            "clusters": [{"name": "node", "cluster": cluster}],
            "users": [{"name": user, "user": credentials}],
            "contexts": [{"name": "node", "context": {"cluster": "node", "user": user}}],
        }))
