"""What can go wrong with an index, as one small tree.

IndexingError            every message: the rule, the value that broke it, what to do
├── SourceError          a source that does not exist or holds nothing to read
├── LoadError            one file that cannot be read; the build names it and goes on
│   ├── ChangedError     one that is no longer what was read
│   └── PassingError     one that could not be read just now: in memory, or by the disk
│       └── LateError    one that took too long
├── ModelError           the embedding model is missing, damaged, or not the expected one
├── LockError            another build holds the index folder
└── StoreError           the index folder
    ├── NoIndexError     nothing has been built here yet
    ├── DamagedError     a stored file is missing or is not what the manifest says
    └── MismatchError    made by another format version, model, or dimension
"""


class IndexingError(Exception):
    """Something about the documents or the index that its user can mend."""


class SourceError(IndexingError):
    """A source that does not exist or holds nothing to read."""


class LoadError(IndexingError):
    """One file that cannot be read; the message is the reason."""


class ChangedError(LoadError):
    """One file that is no longer what was read."""


class PassingError(LoadError):
    """One file that could not be read just now, and may be the next time."""


class LateError(PassingError):
    """One file that took too long to be read."""


class ModelError(IndexingError):
    """The embedding model is missing, damaged, or not the expected one."""


class LockError(IndexingError):
    """Another build holds the index folder."""


class StoreError(IndexingError):
    """The index folder cannot be used as it stands."""


class NoIndexError(StoreError):
    """Nothing has been built in this folder yet."""


class DamagedError(StoreError):
    """A stored file is missing or is not what the manifest says."""


class MismatchError(StoreError):
    """The index was made by another format version, model, or dimension."""
