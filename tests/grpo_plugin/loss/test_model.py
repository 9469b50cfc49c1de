"""Tiny models of several families, their own logits against the fused forward."""

import copy
import inspect
import io
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
accelerate = pytest.importorskip("accelerate")

from grpo_plugin.batch import Batch  # noqa: E402
from grpo_plugin.errors import UnsupportedHeadError  # noqa: E402
from grpo_plugin.loss.model import fuse_head  # noqa: E402
from grpo_plugin.loss.request import FusedRequest, predicting_positions  # noqa: E402
from grpo_plugin.objectives import resolve  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
SIZES = {
    "vocab_size": 97,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
    "pad_token_id": 0,
}
FAMILIES = {
    "Qwen3": {},
    "Qwen3 tied": {"tie_word_embeddings": True},
    "Gemma2": {"final_logit_softcapping": 0.05, "query_pre_attn_scalar": 8},
    "Cohere": {"logit_scale": 0.25},
    "Granite": {"logits_scaling": 6.0},
    "Llama": {"attention_bias": True},
}
EXPERTS = {
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 8,
    "output_router_logits": True,
}


def build(family, dtype=torch.float32):
    name = family.split()[0]
    torch.manual_seed(0)
    options = SIZES | {"tie_word_embeddings": False} | FAMILIES.get(family, EXPERTS)
    config = getattr(transformers, f"{name}Config")(**options)
    return getattr(transformers, f"{name}ForCausalLM")(config).to(dtype).train()


def pose():
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(1, 97, (3, 9), generator=generator)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 1, 0], [1, 0, 0, 0, 0]]).bool()
    batch = Batch(
        advantages=torch.randn(3, 1, generator=generator).expand(3, 5).contiguous(), mask=mask
    )
    request = {
        "positions": predicting_positions(mask, 9),
        "targets": ids[:, 4:][mask],
        "length": 9,
        "temperature": 0.8,
    }
    return ids, batch, request


def plain_loss(model, ids, batch):
    logits = model(input_ids=ids).logits[:, 3:8].float() / 0.8
    logp = logits.log_softmax(-1).gather(-1, ids[:, 4:, None]).squeeze(-1)
    return resolve("grpo")(logp, batch), logp


def gradients(model):
    found = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return found


def assert_same_training(model):
    ids, batch, request = pose()
    loss, logp = plain_loss(model, ids, batch)
    loss.backward()
    wanted = gradients(model)
    found = model(
        input_ids=ids, fused=FusedRequest(**request, objective="grpo", batch=batch, entropy=True)
    )
    found.loss.backward()
    assert torch.allclose(found.loss, loss, atol=1e-6)
    assert torch.allclose(found.logp, logp[batch.mask], atol=1e-5)
    assert found.entropy.shape == found.logp.shape
    ours = gradients(model)
    assert ours.keys() == wanted.keys()
    for name, gradient in wanted.items():
        scale = gradient.abs().max() + 1e-8
        assert (ours[name] - gradient).abs().max() < 2e-5 * scale + 1e-8, name
    alone = model(input_ids=ids, fused=FusedRequest(**request))
    assert alone.loss is None
    assert torch.allclose(alone.logp, logp[batch.mask], atol=1e-5)
    return ours


@pytest.mark.parametrize("family", FAMILIES)
def test_trains_as_with_logits(family):
    model = build(family)
    fuse_head(model)
    assert model.training
    assert_same_training(model)


def test_soft_capping_and_scales_take_part():
    """The families above would pass without them if they changed nothing."""
    for family in ("Gemma2", "Cohere", "Granite"):
        model = build(family)
        ids, *_ = pose()
        raw = model.lm_head(model.model(input_ids=ids).last_hidden_state)
        assert not torch.allclose(model(input_ids=ids).logits, raw, rtol=1e-2)


def test_router_logits_are_handed_on():
    model = build("Qwen3Moe")
    fuse_head(model)
    ids, batch, request = pose()
    found = model(input_ids=ids, fused=FusedRequest(**request, objective="grpo", batch=batch))
    wanted = model(input_ids=ids).router_logits
    assert len(found.router_logits) == len(wanted) == 2
    for one, other in zip(found.router_logits, wanted, strict=True):
        assert torch.allclose(one, other)
        assert one.requires_grad
    model.config.output_router_logits = False
    assert model(input_ids=ids, fused=FusedRequest(**request)).router_logits is None


def test_with_gradient_checkpointing():
    model = build("Qwen3")
    model.gradient_checkpointing_enable()
    fuse_head(model)
    assert_same_training(model)


@pytest.mark.parametrize("whole_head", [False, True])
def test_with_lora(whole_head):
    peft = pytest.importorskip("peft")
    options = {"modules_to_save": ["lm_head"]} if whole_head else {}
    config = peft.LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False, **options)
    model = peft.get_peft_model(build("Qwen3"), config)
    fuse_head(model)
    if whole_head:  # else it could not be told which of the two heads was used
        with torch.no_grad():
            model.get_base_model().lm_head.modules_to_save["default"].weight.mul_(2)
    trained = assert_same_training(model)
    heads = [name for name in trained if "lm_head" in name]
    assert len(heads) == whole_head
    assert all("modules_to_save.default" in name for name in heads)


def test_an_adapter_on_the_head_is_refused():
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(r=2, target_modules=["q_proj", "lm_head"])
    with pytest.raises(UnsupportedHeadError, match="modules_to_save"):
        fuse_head(peft.get_peft_model(build("Qwen3"), config))


def test_generation_is_unchanged():
    model = build("Qwen3").eval()
    ids = torch.arange(1, 5)[None]
    before = model.generate(ids, max_new_tokens=5, do_sample=False)
    fuse_head(model)
    assert torch.equal(model.generate(ids, max_new_tokens=5, do_sample=False), before)


def test_in_bfloat16_under_autocast():
    model = build("Qwen3")
    fuse_head(model)
    ids, batch, request = pose()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        fused = FusedRequest(**request, objective="grpo", batch=batch)
        found = model(input_ids=ids, fused=fused)
        _, logp = plain_loss(model, ids, batch)
    found.loss.backward()
    assert torch.allclose(found.logp, logp[batch.mask], atol=3e-2)


def test_a_head_that_is_more_than_a_layer_is_refused():
    model = build("Qwen3")
    original = model.forward

    def shifted(*args, **kwargs):
        found = original(*args, **kwargs)
        found.logits = found.logits + 1
        return found

    model.forward = shifted
    with pytest.raises(UnsupportedHeadError, match="not its output layer"):
        fuse_head(model)


def test_weights_that_are_elsewhere_are_refused():
    with torch.device("meta"):
        model = build("Qwen3")
    with pytest.raises(UnsupportedHeadError, match="before sharding"):
        fuse_head(model)


def partition(weight):
    """What ZeRO-3 leaves of a parameter between uses."""
    weight.ds_id = 0
    weight.data = torch.empty(0)


@pytest.mark.parametrize("family", ["Qwen3", "Cohere", "Gemma2"])
def test_a_head_partitioned_before_it_is_fused_is_looked_at_when_it_is_gathered(family):
    model = build(family)
    assert fuse_head(build(family)) is not None
    head = model.get_output_embeddings()
    whole = head.weight.data
    partition(head.weight)
    # As ZeRO-3's hooks do; the gradients of backward find it gathered, too.
    head.register_forward_pre_hook(lambda *_: setattr(head.weight, "data", whole))
    assert fuse_head(model) is None
    ids, batch, request = pose()
    found = model(input_ids=ids, fused=FusedRequest(**request, objective="grpo", batch=batch))
    loss, logp = plain_loss(model, ids, batch)
    assert torch.allclose(found.loss, loss, atol=1e-6)
    assert torch.allclose(found.logp, logp[batch.mask], atol=1e-5)


def test_a_head_that_zero_3_does_not_gather_is_refused():
    model = build("Qwen3")
    fuse_head(model)
    partition(model.lm_head.weight)
    ids, _, request = pose()
    with pytest.raises(UnsupportedHeadError, match="ZeRO-3 has partitioned"):
        model(input_ids=ids, fused=FusedRequest(**request))


def test_what_is_known_of_another_model_is_for_sharded_weights_alone():
    known = fuse_head(build("Granite"))
    assert known.factor == pytest.approx(1 / 6)
    assert fuse_head(build("Cohere"), known=known).factor == 0.25


def test_prompt_tuning_is_refused():
    peft = pytest.importorskip("peft")
    config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2)
    model = peft.get_peft_model(build("Qwen3"), config)
    fuse_head(model)
    ids, _, request = pose()
    with pytest.raises(UnsupportedHeadError, match="11 hidden states of 9 tokens"):
        model(input_ids=ids, fused=FusedRequest(**request))


def test_no_backbone():
    with pytest.raises(UnsupportedHeadError, match="no backbone"):
        fuse_head(torch.nn.Linear(2, 2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objective": "grpo"}, "come together"),
        ({"targets": torch.zeros(2).long()}, "must be .N,."),
    ],
)
def test_requests_that_make_no_sense(changes, message):
    *_, request = pose()
    with pytest.raises(ValueError, match=message):
        FusedRequest(**(request | changes))


def test_positions_precede_their_tokens():
    mask = torch.tensor([[0, 1], [1, 1]])
    assert predicting_positions(mask, 5).tolist() == [3, 7, 8]
    assert predicting_positions(mask[:, :0], 5).tolist() == []
    with pytest.raises(ValueError, match="nothing predicts"):
        predicting_positions(mask, 2)


WORKER = """
import sys
import torch
import torch.distributed as dist
sys.path.insert(0, sys.argv[4])
import test_model as t
rank, how, address = int(sys.argv[1]), sys.argv[2], sys.argv[3]
dist.init_process_group("gloo", init_method=f"file://{address}", rank=rank, world_size=2)
model = t.build("Qwen3 tied" if how == "ddp" else "Qwen3")
t.fuse_head(model)
ids, batch, request = t.pose()
alone = t.FusedRequest(**request, objective="grpo", batch=batch)
model(input_ids=ids, fused=alone).loss.backward()
wanted = t.gradients(model)
if how == "ddp":
    wrapped = torch.nn.parallel.DistributedDataParallel(model)
else:
    from torch.distributed.fsdp import fully_shard
    known = t.fuse_head(t.build("Qwen3"))
    late = t.build("Qwen3")  # sharded before it is fused, as TRL's reference model is
    mesh = torch.distributed.device_mesh.init_device_mesh("cpu", (2,))
    if how == "fsdp2":
        for layer in model.model.layers:
            fully_shard(layer, mesh=mesh)
    else:
        fully_shard(model.lm_head, mesh=mesh)
    wrapped = fully_shard(model, mesh=mesh)
    fully_shard(late, mesh=mesh)
    for other in (None, t.fuse_head(t.build("Granite"))):
        try:
            t.fuse_head(late, known=other)
        except t.UnsupportedHeadError as error:
            assert "in shards" in str(error)
        else:
            raise AssertionError("what is known of another configuration was taken")
    t.fuse_head(late, known=known)
    found = late(input_ids=ids, fused=t.FusedRequest(**request)).logp
    assert torch.equal(found, wrapped(input_ids=ids, fused=t.FusedRequest(**request)).logp)
loss = wrapped(input_ids=ids, fused=t.FusedRequest(**request, objective="grpo", batch=batch)).loss
((1 + rank) * loss).backward()  # the mean of both ranks is 1.5 times
for name, parameter in model.named_parameters():
    gradient = parameter.grad
    gradient = gradient.full_tensor() if how != "ddp" else gradient
    assert torch.allclose(gradient, 1.5 * wanted[name], rtol=1e-4, atol=1e-7), name
print("same")
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["ddp", "fsdp2", "fsdp2 head apart"])
def test_in_two_processes(tmp_path, how):
    script = tmp_path / "worker.py"
    script.write_text(textwrap.dedent(WORKER))
    workers = [
        subprocess.Popen(
            [sys.executable, script, str(rank), how, tmp_path / "meet", Path(__file__).parent],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": ""},
        )
        for rank in range(2)
    ]
    try:
        for worker in workers:
            out, err = worker.communicate(timeout=200)
            assert out == "same\n", err[-3000:]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def copies():
    """Ways in which a model comes to exist twice."""

    def pickled(model):
        buffer = io.BytesIO()
        torch.save(model, buffer)
        buffer.seek(0)
        return torch.load(buffer, weights_only=False)

    return {"deep": copy.deepcopy, "pickled": pickled}


@pytest.fixture
def fresh_accelerator():
    """Its state is one for the process, and refuses another precision than the first."""
    accelerate.state.AcceleratorState._reset_state(reset_partial_state=True)
    yield
    accelerate.state.AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.usefixtures("fresh_accelerator")
@pytest.mark.parametrize("how", sorted(copies()))
@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("lora", [False, True])
def test_a_copy_answers_for_itself(how, mixed, lora):
    """Also under accelerate's autocast, which binds `forward` anew."""
    if mixed and how == "pickled":
        pytest.skip("accelerate's own binding cannot be pickled, fused or not")
    model = build("Qwen3").eval()
    if lora:
        peft = pytest.importorskip("peft")
        model = peft.get_peft_model(model, peft.LoraConfig(target_modules=["q_proj"]))
    fuse_head(model)
    if mixed:
        accelerator = accelerate.Accelerator(mixed_precision="bf16", cpu=True)
        model = accelerator.prepare_model(model)
    ids, _, request = pose()
    before = model(input_ids=ids).logits
    fused_before = model(input_ids=ids, fused=FusedRequest(**request)).logp
    twin = copies()[how](model)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    assert torch.equal(twin(input_ids=ids).logits, before)
    assert torch.equal(twin(input_ids=ids, fused=FusedRequest(**request)).logp, fused_before)
    assert not torch.equal(model(input_ids=ids).logits, before)
    with torch.no_grad():
        for weight in twin.parameters():
            weight.zero_()
    assert not twin(input_ids=ids).logits.any()


def test_saving_and_compiling_know_nothing_of_it(tmp_path):
    model = build("Qwen3").eval()
    fuse_head(model)
    fuse_head(model)  # a second time: still one layer
    ids, _, request = pose()
    own = model(input_ids=ids).logits
    found = model(input_ids=ids, fused=FusedRequest(**request)).logp
    model.save_pretrained(tmp_path)
    loaded = type(model).from_pretrained(tmp_path).eval()
    assert torch.equal(loaded(input_ids=ids).logits, own)
    assert set(loaded.state_dict()) == set(model.state_dict())
    assert "forward" not in loaded.__dict__
    compiled = torch.compile(model, backend="eager")
    torch.testing.assert_close(compiled(input_ids=ids).logits, own)
    torch.testing.assert_close(compiled(input_ids=ids, fused=FusedRequest(**request)).logp, found)
    assert inspect.signature(model.forward) == inspect.signature(loaded.forward)


@pytest.mark.parametrize("family", ["Qwen3", "Qwen3 tied"])
def test_single_trainable_tokens_of_peft_train_or_are_refused(family):
    peft = pytest.importorskip("peft")
    options = {"target_modules": ["q_proj"], "trainable_token_indices": [1, 2]}
    model = peft.get_peft_model(build(family), peft.LoraConfig(**options))
    if "tied" in family:
        with pytest.raises(UnsupportedHeadError, match="TrainableTokensWrapper"):
            fuse_head(model)
        return
    fuse_head(model)
    ids, batch, request = pose()
    model(
        input_ids=ids, fused=FusedRequest(**request, objective="grpo", batch=batch)
    ).loss.backward()
    moved = [n for n, p in model.named_parameters() if p.grad is not None and p.grad.any()]
    assert any("trainable_tokens" in name for name in moved)


def test_a_head_of_an_unknown_kind_is_refused():
    class Strange(torch.nn.Module):
        modules_to_save = ("mine",)

    model = build("Qwen3")
    model.lm_head = Strange()
    with pytest.raises(UnsupportedHeadError, match="a Strange that is not PEFT's"):
        fuse_head(model)
