"""The Triton kernels compile for a GPU, which needs none; that they vectorise, too."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("triton")

ROOT = Path(__file__).resolve().parents[3]
CODE = """
import json, sys
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from grpo_plugin.loss import triton_kernels

HALF = {"keep", "tile", "bias"}
FLOATS = {"logit_scale", "softcap", "inverse_temperature", "lift", "factor", "inverse_cap"}
INTEGERS = {"logits_stride", "keep_stride", "blocks_stride", "shifts_stride", "tile_stride",
            "first", "first_block", "width", "vocabulary"}

def kind(name, half):
    if name.isupper():
        return "constexpr"
    if name in FLOATS:
        return "fp32"
    if name in INTEGERS:
        return "i32"
    return "*" + (half if name in HALF else "i64" if name in ("targets", "sources") else "fp32")

found = {}
for name, half, flag in json.loads(sys.argv[1]):
    kernel = getattr(triton_kernels, name)
    names = kernel.arg_names
    source = ASTSource(
        fn=kernel,
        signature={n: kind(n, half) for n in names},
        constexprs={n: {"BLOCK": 4096, "KEEP": True}.get(n, flag) for n in names if n.isupper()},
        attrs={(i,): [["tt.divisibility", 16]] for i, n in enumerate(names)
               if kind(n, half)[0] in "*i"},
    )
    built = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 8})
    ptx = built.asm["ptx"]
    found[f"{name} {half} {flag}"] = {
        "vectors": ptx.count("ld.global.v4") + ptx.count("ld.global.v2"),
        "cubin": len(built.asm["cubin"]),
    }
print(json.dumps(found))
"""


def test_they_compile_for_hopper(tmp_path):
    variants = [
        [name, half, flag]
        for name in ("_fold", "_differentiate")
        for half, flag in (("bf16", False), ("bf16", True), ("fp16", True))
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])}
    environment |= {"TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", CODE, json.dumps(variants)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert len(found) == len(variants)
    for name, built in found.items():
        assert built["cubin"] > 0, name
        assert built["vectors"] > 0, f"{name} loads element by element"
