"""Tiny transformers made on the spot, in the form of sentence-transformers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ENGLISH = ["red leather shoes", "garden hose", "wireless headphones", "novel about the sea"]
CHINESE = "星际穿越科幻电影宇航员穿越虫洞，为人类寻找新的家园流浪地球带着逃离太阳系从入门到实践"
CHINESE += "编程书籍零基础学习算法导论计算机科学的经典教材."


def make_folder(folder: Path, texts: list[str], seed: int) -> Path:
    """A two-layer BERT with a WordPiece vocabulary of the characters and words of `texts`, sorted:
    a trained vocabulary has another order in every process."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    normalizer = normalizers.BertNormalizer()
    cutter = pre_tokenizers.BertPreTokenizer()
    words = {
        word
        for text in texts
        for word, _ in cutter.pre_tokenize_str(normalizer.normalize_str(text))
    }
    letters = {letter for word in words for letter in word}
    pieces = sorted(words | letters | {f"##{letter}" for letter in letters})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *pieces]
    numbered = {piece: place for place, piece in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(numbered, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = cutter
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(kinds.items())
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True})
    )
    return folder


@pytest.fixture
def tiny_folder(tmp_path: Path) -> Path:
    """An encoder that knows a few English words."""
    return make_folder(tmp_path / "tiny-english", ENGLISH, 1)


@pytest.fixture
def chinese_folder(tmp_path: Path) -> Path:
    """An encoder that knows some Chinese characters and Latin letters."""
    return make_folder(tmp_path / "tiny-chinese", [CHINESE, "python"], 2)
