"""A tiny policy in a folder, and a trainer around it."""

import pytest


@pytest.fixture
def make_trainer(tmp_path):
    """`make_trainer(callbacks, **options)`; options override those of `GRPOConfig`."""
    pytest.importorskip("trl")
    import torch
    from datasets import Dataset

    from grpo_plugin import GRPOConfig, GRPOTrainer
    from grpo_plugin.demo.tiny_model import build_model, build_tokenizer

    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = build_tokenizer()
    folder = tmp_path / "model"  # TRL makes the reference from where the policy came from
    build_model(tokenizer, hidden_size=16, layers=1).save_pretrained(folder)
    rows = [{"prompt": f"{n}+1="} for n in range(12)]

    def spread(completions, **_):
        return [float(len(set(text))) for text in completions]

    def make(callbacks, *, model=None, reward_funcs=(spread,), output="out", **options):
        defaults = {
            "output_dir": str(tmp_path / output),
            "use_cpu": True,
            "bf16": False,
            "gradient_checkpointing": False,
            "max_steps": 4,
            "per_device_train_batch_size": 4,
            "num_generations": 4,
            "max_completion_length": 6,
            "learning_rate": 1e-2,
            "logging_steps": 1,
            "report_to": "none",
            "save_strategy": "no",
            "disable_tqdm": True,
            "beta": 0.1,
        }
        peft_config = options.pop("peft_config", None)
        return GRPOTrainer(
            model=str(folder) if model is None else model,
            reward_funcs=list(reward_funcs),
            args=GRPOConfig(**(defaults | options)),
            train_dataset=Dataset.from_list(rows),
            processing_class=tokenizer,
            callbacks=callbacks,
            peft_config=peft_config,
        )

    return make
