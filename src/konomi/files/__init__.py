"""Files and folders that are written whole or not at all, versions with a current one, hashes, checks of output paths."""

from konomi.files.hashes import hash_array, hash_bytes, hash_file
from konomi.files.header import read_metadata
from konomi.files.locks import held
from konomi.files.manifest import CURRENT, MANIFEST, VERSIONS, current, hash_manifest, kind_of, read_manifest, write_manifest
from konomi.files.places import check_file, check_folder, first_bytes
from konomi.files.versions import new_version, open_current
from konomi.files.whole import make_parents, whole_file, whole_folder, workplace

__all__ = [
    "CURRENT",
    "MANIFEST",
    "VERSIONS",
    "check_file",
    "check_folder",
    "current",
    "first_bytes",
    "hash_array",
    "hash_bytes",
    "hash_file",
    "hash_manifest",
    "held",
    "kind_of",
    "make_parents",
    "new_version",
    "open_current",
    "read_manifest",
    "read_metadata",
    "whole_file",
    "whole_folder",
    "workplace",
    "write_manifest",
]
