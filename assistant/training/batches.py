"""Groups of rows as tensors of a few fixed shapes: oneDNN compiles a kernel for every shape it meets, and keeps it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from assistant.evidence.encode import Encoded, Passage, encode
from assistant.training.groups import Group
from assistant.training.sets import Claim, Row

LENGTHS = (64, 96, 128, 160, 192, 224, 256, 320, 400)
TOKENS = 5_120
"""Of a batch, where nothing else is asked: 80 short rows, or 12 of the longest."""


@dataclass(frozen=True, slots=True)
class Batch:
    """`sentence` numbers the sentences through the batch; `group` and `gold` have an entry for each of them. See `network` for the rest."""

    ids: Tensor
    kinds: Tensor
    mask: Tensor
    sentence: Tensor
    group: Tensor
    gold: Tensor
    groups: int
    spans: Tensor
    claims: Tensor

    def to(self, device: str) -> "Batch":
        """The same on another device."""
        moved = {field.name: value.to(device) for field in fields(self) if isinstance(value := getattr(self, field.name), Tensor)}
        return replace(self, **moved)


@dataclass(frozen=True, slots=True)
class _Item:
    """An encoded row with its sentences' labels; or a claim (`label`) with its evidence."""

    encoded: Encoded
    gold: tuple[bool, ...] = ()
    span: tuple[int, int] | None = None
    label: int | None = None


def batches(groups: Iterable[Group], tokenizer: Any, tokens: int = TOKENS) -> Iterator[Batch]:
    """Batches of rows of about one length, of so many tokens; a group is never divided. The last rows, too few for a batch, are left out."""
    waiting: dict[int, list[list[_Item]]] = {length: [] for length in LENGTHS}
    for group in groups:
        items = _items(group, tokenizer)
        length = next(n for n in LENGTHS if n >= max(len(item.encoded.ids) for item in items))
        if sum(map(len, waiting[length])) + len(items) > tokens // length:
            yield _batch(waiting[length], length, tokens // length)
            waiting[length] = []
        waiting[length].append(items)


def _items(group: Group, tokenizer: Any) -> list[_Item]:
    if isinstance(group, Claim):
        (encoded,) = encode(tokenizer, group.claim, [Passage("", group.evidence, ((0, len(group.evidence)),))])
        return [_Item(encoded, label=group.label)]
    return [_item(row, encoded) for row, encoded in zip(group, encode(tokenizer, group[0].question, [passage_of(row) for row in group]), strict=True)]


def passage_of(row: Row) -> Passage:
    """The passage of a row as the model reads it."""
    return Passage.of(row.over, row.sentences)


def _item(row: Row, encoded: Encoded) -> _Item:
    read = max(encoded.sentence, default=-1) + 1
    return _Item(encoded, tuple(n in row.gold for n in range(read)), _tokens_of_answer(row, encoded))


def _tokens_of_answer(row: Row, encoded: Encoded) -> tuple[int, int] | None:
    """The first and last token of the short answer in the whole row."""
    if row.answer is None:
        return None
    number, start, end = row.answer
    before = passage_of(row).sentences[number][0]
    inside = [place for place, (a, b) in enumerate(encoded.spans) if a < before + end and b > before + start]
    return (encoded.first + inside[0], encoded.first + inside[-1]) if inside else None


def _batch(groups: Sequence[Sequence[_Item]], length: int, size: int) -> Batch:
    ids, kinds, mask = (torch.zeros(size, length, dtype=torch.int64) for _ in range(3))
    sentence = torch.full((size, length), -1)
    mask[:, 0] = 1  # Rows left empty must see something.
    group_of: list[int] = []
    gold: list[bool] = []
    spans, claims = [], []
    place = 0
    for number, group in enumerate(groups):
        for item in group:
            encoded, end = item.encoded, len(item.encoded.ids)
            ids[place, :end] = torch.tensor(encoded.ids)
            mask[place, :end] = 1
            kinds[place, encoded.asked : end] = 1
            if item.label is not None:
                claims.append((place, item.label))
            else:
                numbers = torch.tensor(encoded.sentence)
                sentence[place, encoded.first : encoded.first + len(numbers)] = torch.where(numbers >= 0, numbers + len(gold), -1)
                gold += item.gold
                group_of += [number] * len(item.gold)
                spans += [(place, *item.span)] if item.span else []
            place += 1
    return Batch(
        ids, kinds, mask, sentence, torch.tensor(group_of, dtype=torch.int64), torch.tensor(gold, dtype=torch.float32), len(groups),
        torch.tensor(spans, dtype=torch.int64).reshape(-1, 3), torch.tensor(claims, dtype=torch.int64).reshape(-1, 2),
    )  # fmt: skip
