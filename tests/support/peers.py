"""The peers' published call signatures, as doubles: what each calls, and how it reads the answer.

A double has what the adapter touches and no more; `make test-adapters` runs the peers themselves.
Each `judge_by_PEER(made, rows)` calls what the adapter made as the peer does, and gives the scores:
a number, or `None` where the peer was told that there is none.
"""

import asyncio
import inspect
import sys
import types
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple


def module(monkeypatch, name, **contents):
    """A module that can be imported, its packages included."""
    parts = name.split(".")
    for end in range(1, len(parts)):
        package = ".".join(parts[:end])
        if package not in sys.modules:
            monkeypatch.setitem(sys.modules, package, types.ModuleType(package))
    made = types.ModuleType(name)
    vars(made).update(contents)
    monkeypatch.setitem(sys.modules, name, made)
    return made


# verl 0.9.1: NaiveRewardManager.run_single calls by keyword
def judge_by_verl(made, rows):
    found = []
    keys = set()
    for completion, reference in rows:
        call = {
            "data_source": "rows",
            "solution_str": completion,
            "ground_truth": reference,
            "extra_info": {"index": 0, "num_turns": None, "rollout_reward_scores": {}},
        }
        said = made(**call)
        said = asyncio.run(said) if inspect.iscoroutine(said) else said
        assert all(isinstance(cell, float | str) for cell in said.values())
        keys.add(tuple(said))
        found.append(None if said["unscored"] else said["score"])
    assert len(keys) == 1  # verl takes the keys of the first row for all
    return found


# OpenRLHF 0.11.2: lists of one, special tokens kept, numbers alone in extra_logs
def judge_by_openrlhf(made, rows):
    found = []
    prompt = r"Put it in \boxed{1}: 6*7?"
    for completion, reference in rows:
        said = made(
            queries=[f"<s>{prompt}{completion}<|im_end|>"], prompts=[prompt], labels=[reference]
        )
        unscored = float(said["extra_logs"]["unscored"][0])
        assert float(said["rewards"][0]) == float(said["scores"][0])
        found.append(None if unscored else float(said["rewards"][0]))
    return found


@dataclass
class SlimeSample:
    prompt: str
    response: str
    label: str
    metadata: dict = field(default_factory=dict)
    remove_sample: bool = False


def judge_by_slime(made, rows):
    samples = [SlimeSample("q", *row) for row in rows]

    async def one_by_one():
        args = SimpleNamespace(reward_key=None)
        return await asyncio.gather(*(made(args, sample) for sample in samples))

    alone = asyncio.run(one_by_one())
    assert all(isinstance(one, float) for one in alone)
    group = [SlimeSample("q", *row) for row in rows]
    together = asyncio.run(made(SimpleNamespace(reward_key="points"), group, evaluation=False))
    assert [one["points"] for one in together] == alone
    assert all(sample.metadata["rlvr"]["status"] for sample in group)
    return [
        None if sample.remove_sample else score for sample, score in zip(group, alone, strict=True)
    ]


class Orm:
    def __init__(self, args=None, **_):
        self.args = args


def install_swift(monkeypatch):
    module(monkeypatch, "swift.rewards", ORM=Orm, orms={})


def judge_by_swift(made, rows):
    completions, references = zip(*rows, strict=True)
    messages = [
        [{"role": "user", "content": "q"}, {"role": "assistant", "content": text}]
        for text in completions
    ]
    # by position, beside what is no column
    return made(args=None)(
        list(completions), solution=list(references), messages=messages, trainer_state=object()
    )


class TaskData:
    def __init__(self, answer):
        self.answer = answer

    def model_dump(self):
        return {"idx": 0, "prompt": "q", "answer": self.answer}


def judge_by_verifiers(made, rows):
    assert {"task", "trace"} == {*inspect.signature(made).parameters}
    found = []
    for completion, reference in rows:
        trace = SimpleNamespace(last_reply=completion, info={})
        said = asyncio.run(made(task=TaskData(reference), trace=trace))
        (record,) = trace.info["rlvr"].values()
        assert (said == {}) == bool(record["unscored"])
        found.append(None if said == {} else said)
    return found


class InspectScore:
    def __init__(self, value, answer=None, explanation=None, reason=None, metadata=None):
        self.value, self.answer, self.reason = value, answer, reason
        self.explanation, self.metadata = explanation, metadata

    @classmethod
    def unscored(cls, **said):
        return cls(float("nan"), **said)


def install_inspect_ai(monkeypatch):
    def scorer(metrics, name=None):
        return lambda made: made

    module(
        monkeypatch,
        "inspect_ai.scorer",
        Score=InspectScore,
        scorer=scorer,
        accuracy=lambda: "accuracy",
        stderr=lambda: "stderr",
    )


def judge_by_inspect_ai(made, rows):
    found = []
    for completion, reference in rows:
        state = SimpleNamespace(
            output=SimpleNamespace(completion=completion), metadata={}, input_text="q"
        )
        score = asyncio.run(made(state, [reference]))
        value = {"C": 1.0, "I": 0.0, "N": 0.0}.get(score.value, score.value)
        assert score.explanation
        found.append(None if value != value else value)  # noqa: PLR0124 - NaN
    return found


def judge_by_lm_eval(made, rows):
    found = []
    for completion, reference in rows:
        doc = {"question": "q", "answer": reference}
        said = made(doc, [completion])
        assert doc["rlvr"]["status"]
        found.append(None if said["rlvr_unscored"] else said["rlvr"])
    return found


def install_lighteval(monkeypatch):
    class Computation(ABC):
        @abstractmethod
        def compute(self, doc, model_response, **kwargs): ...

    module(monkeypatch, "lighteval.metrics.metrics_sample", SampleLevelComputation=Computation)
    module(
        monkeypatch,
        "lighteval.metrics.utils.metric_utils",
        SampleLevelMetricGrouping=SimpleNamespace,
    )
    generative = SimpleNamespace(GENERATIVE="generative")
    module(monkeypatch, "lighteval.tasks.requests", SamplingMethod=generative)


def judge_by_lighteval(made, rows):
    found = []
    for completion, reference in rows:
        doc = SimpleNamespace(specific=None, query="q", get_golds=lambda gold=reference: [gold])
        said = made.sample_level_fn.compute(doc, SimpleNamespace(text=[completion]))
        assert set(said) == {*made.metric_name} == {*made.corpus_level_fn}
        assert doc.specific["rlvr"][0]["status"]
        found.append(None if said["rlvr_unscored"] else said["rlvr"])
    return found


def judge_by_areal(made, rows):
    numbers = [made("q", text, [1], [2, 3], answer=gold, level=3) for text, gold in rows]
    assert all(isinstance(one, float) for one in numbers)
    return numbers


def install_nemo_gym(monkeypatch):
    pydantic = __import__("pytest").importorskip("pydantic")

    class Request(pydantic.BaseModel):
        responses_create_params: Any
        response: Any

    class Response(Request):
        reward: float

    class Server(pydantic.BaseModel):
        @classmethod
        def run_webserver(cls): ...

    module(
        monkeypatch,
        "nemo_gym.base_resources_server",
        BaseVerifyRequest=Request,
        BaseVerifyResponse=Response,
        SimpleResourcesServer=Server,
    )


def judge_by_nemo_gym(made, rows):
    server = made()
    request = inspect.signature(server.verify).parameters["body"].annotation
    found = []
    for completion, reference in rows:
        part = SimpleNamespace(type="output_text", text=completion)
        output = [
            SimpleNamespace(type="reasoning"),
            SimpleNamespace(type="message", content=[part]),
        ]
        asked = SimpleNamespace(input=[{"role": "user", "content": "q"}])
        body = request(
            responses_create_params=asked,
            response=SimpleNamespace(output=output),
            expected_answer=reference,
        )
        said = asyncio.run(server.verify(body))
        assert said.expected_answer == reference
        assert said.status
        found.append(None if said.mask_sample else said.reward)
    return found


class NemoReturn(NamedTuple):
    observations: list
    metadata: list
    next_stop_strings: list
    rewards: Any
    terminateds: Any
    answers: list | None


def install_nemo_rl(monkeypatch):
    __import__("pytest").importorskip("torch")

    class Interface(ABC):
        @abstractmethod
        def step(self, message_log_batch, metadata): ...

        @abstractmethod
        def global_post_process_and_metrics(self, batch): ...

    module(
        monkeypatch,
        "nemo_rl.environments.interfaces",
        EnvironmentInterface=Interface,
        EnvironmentReturn=NemoReturn,
    )
    module(monkeypatch, "ray", remote=lambda cls: cls)


def judge_by_nemo_rl(made, rows):
    environment = made({"num_workers": 1})
    logs = [
        [
            {"role": "user", "content": "q", "token_ids": object()},
            {"role": "assistant", "content": completion, "token_ids": object()},
        ]
        for completion, _ in rows
    ]
    said = environment.step(logs, [{"ground_truth": one} for _, one in rows], True)
    assert said.terminateds.tolist() == [1.0] * len(rows)
    assert all(one["role"] == "environment" for one in said.observations)
    missing = [bool(one["rlvr"]["unscored"]) for one in said.metadata]
    batch = {"rewards": said.rewards, "extra_env_info": said.metadata}
    _, metrics = environment.global_post_process_and_metrics(batch)
    assert metrics["unscored"] == sum(missing) / len(rows)
    return [None if m else one for m, one in zip(missing, said.rewards.tolist(), strict=True)]


def install_skyrl(monkeypatch):
    class Env:
        def init(self, prompt):
            return prompt, {}

    registry = {}

    def register(id, entry_point, kwargs=None):  # noqa: A002 - skyrl-gym's
        registry[id] = (entry_point, kwargs or {})

    module(monkeypatch, "skyrl_gym", registry=registry, register=register)
    module(monkeypatch, "skyrl_gym.envs.base_text_env", BaseTextEnv=Env, BaseTextEnvStepOutput=dict)
    monkeypatch.setattr("rewards.adapters.skyrl._CLASSES", {})


def judge_by_skyrl(made, rows):
    found = []
    for completion, reference in rows:
        extras = {"reward_spec": {"ground_truth": reference}, "env_class": "near"}
        env = made(env_config={}, extras=extras)
        env.init([{"role": "user", "content": "q"}])
        said = env.step(completion)
        assert said["done"]
        assert said["metadata"]["status"]
        metrics = env.get_metrics()
        assert all(isinstance(one, float) for one in metrics.values())
        found.append(None if metrics["unscored"] else said["reward"])
    return found


def install_roll(monkeypatch):
    __import__("pytest").importorskip("torch")

    class Worker:
        def __init__(self, worker_config):
            self.rank_info = SimpleNamespace(rank=0, world_size=1)

    class Letters:
        pad_token_id = 0

        def decode(self, ids, skip_special_tokens):
            assert not skip_special_tokens
            return "".join(map(chr, ids))

    class DataProto:
        @staticmethod
        def from_dict(tensors):
            return SimpleNamespace(batch=tensors)

    dispatch = SimpleNamespace(ONE_TO_ALL=1, DP_MP_COMPUTE=2)

    def register(dispatch_mode, **_):
        return lambda function: function

    module(monkeypatch, "roll.distributed.executor.worker", Worker=Worker)
    module(
        monkeypatch, "roll.distributed.scheduler.decorator", Dispatch=dispatch, register=register
    )
    module(monkeypatch, "roll.distributed.scheduler.protocol", DataProto=DataProto)
    module(
        monkeypatch,
        "roll.models.model_providers",
        default_tokenizer_provider=lambda model_args: Letters(),
    )


def judge_by_roll(made, rows):
    import numpy as np
    import torch

    worker = made(SimpleNamespace(model_args=None))
    width = max(len(completion) for completion, _ in rows)
    ids = [[ord(one) for one in text] + [0] * (width - len(text)) for text, _ in rows]
    data = SimpleNamespace(
        batch={"responses": torch.tensor(ids), "prompts": torch.tensor([[0, 81]] * len(rows))},
        non_tensor_batch={"ground_truth": np.array([one for _, one in rows], dtype=object)},
    )
    said = worker.compute_rewards(data).batch
    assert set(said) == {"token_level_rewards", "response_level_rewards", "scores"}
    assert said["scores"].dtype == torch.float16
    return said["response_level_rewards"].tolist()


@dataclass
class Signal:
    name: str
    value: float


@dataclass
class EvalOutput:
    reward: float
    is_correct: bool
    signals: list
    metadata: dict


def install_rllm(monkeypatch):
    module(monkeypatch, "rllm.eval.types", EvalOutput=EvalOutput, Signal=Signal)
    module(
        monkeypatch,
        "rllm.eval.rollout_decorator",
        evaluator=lambda function: SimpleNamespace(evaluate=function),
    )


def judge_by_rllm(made, rows):
    found = []
    for completion, reference in rows:
        step = SimpleNamespace(model_response=completion, output=None)
        episode = SimpleNamespace(
            trajectories=[SimpleNamespace(steps=[step], output=None)], artifacts={}
        )
        said = made.evaluate({"ground_truth": reference, "data_source": "rows"}, episode)
        unscored = {one.name: one.value for one in said.signals}["unscored"]
        found.append(None if unscored else said.reward)
    return found


def install_open_instruct(monkeypatch):
    class Verifier(ABC):
        def __init__(self, name, weight=1.0, verifier_config=None):
            self.name, self.weight = name, weight

        @abstractmethod
        def __call__(self, tokenized_prediction, prediction, label, query=None): ...

    module(
        monkeypatch,
        "open_instruct.ground_truth_utils",
        VerifierFunction=Verifier,
        VerificationResult=SimpleNamespace,
    )


def judge_by_open_instruct(made, rows):
    base = sys.modules["open_instruct.ground_truth_utils"].VerifierFunction
    (found_class,) = base.__subclasses__()
    assert found_class is made
    verifier = found_class(verifier_config=None)
    results = [verifier([1, 2], text, gold, "q", None) for text, gold in rows]
    assert all(one.reasoning for one in results)
    return [one.score for one in results]


def install_openenv(monkeypatch):
    class Rubric(ABC):
        def __init__(self):
            self.last_score = None

        @abstractmethod
        def forward(self, action, observation): ...

        def __call__(self, action, observation):
            self.last_score = self.forward(action, observation)
            return self.last_score

    module(monkeypatch, "openenv.core.rubrics", Rubric=Rubric)


def judge_by_openenv(made, rows):
    found = []
    for completion, reference in rows:
        made.expect({"question": "q", "reference": reference})
        found.append(made(SimpleNamespace(text=completion), None))
        assert set(made.record) == {"score", "status", "prediction", "unscored"}
        assert made.verdict.reason
    return found


PEERS = {
    name.removeprefix("judge_by_"): judge
    for name, judge in list(vars().items())
    if name.startswith("judge_by_")
}
# They have no missing scores and log nothing beside the number.
NUMBERS_ALONE = {"areal", "roll", "open_instruct"}


def install(peer, monkeypatch):
    """Put a peer's double where imports find it."""
    installer = globals().get(f"install_{peer}")
    if installer is not None:
        installer(monkeypatch)
