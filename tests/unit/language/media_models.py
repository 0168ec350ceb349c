"""Small models with two towers, made on the spot and saved as the real ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

SIDE = 32


def word_tokenizer(words: list[str]) -> Any:
    """A tokenizer that knows these words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: i for i, word in enumerate(["<pad>", "<unk>", "<s>", "</s>", *words])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 2), ("</s>", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", bos_token="<s>", eos_token="</s>",
        unk_token="<unk>",
    )  # fmt: skip


def clip(words: list[str]) -> tuple[Any, Any, Any]:
    """An untrained CLIP of a few thousand weights, its tokenizer and its eye."""
    import torch
    from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = word_tokenizer(words)
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "projection_dim": 16}
    text = CLIPTextConfig(
        vocab_size=len(tokenizer), max_position_embeddings=16, pad_token_id=0, bos_token_id=2,
        eos_token_id=3, **size, **heads,
    )  # fmt: skip
    vision = CLIPVisionConfig(image_size=SIDE, patch_size=8, **size, **heads)
    torch.manual_seed(0)
    config = CLIPConfig(
        text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=16
    )
    eye = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIDE)
    return CLIPModel(config), tokenizer, eye


def save(folder: Path, *parts: Any) -> Path:
    """A folder as the hub has it."""
    for part in parts:
        part.save_pretrained(folder)
    return folder


def taught_clip(folder: Path, pictures: list[Any], texts: list[str], steps: int = 150) -> Path:
    """A CLIP that has learned which text says which picture, by its own contrastive loss."""
    import torch

    model, tokenizer, eye = clip(sorted({word for text in texts for word in text.split()}))
    pixels = eye(images=pictures, return_tensors="pt")["pixel_values"]
    tokens = tokenizer(texts, padding=True, return_tensors="pt")
    descent = torch.optim.AdamW(model.parameters(), lr=3e-3)
    rng = np.random.default_rng(0)
    for _ in range(steps):
        order = rng.permutation(len(texts))
        rows = order[np.unique([texts[row] for row in order], return_index=True)[1]]  # one a text
        loss = model(
            input_ids=tokens["input_ids"][rows], attention_mask=tokens["attention_mask"][rows],
            pixel_values=pixels[rows], return_loss=True,
        ).loss  # fmt: skip
        descent.zero_grad()
        loss.backward()
        descent.step()
    return save(folder, model.eval(), tokenizer, eye)


def clap(folder: Path) -> Path:
    """An untrained CLAP."""
    import torch
    from transformers import (
        ClapAudioConfig,
        ClapConfig,
        ClapFeatureExtractor,
        ClapModel,
        ClapTextConfig,
    )

    torch.manual_seed(0)
    text = ClapTextConfig(
        vocab_size=20, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=32, projection_dim=8,
    )  # fmt: skip
    audio = ClapAudioConfig(
        num_mel_bins=16, spec_size=64, hidden_size=16, patch_embeds_hidden_size=8, depths=[1, 1],
        num_attention_heads=[1, 2], window_size=4, patch_size=4, patch_stride=[4, 4],
        enable_fusion=False, projection_dim=8, num_classes=4,
    )  # fmt: skip
    config = ClapConfig(text_config=text.to_dict(), audio_config=audio.to_dict(), projection_dim=8)
    ear = ClapFeatureExtractor(
        feature_size=16, sampling_rate=8_000, max_length_s=2, fft_window_size=256, hop_length=128,
        nb_max_samples=16_000, frequency_max=4_000, truncation="rand_trunc", padding="repeatpad",
    )  # fmt: skip
    return save(folder, ClapModel(config).eval(), word_tokenizer(["a", "low", "high", "tone"]), ear)
