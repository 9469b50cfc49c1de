"""A GRPO run small enough to watch: `run_demo(output, seed)` trains and shows the improvement.

The only part of the plugin that imports `rewards`. Importing it is cheap; torch and TRL are
imported when the demo runs.
"""

from grpo_plugin.demo.run import DemoResult, run_demo
from grpo_plugin.demo.settings import DemoSettings

__all__ = ["DemoResult", "DemoSettings", "run_demo"]
