"""A real inference server, of transformers, with a tiny model of random weights: whatever it says, the answer holds."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.answer import Assistant
from assistant.llm import open_model
from assistant.settings import Settings
from assistant.types import Support

TEMPLATE = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}"


def tiny(place: Path) -> None:
    """A Llama of two layers that has read nothing, and a tokenizer of letters."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(3)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(["<end>", *alphabet])}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>")
    fast.chat_template = TEMPLATE
    shape = LlamaConfig(
        vocab_size=len(alphabet) + 1, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
        max_position_embeddings=16_384, eos_token_id=0, pad_token_id=0, bos_token_id=0,
    )  # fmt: skip
    LlamaForCausalLM(shape).save_pretrained(place)
    fast.save_pretrained(place)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, offline: dict[str, str]) -> Iterator[tuple[str, Path]]:
    place = tmp_path_factory.mktemp("tiny") / "model"
    tiny(place)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        Path(sys.executable).parent / "transformers",
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--device",
        "cpu",
        "--dtype",
        "float32",
        str(place),
    ]
    environment = {**offline, "HF_HUB_OFFLINE": "1", "HF_HOME": str(place.parent)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                    break
            except OSError:
                time.sleep(0.5)
        if process.poll() is not None:
            assert process.stderr
            pytest.fail(process.stderr.read().decode()[-500:])
        yield f"http://127.0.0.1:{port}/v1", place
        process.kill()


@pytest.mark.slow
def test_a_real_server_with_a_model_that_talks_nonsense_never_makes_an_unsupported_answer(server: tuple[str, Path], seeds: Path) -> None:
    address, place = server
    model = open_model(f"compatible:{place}@{address}", Settings(llm_silence=60))
    answer = Assistant.open(seeds).ask("When can Ukraine join NATO?", model=model)
    assert answer.notice
    assert answer.engine == "quote" or not answer.claims
    assert all(claim.support is Support.SUPPORTED for claim in answer.claims)
