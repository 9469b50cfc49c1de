"""lighteval: Pipeline on a custom task with our metric, with a double for the model.

Its bundled task files do not import beside today's packages (one downloads a pickle), so the
registry reads ours alone.
"""

import json
import os
import tempfile
from pathlib import Path

from fixed_rows import ROWS, as_numbers, main, ours

TASKS = """
import os
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.requests import Doc
from rewards.adapters.lighteval import reward

def prompt(line, task_name=None):
    return Doc(task_name=task_name, query=line["question"], choices=[line["answer"]], gold_index=0)

TASKS_TABLE = [
    LightevalTaskConfig(
        name="rlvr_rows", prompt_function=prompt, hf_repo=os.environ["ROWS_FOLDER"],
        hf_subset="default", metrics=[reward()], hf_avail_splits=["test"],
        evaluation_splits=["test"], generation_size=256, stop_sequence=[],
    )
]
"""


def judge(spec):
    from lighteval.logging.evaluation_tracker import EvaluationTracker
    from lighteval.models.dummy.dummy_model import DummyModel, DummyModelConfig
    from lighteval.models.model_output import ModelResponse
    from lighteval.pipeline import ParallelismManager, Pipeline, PipelineParameters
    from lighteval.tasks.registry import Registry

    Registry._load_from_files = staticmethod(lambda *_, **__: {})
    Registry._load_from_subdirs = staticmethod(lambda *_, **__: {})

    class Told(DummyModel):
        def greedy_until(self, docs):
            at = [int(doc.query.split("row ")[1]) for doc in docs]
            pairs = zip(at, docs, strict=True)
            return [ModelResponse(text=[ROWS[i][0]], input=doc.query) for i, doc in pairs]

        def cleanup(self):
            pass

    folder = tempfile.mkdtemp()
    os.environ |= {"ROWS_FOLDER": folder, "RLVR_REWARD": spec}
    lines = [
        json.dumps({"question": f"row {at}", "answer": reference})
        for at, (_, reference) in enumerate(ROWS)
    ]
    Path(folder, "test.jsonl").write_text("\n".join(lines))
    file = Path(tempfile.mkdtemp()) / "rlvr_tasks.py"
    file.write_text(TASKS)
    pipeline = Pipeline(
        tasks="rlvr_rows|0",
        pipeline_parameters=PipelineParameters(
            launcher_type=ParallelismManager.NONE,
            custom_tasks_directory=str(file),
            bootstrap_iters=0,
        ),
        evaluation_tracker=EvaluationTracker(output_dir=tempfile.mkdtemp(), save_details=False),
        model=Told(DummyModelConfig(model_name="dummy", seed=1)),
    )
    pipeline.evaluate()
    (details,) = pipeline.get_details().values()
    found = [None] * len(ROWS)
    for one in details:
        (record,) = one.doc.specific["rlvr"]
        score = None if one.metric["rlvr_unscored"] else one.metric["rlvr"]
        found[int(one.doc.query.split("row ")[1])] = score
        assert record["status"]
    mean = next(iter(pipeline.get_results()["results"].values()))["rlvr"]
    assert abs(mean - sum(as_numbers(ours(spec))) / len(ROWS)) < 1e-9
    return found


if __name__ == "__main__":
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    main("lighteval", "lighteval", judge, "Pipeline, custom task")
