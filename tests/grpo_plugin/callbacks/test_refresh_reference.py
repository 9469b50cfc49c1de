"""The reference equals the policy right after a refresh, and the last refreshed one until then."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

import launching  # noqa: E402
from transformers import TrainerCallback  # noqa: E402

from grpo_plugin.callbacks import RefreshReference  # noqa: E402
from grpo_plugin.errors import RefreshError  # noqa: E402


class Watch(TrainerCallback):
    """Keeps policy and reference after each step; comes after the callback it watches."""

    def __init__(self):
        self.policies, self.references = {}, {}

    def attach(self, trainer):
        self.trainer = trainer

    def on_train_begin(self, args, state, control, **_):
        self.keep(state.global_step)

    def on_step_end(self, args, state, control, **_):
        self.keep(state.global_step)

    def keep(self, step):
        model, reference = self.trainer.model, self.trainer.ref_model
        if reference is None:
            weights = dict(model.named_parameters())
            self.policies[step] = [w.clone() for n, w in weights.items() if ".default." in n]
            self.references[step] = [w.clone() for n, w in weights.items() if ".ref." in n]
        else:
            self.policies[step] = [w.clone() for w in model.parameters()]
            self.references[step] = [w.clone() for w in reference.parameters()]


def same(one, other):
    assert one
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def lora():
    peft = pytest.importorskip("peft")
    return peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")


@pytest.mark.parametrize("peft", [False, True])
def test_every_two_steps_and_not_between(make_trainer, peft):
    watch = Watch()
    options = {"peft_config": lora()} if peft else {}
    trainer = make_trainer([RefreshReference(every_steps=2), watch], **options)
    trainable = {name for name, weight in trainer.model.named_parameters() if weight.requires_grad}
    assert not any(".ref." in name for name in trainable)
    assert trainable
    trainer.train()
    first = watch.references[0]
    assert same(watch.policies[0], first)
    assert same(watch.references[1], first)
    assert not same(watch.policies[1], first)
    assert same(watch.references[2], watch.policies[2])
    assert same(watch.references[3], watch.policies[2])
    assert not same(watch.policies[3], watch.policies[2])
    assert same(watch.references[4], watch.policies[4])


@pytest.mark.parametrize("peft", [False, True])
def test_the_loss_sees_the_new_reference(make_trainer, peft):
    """Right after a refresh the KL is 0, also with PEFT, where TRL's would still be the base."""
    options = {"peft_config": lora()} if peft else {}
    trainer = make_trainer([RefreshReference(every_steps=2)], learning_rate=0.1, **options)
    trainer.train()
    kl = [entry["kl"] for entry in trainer.state.log_history if "kl" in entry]
    assert kl[0] == pytest.approx(0, abs=1e-6)
    assert kl[1] > 1e-5
    assert kl[2] == pytest.approx(0, abs=1e-6)
    assert kl[3] > 1e-5


@pytest.mark.parametrize("peft", [False, True])
@pytest.mark.parametrize("saved_at", [2, 3])
def test_a_resumed_run_has_the_reference_it_had(make_trainer, tmp_path, peft, saved_at):
    def options():
        return {"peft_config": lora()} if peft else {}

    saving = {"save_strategy": "steps", "save_steps": saved_at}
    watch = Watch()
    trainer = make_trainer([RefreshReference(every_steps=2), watch], **saving, **options())
    trainer.train()
    checkpoint = tmp_path / "out" / f"checkpoint-{saved_at}"
    assert (checkpoint / "reference").exists() == (saved_at == 3 and not peft)
    again = Watch()
    resumed = make_trainer([RefreshReference(every_steps=2), again], **saving, **options())
    resumed.train(resume_from_checkpoint=str(checkpoint))
    assert same(again.references[saved_at], watch.references[saved_at])
    assert same(again.references[4], watch.references[4])
    assert same(again.policies[4], watch.policies[4])


def test_a_resumed_run_without_its_reference_is_refused(make_trainer, tmp_path):
    import shutil

    saving = {"save_strategy": "steps", "save_steps": 3}
    make_trainer([RefreshReference(every_steps=2)], **saving).train()
    checkpoint = tmp_path / "out" / "checkpoint-3"
    shutil.rmtree(checkpoint / "reference")
    with pytest.raises(RefreshError, match="the reference of step 3 was not saved"):
        make_trainer([RefreshReference(every_steps=2)], **saving).train(
            resume_from_checkpoint=str(checkpoint)
        )


def test_what_cannot_work_is_refused_at_construction(make_trainer):
    with pytest.raises(RefreshError, match="every_steps is 0"):
        RefreshReference(every_steps=0)
    with pytest.raises(RefreshError, match=r"beta=0\.0 makes none"):
        make_trainer([RefreshReference(every_steps=1)], beta=0.0)
    with pytest.raises(RefreshError, match="choose one"):
        make_trainer([RefreshReference(every_steps=1)], sync_ref_model=True)
    with pytest.raises(RefreshError, match="tied to no trainer"):
        RefreshReference(every_steps=1).on_train_begin(None, None, None)


@pytest.mark.slow
def test_a_sharded_reference_is_refreshed():
    launching.run_two(Path(__file__).parent / "sharded_reference.py")
