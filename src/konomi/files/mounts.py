"""Whether a folder is on another machine's disk, where locks and fsync promise less than on one's own."""

import os
from pathlib import Path

NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.glusterfs")


def over_network(folder: Path, table: Path = Path("/proc/self/mountinfo")) -> str:
    """The kind of the network file system that a folder is on; "" for any other, and where the system does not tell."""
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    path, kind, longest = os.path.realpath(folder), "", 0
    for line in lines:
        mount, _, rest = line.partition(" - ")
        point = mount.split(" ")[4].replace("\\040", " ")
        if os.path.commonpath([path, point]) == point and len(point) >= longest:  # of equal ones the last lies above
            kind, longest = rest.split(" ")[0], len(point)
    return kind if kind in NETWORK else ""
