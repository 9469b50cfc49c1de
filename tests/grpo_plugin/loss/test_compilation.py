"""The Triton kernels compile for a GPU, which needs none; that they vectorise, too."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("triton")

from grpo_plugin.loss import kernels

ROOT = Path(__file__).resolve().parents[3]
CODE = """
import json, re, subprocess, sys, tempfile
import triton
from triton.backends.nvidia.compiler import get_ptxas
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

def spilled(ptx, arch):
    # Bytes of registers that ptxas, Triton's own, had to put into memory.
    tool = get_ptxas(arch)
    with tempfile.NamedTemporaryFile("w", suffix=".ptx") as source:
        source.write(ptx)
        source.flush()
        name = f"sm_{arch}a" if arch >= 90 else f"sm_{arch}"
        done = subprocess.run(
            [tool.path, "-v", f"--gpu-name={name}", source.name, "-o", "/dev/null"],
            capture_output=True, text=True, check=True,
        )
    return sum(map(int, re.findall(r"(\\d+) bytes spill stores", done.stdout + done.stderr)))

found = {}
for name, half, flag, block, warps, arch in json.loads(sys.argv[1]):
    kernel = getattr(triton_kernels, name)
    names = kernel.arg_names
    source = ASTSource(
        fn=kernel,
        signature={n: kind(n, half) for n in names},
        constexprs={n: {"BLOCK": block, "KEEP": True}.get(n, flag) for n in names if n.isupper()},
        attrs={(i,): [["tt.divisibility", 16]] for i, n in enumerate(names)
               if kind(n, half)[0] in "*i"},
    )
    target = GPUTarget("cuda", arch, 32)
    built = triton.compile(source, target=target, options={"num_warps": warps})
    ptx = built.asm["ptx"]
    found[f"{name} {half} {flag} {block} {warps} sm_{arch}"] = {
        "vectors": ptx.count("ld.global.v4") + ptx.count("ld.global.v2"),
        "cubin": len(built.asm["cubin"]),
        "spilled": spilled(ptx, arch),
    }
print(json.dumps(found))
"""
ARCHITECTURES = {"Ampere": 80, "Hopper": 90, "Blackwell": 100}
SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "launches", [(4096, 8), *(pytest.param(launch, marks=SLOW) for launch in kernels._LAUNCHES)]
)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_they_compile_and_spill_nothing(tmp_path, architecture, launches):
    """Ahead of time, with Triton's own ptxas: no GPU is needed."""
    variants = [
        [name, half, flag, *launches, ARCHITECTURES[architecture]]
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
        assert built["spilled"] == 0, f"{name} spills registers"
