"""Packs a folder as a container image of one layer: image.py NAME OUT.tar FOLDER CONFIG [ARCHITECTURE], with the image's settings as JSON."""

import hashlib
import io
import json
import sys
import tarfile


def digest(data):
    return hashlib.sha256(data).hexdigest()


def roots(member):
    """Gives a file to root, at a time that is the same in every build."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def layer(folder):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(folder, arcname=".", filter=roots)
    return packed.getvalue()


def main(name, out, folder, settings, architecture="amd64"):
    packed = layer(folder)
    image = {
        "architecture": architecture,
        "os": "linux",
        "config": json.loads(settings),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest(packed)}"]},
    }
    config = json.dumps(image).encode()
    manifest = [{"Config": f"{digest(config)}.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(out, "w") as archive:
        for path, data in (("layer.tar", packed), (f"{digest(config)}.json", config), ("manifest.json", json.dumps(manifest).encode())):
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


if __name__ == "__main__":
    main(*sys.argv[1:])
