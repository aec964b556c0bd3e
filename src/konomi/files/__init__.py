"""Files and folders that are written whole or not at all, versions with a current one, hashes, checks of output paths."""

from konomi.files.hashes import hash_array, hash_bytes, hash_file
from konomi.files.header import read_metadata
from konomi.files.locks import alone, held
from konomi.files.manifest import CURRENT, MANIFEST, VERSIONS, current, hash_manifest, kind_of, read_manifest, write_manifest
from konomi.files.places import check_file, check_folder, first_bytes, unwritable
from konomi.files.regular import open_regular, read_regular
from konomi.files.versions import current_number, new_version, next_number, numbers, open_current, pointing
from konomi.files.whole import collect, make_parents, whole_file, whole_folder, workplace

__all__ = [
    "CURRENT",
    "MANIFEST",
    "VERSIONS",
    "alone",
    "check_file",
    "check_folder",
    "collect",
    "current",
    "current_number",
    "first_bytes",
    "hash_array",
    "hash_bytes",
    "hash_file",
    "hash_manifest",
    "held",
    "kind_of",
    "make_parents",
    "new_version",
    "next_number",
    "numbers",
    "open_current",
    "open_regular",
    "pointing",
    "read_manifest",
    "read_metadata",
    "read_regular",
    "unwritable",
    "whole_file",
    "whole_folder",
    "workplace",
    "write_manifest",
]
