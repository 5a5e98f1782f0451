"""The training: what it makes of the data, that it goes on where it stopped, and that what ships says what was trained."""

import gzip
import json
import shutil
from pathlib import Path
from random import Random

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertModel, MPNetConfig, MPNetModel

import assistant.training.train
from assistant.evidence.encode import Passage, encode, open_tokenizer
from assistant.evidence.reader import Reader
from assistant.evidence.shipped import FOLDER, MODELS, Shipped
from assistant.training.batches import TOKENS, batches, passage_of
from assistant.training.claims import of_sentence, of_two
from assistant.training.export import export, ship
from assistant.training.groups import WRITTEN, Passes
from assistant.training.losses import TAUGHT, apart, choice_loss, claim_loss, drawn, losses, sentence_logits, span_loss
from assistant.training.network import COLUMNS, Network
from assistant.training.pairs import claims_of, said_of
from assistant.training.prune import importance, prune
from assistant.training.pruned import train_pruned
from assistant.training.questions import questions_of
from assistant.training.reopen import reopened
from assistant.training.rounding import BLOCK, HIGHEST, LOWEST, MOST, FourBits, TwoBits
from assistant.training.sets import Article, Claim, Row, held_out, misleading, read_questions, row_of, without_answer
from assistant.training.start import new_large, new_small
from assistant.training.train import Plan, resume, schedule, train
from assistant.training.twist import Kinds, negated, renamed, unanswerable, wrong
from assistant.training.written import read_written
from index.embed.model import packaged
from tests.conftest import SHARED

TOWNS = ("Alba", "Brenna", "Corvo", "Dorne", "Elstow", "Farrow", "Gretna", "Holme")


def question(n: int) -> dict[str, object]:
    town, year = TOWNS[n % len(TOWNS)], 1800 + n
    context = f"The mill of {town} was built in {year} by Anna Reed. It had {n + 2} wheels, and stood by the old river. A bridge to {town} came later."
    start = context.index(str(year))
    answerable = n % 3 > 0
    return {
        "set": "squad2_dev_part", "id": str(n), "title": f"Mills {n // 12}", "question": f"When was the mill of {town} built?", "context": context,
        "answers": [[start, start + 4]] if answerable else [], "evidence": [], "answerable": answerable,
    }  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Training sets of our own making, in the shapes of the real ones."""
    folder = tmp_path_factory.mktemp("train")
    claims = [
        {"set": "fever", "claim": f"Mill {n} has {n} wheels.", "evidence": [f"The mill {n} was given {n} wheels."], "label": "supported"} for n in range(60)
    ]
    rows: dict[str, list[dict[str, object]]] = {
        **{f"evidence_{name}": [] for name in ("squadshifts", "fairytale", "bioasq", "policy", "qamr")},
        "evidence_squad": [question(n) for n in range(300)],
        "selection_selqa": [{"set": "selqa", "id": "1", "title": "Mills", "question": "Who?", "sentences": ["Anna.", "The river."], "labels": [1, 0]}],
        "claims_fever": claims,
        "claims_nli": [{**claim, "label": "neutral"} for claim in claims],
    }  # fmt: skip
    for name, lines in rows.items():
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    (folder / "written").mkdir()
    where = "a good way up the old river, where people go on Sundays in summer, and in winter when it is frozen"
    sentences = [f"The mill of {town}, {where}, has {n + 3} wheels." for n, town in enumerate(TOWNS)]
    pairs = [
        {"on": [n], "true": f"In {town} the mill's wheels are {n + 3}.", "false": f"In {town} the mill's wheels are {n + 4}.", "label": "contradicted"}
        for n, town in enumerate(TOWNS)
    ]
    questions = [{"asked": f"How many wheels are there in {town}?", "on": [n]} for n, town in enumerate(TOWNS)]
    questions += [{"asked": "How many wheels have the mills?", "on": [0, len(TOWNS) - 1]}, {"asked": f"Who owns the mill of {TOWNS[-1]}?", "on": []}]
    (folder / "written" / "mills.json").write_text(json.dumps({"title": "Mills", "sentences": sentences, "pairs": pairs, "questions": questions}))
    return folder


def passes(data: Path) -> Passes:
    return Passes(data, data / "written")


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return open_tokenizer(packaged() / "tokenizer.json")


# --- Data ----------------------------------------------------------------------------------------------


def test_an_answer_stays_where_it_is_in_every_passage_that_is_made(data: Path) -> None:
    chance = Random(1)
    asked = read_questions(data)
    assert {one.article.title for one in asked} & {one.article.title for one in read_questions(data, held=True)} == set()
    for one in asked:
        row = row_of(one, chance)
        assert bool(row.gold) == bool(one.gold)
        if row.answer:
            sentence, start, end = row.answer
            assert sentence in row.gold
            assert row.sentences[sentence][start:end].isdecimal()
            assert not any(f"built in {row.sentences[sentence][start:end]}" in text for text in without_answer(row).sentences)


def test_what_misleads_is_of_the_same_article_and_does_not_hold_the_answer(data: Path) -> None:
    chance = Random(1)
    for one in read_questions(data)[:50]:
        other = misleading(one, chance)
        assert other is not None
        assert not other.gold
        assert " ".join(other.sentences) != one.context.text
        assert any(" ".join(other.sentences) in context.text for context in one.article.contexts)


def test_a_twist_changes_something_and_what_is_renamed_alike_still_answers(data: Path) -> None:
    chance, twisted = Random(1), 0
    for one in read_questions(data):
        row = row_of(one, chance)
        if not row.gold:
            continue
        kinds = Kinds(one.article)
        if other := unanswerable(row, kinds, chance):
            twisted += 1
            assert not other.gold
            assert (other.question, other.sentences) != (row.question, row.sentences)
        if (same := renamed(row, kinds, chance)) and same.answer and row.answer:
            assert same.sentences[same.answer[0]][slice(*same.answer[1:])].isdecimal()
            assert same.question != row.question
    assert twisted > 150


def test_negation_goes_in_and_comes_out() -> None:
    assert negated("Who was not there?", Random(1)) == "Who was there?"
    assert negated("Who was there?", Random(1)) in ("Who was not there?", "Who wasn't there?")
    assert negated("The mill.", Random(1)) is None


def test_a_wrong_claim_is_contradicted(data: Path) -> None:
    kinds = Kinds(read_questions(data)[0].article)
    made = [wrong(Claim("The mill of Alba was built in 1850.", "The mill of Alba was built in 1850.", 0), kinds, Random(n)) for n in range(20)]
    assert {claim.label for claim in made if claim} == {1}
    assert all(claim.claim != claim.evidence for claim in made if claim)


def test_what_is_left_out_of_the_evidence_is_not_said_and_what_is_in_it_is(data: Path) -> None:
    """Each town's mill is told of in one paragraph: the year, the wheels and the bridge stand in sentences of their own."""
    asked = [one for one in read_questions(data) if one.gold]
    made = [claim for n, one in enumerate(asked) for claim in of_sentence(row_of(one, Random(n)), Kinds(one.article), Random(n))]
    assert {claim.label for claim in made} == {0, 1, 2}
    for claim in made:
        parts = claim.claim.removesuffix(".").split(", and ")
        said = all(part.split(" (")[0].rstrip(".") in claim.evidence for part in parts)
        assert said if claim.label == 0 else not said


def test_two_answers_in_one_claim_are_said_only_where_both_are() -> None:
    sentences = ("The mill was built in 1850.", "Anna Reed paid for it.")
    when = Row("When was the mill built?", "Mills", sentences, frozenset({0}), (0, 22, 26))
    who = Row("Who paid for it?", "Mills", sentences, frozenset({1}), (1, 0, 9))
    kinds = Kinds(Article("Mills"))
    made = [claim for n in range(60) if (claim := of_two(when, who, kinds, Random(n)))]
    assert {claim.claim for claim in made if claim.label == 0} == {
        "The mill was built in 1850, and Anna Reed paid for it.",
        "Anna Reed paid for it, and The mill was built in 1850.",
    }
    assert all(claim.evidence == " ".join(sentences) for claim in made if claim.label < 2)
    assert {claim.evidence for claim in made if claim.label == 2} == set(sentences)


@pytest.mark.parametrize("kind", ["groups", "claims"])
def test_a_pass_is_the_same_for_the_same_seed(kind: str, data: Path) -> None:
    first, again, other = (list(getattr(passes(data), kind)(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_pass_for_the_judge_holds_claims_alone(data: Path) -> None:
    made = list(passes(data).claims(1))
    assert all(isinstance(claim, Claim) for claim in made)
    assert {claim.label for claim in made} == {0, 1, 2}


@pytest.mark.skipif(not (SHARED / "data" / "train").is_dir(), reason="the training sets are not here")
def test_the_real_sets_are_read_and_what_is_held_out_is_not_trained_on() -> None:
    asked = read_questions(SHARED / "data" / "train")
    assert len(asked) > 80_000
    assert not any(held_out(one.article.title) for one in asked if one.set.startswith("squad"))


# --- The network ---------------------------------------------------------------------------------------


def test_batches_number_sentences_through_and_keep_groups_whole(tokenizer: Tokenizer) -> None:
    row = Row("When?", "Mills", ("It was built in 1850.", "It burnt."), frozenset({0}), (0, 16, 20))
    groups = [[row, Row("When?", "Mills", ("Nothing.",))], Claim("It burnt.", "It burnt down.", 0)] * 40
    batch = next(batches(groups, tokenizer))
    assert batch.ids.shape == (TOKENS // 64, 64)
    assert batch.groups == 53
    assert batch.gold.tolist()[:6] == [1, 0, 0, 1, 0, 0]
    assert batch.group.tolist()[:6] == [0, 0, 0, 2, 2, 2]
    (encoded,) = encode(tokenizer, row.question, [passage_of(row)])
    first, last = batch.spans[0, 1:].tolist()
    assert tokenizer.decode(batch.ids[0, first : last + 1].tolist()) == "1850"
    assert batch.sentence[0, encoded.first] == 0
    assert batch.claims[0].tolist() == [2, 0]


def test_the_loss_is_the_cross_entropy_of_a_choice_with_nothing_in_it() -> None:
    logits, group, gold = torch.tensor([2.0, -1.0, 0.5]), torch.tensor([0, 0, 1]), torch.tensor([1.0, 0.0, 0.0])
    expected = -torch.log_softmax(torch.tensor([0.0, 2.0, -1.0]), 0)[1] - torch.log_softmax(torch.tensor([0.0, 0.5]), 0)[0]
    assert torch.isclose(choice_loss(logits, group, gold, 2), expected)


def test_a_teacher_s_choice_is_aimed_at_beside_the_label() -> None:
    """Where the network says what the teacher says, the loss is the cross-entropy of both with what is aimed at; any other figures make it larger."""
    group, gold = torch.tensor([0, 0]), torch.tensor([1.0, 0.0])
    taught = torch.tensor([2.0, 1.0])
    told = torch.softmax(torch.tensor([0.0, 2.0, 1.0]), 0)
    aim = (1 - TAUGHT) * torch.tensor([0.0, 1.0, 0.0]) + TAUGHT * told
    assert torch.isclose(choice_loss(taught, group, gold, 1, taught), -(aim * told.log()).sum())
    best = torch.log(aim[1:] / aim[0])
    assert choice_loss(best, group, gold, 1, taught) < choice_loss(taught, group, gold, 1, taught)
    assert choice_loss(best, group, gold, 1, taught) < choice_loss(best + 0.1, group, gold, 1, taught)


@pytest.mark.parametrize("loss", ["span", "claim"])
def test_where_a_teacher_is_as_sure_as_the_label_it_changes_nothing(loss: str) -> None:
    read, taught = torch.randn(2, 6, 7), torch.zeros(2, 6, 7)
    inside = torch.tensor([[False, True, True, True, True, False]] * 2)
    if loss == "span":
        places = torch.tensor([[0, 2, 3], [1, 1, 4]])
        for row, first, last in places.tolist():
            taught[row, first, 2] = taught[row, last, 3] = 50.0
        assert torch.isclose(span_loss(read, inside, places, taught), span_loss(read, inside, places))
        assert not torch.isclose(span_loss(read, inside, places, taught.flip(1)), span_loss(read, inside, places))
    else:
        places = torch.tensor([[0, 2], [1, 0]])
        taught[0, 0, 6] = taught[1, 0, 4] = 50.0
        assert torch.isclose(claim_loss(read, places, taught), claim_loss(read, places))
        assert not torch.isclose(claim_loss(read, places, taught.flip(0)), claim_loss(read, places))


def test_a_sentence_is_the_weighted_mean_of_its_tokens() -> None:
    read = torch.zeros(1, 4, 7)
    read[0, :, 0] = torch.tensor([1.0, 3.0, 5.0, 100.0])
    assert sentence_logits(read, torch.tensor([[0, 0, 1, -1]]), 2).tolist() == [2.0, 5.0]


def test_the_rate_rises_stays_and_falls() -> None:
    assert [round(schedule(step, 4000), 3) for step in (100, 200, 3000, 3500, 4000)] == [0.5, 1.0, 1.0, 0.5, 0.01]
    assert [round(schedule(step, 200), 3) for step in (5, 10, 150, 175)] == [0.5, 1.0, 1.0, 0.5]
    assert [round(schedule(step, 200, 0.0), 3) for step in (5, 175, 200)] == [0.5, 1.0, 1.0]


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(data: Path, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = assistant.training.train.save

    def save(folder: Path, network: Network, optimizer: torch.optim.Optimizer, step: int) -> None:
        real(folder, network, optimizer, step)
        shutil.copytree(folder, tmp_path / f"step-{step}", dirs_exist_ok=True)

    monkeypatch.setattr(assistant.training.train, "save", save)
    monkeypatch.setattr(assistant.training.train, "EVERY", 0.0)
    whole, resumed = (new_small(packaged(), 5) for _ in range(2))
    plan = Plan(steps=3, seed=5, rate=1e-4)
    train(whole, passes(data).groups, tmp_path / "whole", tokenizer, plan)
    train(resumed, passes(data).groups, tmp_path / "step-1", tokenizer, plan)
    assert resume(tmp_path / "step-3", whole) == 3
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_what_ships_reads_what_was_trained_and_the_card_says_which(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """A card's joining is of the models that it was fitted to: it goes with any of them."""
    network, folder = new_small(packaged(), 5), tmp_path / "model"
    network.round_words()
    network.round_matrices(rounded=True)
    row = Row("When was the mill built?", "Mills", ("The mill was built in 1850.", "It burnt."))
    batch = next(batches([[row]] * 200, tokenizer))
    with torch.no_grad():
        read = network(batch.ids[:1], batch.kinds[:1], batch.mask[:1])
    for model in ("skim", "evidence"):
        ship(network, packaged() / "tokenizer.json", folder, model, {"steps": 3})
    (told,) = Reader(Shipped(folder)).read(row.question, [passage_of(row)])
    assert np.allclose(told.logits, sentence_logits(read, batch.sentence[:1], 2).tolist(), atol=0.2)
    card = folder / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "joined": {"bar": 0.2, "claim bars": [0.9, 0.5]}}))
    ship(network, packaged() / "tokenizer.json", folder, "claims", {"steps": 0})
    assert json.loads(card.read_text())["joined"] == {"bar": 0.2}
    ship(network, packaged() / "tokenizer.json", folder, "skim", {"steps": 4})
    assert json.loads(card.read_text())["joined"] == {}
    assert Shipped(folder).card["models"] == {"skim": {"steps": 4}, "evidence": {"steps": 3}, "claims": {"steps": 0}}


# --- The large network --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trunk for a teacher: MPNet with all of its parts, small, with weights of chance, and the word pieces of the packaged model under other numbers."""
    folder = tmp_path_factory.mktemp("large")
    pieces = json.loads((packaged() / "tokenizer.json").read_bytes())["model"]["vocab"]
    vocabulary = {"<s>": 0, "<pad>": 1, "</s>": 2, **{piece: id + 3 for piece, id in pieces.items() if piece not in ("[CLS]", "[SEP]", "[PAD]")}}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
    torch.manual_seed(0)
    config = MPNetConfig(vocab_size=max(vocabulary.values()) + 1, hidden_size=64, num_hidden_layers=3, num_attention_heads=2, intermediate_size=96)
    MPNetModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def test_both_networks_read_what_their_libraries_would_read(large: Path, tokenizer: Tokenizer) -> None:
    (encoded,) = encode(tokenizer, "Who?", [Passage.of("Mills", ["Anna Reed."])])
    ids, mask = torch.tensor([[*encoded.ids, 0, 0]]), torch.tensor([[1] * len(encoded.ids) + [0, 0]])
    kinds = torch.tensor([[n >= encoded.asked for n in range(ids.shape[1])]]).long()
    vocabulary = json.loads((large / "tokenizer.json").read_bytes())["model"]["vocab"]
    named = {"[CLS]": "<s>", "[SEP]": "</s>", "[PAD]": "<pad>"}
    renumbered = torch.tensor([[vocabulary[named.get(piece, piece)] for piece in map(tokenizer.id_to_token, ids[0].tolist())]])
    bert = BertModel.from_pretrained(str(packaged()), add_pooling_layer=False).eval()
    mpnet = MPNetModel.from_pretrained(str(large), add_pooling_layer=False).eval()
    with torch.no_grad():
        for network, its_kinds, states in (
            (new_small(packaged(), 1), kinds, bert(ids, token_type_ids=kinds, attention_mask=mask).last_hidden_state),
            (new_large(large, packaged() / "tokenizer.json", 1), torch.zeros_like(ids), mpnet(renumbered, attention_mask=mask).last_hidden_state),
        ):
            assert torch.allclose(network.eval()(ids, its_kinds, mask)[mask > 0], network.heads(states)[mask > 0], atol=1e-5)


def test_a_trunk_with_other_word_pieces_is_refused(large: Path, tmp_path: Path) -> None:
    shutil.copytree(large, tmp_path / "other")
    (tmp_path / "other" / "tokenizer.json").write_text('{"model": {"vocab": {"<s>": 0, "</s>": 1, "<pad>": 2, "mill": 3}}}')
    with pytest.raises(ValueError, match="other word pieces"):
        new_large(tmp_path / "other", packaged() / "tokenizer.json", 1)


@pytest.mark.slow
def test_a_student_comes_nearer_to_its_teacher(data: Path, tokenizer: Tokenizer, large: Path, tmp_path: Path) -> None:
    teacher, student = new_large(large, packaged() / "tokenizer.json", 1), new_small(packaged(), 1)
    train(teacher, passes(data).both, tmp_path / "teacher", tokenizer, Plan(steps=2, seed=1, rate=1e-4, tokens=1024))
    teacher.heads.bias.data[4:] = torch.tensor([0.0, 0.0, 6.0])  # It has hardly learnt a thing: let it hold an opinion.
    batch = next(batches(list(passes(data).claims(9)), tokenizer, 1024))

    def apart() -> float:
        with torch.no_grad():
            told, taught = (network(batch.ids, batch.kinds, batch.mask).float() for network in (student, teacher.eval().float()))
        return float(sum(losses(told, batch, taught)))

    before = apart()
    train(student, passes(data).claims, tmp_path / "claims", tokenizer, Plan(steps=6, seed=1, rate=3e-4, tokens=1024), teacher)
    assert apart() < 0.9 * before
    assert resume(tmp_path / "teacher", teacher) == 2


# --- What ships: pruned, and of few bits ---------------------------------------------------------------


def test_a_matrix_of_four_bits_is_the_nearest_that_its_steps_allow() -> None:
    weight = torch.randn(6, 3 * BLOCK, generator=torch.Generator().manual_seed(0)) * torch.tensor([0.01, 0.1, 1.0]).repeat_interleave(BLOCK)
    rounded = FourBits.of(weight)
    assert rounded.codes.min() >= LOWEST
    assert rounded.codes.max() <= HIGHEST
    assert set(rounded.steps.unique().tolist()) <= set(range(1, MOST + 1))
    step = (rounded.steps * rounded.scale).expand(rounded.codes.shape).flatten(1)
    inside = weight.abs() <= HIGHEST * step
    assert torch.all((rounded.value - weight).abs()[inside] <= step[inside] / 2 + 1e-7)
    assert inside.float().mean() > 0.9


def test_word_vectors_of_two_bits_keep_nine_tenths_of_what_tells_them_apart() -> None:
    vectors = torch.randn(500, 64, generator=torch.Generator().manual_seed(0)) * torch.linspace(0.5, 2.0, 64) + torch.linspace(-1, 1, 64)
    rounded = TwoBits.of(vectors)
    assert len(rounded.codes.unique()) == 4
    left = (rounded.value - vectors).square().sum() / (vectors - vectors.mean(0)).square().sum()
    assert left < 0.13


def test_labels_are_drawn_as_often_as_the_network_thinks_them_likely(tokenizer: Tokenizer) -> None:
    row = Row("When?", "Mills", ("It was built in 1850.", "It burnt."), frozenset({0}), (0, 16, 20))
    batch = next(batches([[row], Claim("It burnt.", "It burnt down.", 0)] * 60, tokenizer))
    chance = torch.Generator().manual_seed(0)
    read = torch.zeros(*batch.ids.shape, len(COLUMNS))
    told = drawn(read, batch, chance)
    assert torch.bincount(told.group[told.gold > 0]).max() == 1
    assert told.gold.mean() == pytest.approx(1 / 3, abs=0.1), "two sentences, and none of them"
    assert len(told.claims[:, 1].unique()) == 3
    assert len(told.spans[:, 1].unique()) > 5
    read[..., 0] = torch.where(batch.sentence % 2 == 1, 30.0, -30.0)
    read[:, 0, 6] = 30.0
    read[:, 12, 2] = read[:, 14, 3] = 30.0
    told = drawn(read, batch, chance)
    assert told.gold.tolist() == [0.0, 1.0] * (len(told.gold) // 2)
    assert told.claims[:, 1].eq(2).all()
    assert told.spans[:, 1:].tolist() == [[12, 14]] * len(told.spans)
    assert torch.equal(told.spans[:, 0], batch.spans[:, 0])
    read[..., 0] = -30.0
    assert not drawn(read, batch, chance).gold.any()
    assert batch.gold.any(), "the batch itself is as it was"


def test_what_tells_least_is_pruned_first(large: Path, data: Path, tokenizer: Tokenizer) -> None:
    network = new_large(large, packaged() / "tokenizer.json", 1)
    with torch.no_grad():  # Nobody hears the second head, nor the last 64 units.
        for layer in network.layers:
            layer.attended.weight[:, 32:] = 0
            layer.contract.weight[:, BLOCK:] = 0
    batch = next(batches(list(passes(data).claims(9)), tokenizer, 1024))
    with torch.no_grad():
        before = network.eval()(batch.ids, batch.kinds, batch.mask)
    prune(network, importance(network, [batch]), sum(4 * 64 * 32 + 2 * 64 * BLOCK for _ in network.layers))
    assert [(layer.kept.tolist(), layer.expand.out_features) for layer in network.layers] == [([0], BLOCK)] * 3
    with torch.no_grad():
        after = network.eval()(batch.ids, batch.kinds, batch.mask)
    assert torch.allclose(after[batch.mask > 0], before[batch.mask > 0], atol=1e-5)
    assert all(parameter.requires_grad == ("word_embeddings" not in name) for name, parameter in network.named_parameters())


def test_states_are_as_far_apart_as_they_differ() -> None:
    states = [torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(n)) for n in range(3)]
    mask = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    assert apart(states, states, mask) == 0
    beyond = [state.clone() for state in states]
    for state in beyond:
        state[0, 3:] = 9.0  # Where the mask hides them.
    assert apart(beyond, states, mask) == 0
    moved = [*states[:2], states[2] + states[2][mask > 0].std()]
    assert apart(moved, states, mask).item() == pytest.approx(1.0, abs=0.05)
    assert apart([], states, mask) == 0


def test_networks_ship_only_with_rounded_words(large: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not rounded"):
        export(new_large(large, packaged() / "tokenizer.json", 1), tmp_path / "large.onnx")


@pytest.mark.slow
def test_a_judge_is_pruned_in_stages_goes_on_where_it_stopped_and_its_file_reads_what_it_read(
    data: Path, tokenizer: Tokenizer, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = 3 * (4 * 64 * 64 + 2 * 64 * 96)
    stages = ((whole * 3 // 4, 1), (whole // 2, 0))
    monkeypatch.setattr("assistant.training.pruned.TOLD_BY", 2)
    plan = Plan(steps=4, seed=1, rate=1e-4, tokens=1024)
    teacher = new_large(large, packaged() / "tokenizer.json", 1)
    judge = train_pruned(teacher, passes(data).claims, tmp_path, tokenizer, plan, stages)
    sizes = [sum(matrix.weight.numel() for matrix in network.matrices) for network in (teacher, judge)]
    assert sizes[0] == whole
    assert whole // 2 - 4 * 64 * 32 <= sizes[1] <= whole // 2
    again = train_pruned(new_large(large, packaged() / "tokenizer.json", 1), passes(data).claims, tmp_path, tokenizer, plan, stages)
    for name, value in judge.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert len(judge.word_embeddings.weight.unique(dim=0)) > 1000
    batch = next(batches(list(passes(data).claims(9)), tokenizer, 1024))
    tokens = int(batch.mask[0].sum())
    with torch.no_grad():
        expected = judge.eval()(*(part[:1, :tokens] for part in (batch.ids, batch.kinds, batch.mask)))
    export(judge, tmp_path / "judge.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "judge.onnx"), providers=["CPUExecutionProvider"])
    (read,) = session.run(None, {"ids": batch.ids[:1, :tokens].numpy(), "kinds": batch.kinds[:1, :tokens].numpy()})
    assert np.allclose(read, expected.numpy(), atol=0.1)
    assert np.abs(expected.numpy()).max() > 0.2
    reread = reopened(tmp_path / "judge.onnx").eval()
    assert [layer.kept.tolist() for layer in reread.layers] == [layer.kept.tolist() for layer in judge.layers]
    reread.round_matrices(rounded=True)
    with torch.no_grad():
        assert torch.allclose(reread(*(part[:1, :tokens] for part in (batch.ids, batch.kinds, batch.mask))), expected, atol=0.1)
    export(reread, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").stat().st_size == (tmp_path / "judge.onnx").stat().st_size


@pytest.mark.parametrize("model", ["skim", "evidence", "claims"])
def test_what_ships_can_be_trained_further(model: str) -> None:
    """Its arithmetic apart (activations of eight bits), the network that is read from a file reads what the file reads."""
    shipped, network = Shipped(), reopened(FOLDER / MODELS[model]).eval()
    rows = shipped.encode("Who built the mill?", [Passage.of("Mills", [f"The mill of {town} was built by Anna Reed in 1850." for town in TOWNS])])
    (read,) = shipped.read(model, rows)
    ids = torch.tensor([rows[0].ids])
    kinds = (torch.arange(ids.shape[1])[None] >= rows[0].asked).long()
    with torch.no_grad():
        told = network(ids, kinds, torch.ones_like(ids))[0].numpy()
    assert np.corrcoef(told.flatten(), read.flatten())[0, 1] > 0.99
    assert not any(np.allclose(parameter.detach(), 0) for parameter in network.parameters())


def test_a_graph_of_another_kind_is_no_network(tmp_path: Path) -> None:
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Sqrt", ["x"], ["y"])], "g", [value], [onnx.helper.make_tensor_value_info("y", 1, [1])])
    onnx.save(onnx.helper.make_model(graph), str(tmp_path / "other.onnx"))
    with pytest.raises(ValueError, match=r"other\.onnx is no graph"):
        reopened(tmp_path / "other.onnx")


# --- Written questions ----------------------------------------------------------------------------------


def test_written_questions_are_asked_of_each_paragraph_that_answers_and_what_none_answers_of_the_one_that_is_like_it(data: Path) -> None:
    (document,) = read_written(data / "written")
    asked = [*questions_of([document])]
    wide = [one for one in asked if one.question == "How many wheels have the mills?"]
    assert [one.context.sentences[n] for one in wide for n in one.gold] == [document.sentences[0], document.sentences[-1]]
    assert len({one.place for one in wide}) == 2
    assert all(one.also == {other.place for other in wide} for one in wide)
    (none,) = (one for one in asked if one.question.startswith("Who owns"))
    assert (none.gold, none.place) == (frozenset(), len(none.article.contexts) - 1)
    chance = Random(3)
    for one in wide * 20:
        row = row_of(one, chance)
        assert [row.sentences[n] for n in row.gold] == [one.context.sentences[n] for n in one.gold]
        assert sum(sentence in (document.sentences[0], document.sentences[-1]) for sentence in row.sentences) == 1
        other = misleading(one, chance)
        assert other is None or not {document.sentences[0], document.sentences[-1]} & set(other.sentences)
    groups = [*passes(data).groups(1)]
    assert sum(group[0].question == "How many wheels have the mills?" and bool(group[0].gold) for group in groups) >= 2 * WRITTEN


def test_written_questions_are_answered_by_sentences_that_are_there() -> None:
    for document in (*read_written(), *read_written(held=True)):
        assert len({question.asked for question in document.questions}) == len(document.questions)
        for question in document.questions:
            assert question.asked.strip()
            assert set(question.on) <= set(range(len(document.sentences)))
            assert len(set(question.on)) == len(question.on)


# --- Pairs of claims -----------------------------------------------------------------------------------


def test_pairs_differ_rest_on_sentences_that_are_there_and_some_are_held_out() -> None:
    trained, held = read_written(), read_written(held=True)
    assert not {document.title for document in trained} & {document.title for document in held}
    for document in (*trained, *held):
        for pair in document.pairs:
            assert pair.true != pair.false
            assert set(pair.on) <= set(range(len(document.sentences)))
            true, false = said_of(document, pair)
            assert (true.label, false.label) == (0, pair.label)
            assert true.evidence == false.evidence
            assert all(document.sentences[n] in true.evidence for n in pair.on)


def test_what_carries_the_true_claim_of_a_pair_is_in_its_evidence_unless_it_is_said_not_to_be() -> None:
    document = read_written()[0]
    lacking = 0
    for number, pair in enumerate(document.pairs * 3):
        true, false, *more = claims_of(document, pair, Random(number))
        assert (true.label, false.label) == (0, pair.label)
        for claim in more:
            lacking += 1
            assert claim.label == 2
            left = [document.sentences[n] in claim.evidence for n in pair.on]
            assert not all(left)
            assert len(claim.evidence) < len(true.evidence) or not any(left)
    assert lacking > 5
