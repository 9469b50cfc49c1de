"""The errors and warnings of the trainer plugin, as one small tree.

```
PluginError
├── UnsupportedTRLError   the installed TRL lacks what the trainer builds on
├── ConfigurationError    options that cannot work, or contradict each other (also a ValueError)
├── MissingExtraError     an optional dependency is not installed (also an ImportError)
├── StepError             step rewards or a step splitter broke their contract (also a ValueError)
├── RefreshError          a reference or reward cannot be refreshed as asked (also a ValueError)
├── DatasetError          a dataset cannot be turned into prompts (also a ValueError)
├── UnsupportedHeadError  a model's last layer cannot be fused (also a ValueError)
└── NonFiniteLogitsError  the policy's log-probs are NaN or infinite (also an ArithmeticError)
ForeignPackageWarning     another package hides `rewards` or `sandbox` (a UserWarning)
```
"""

from __future__ import annotations


class PluginError(Exception):
    """Base of every error the plugin raises on purpose."""


class UnsupportedTRLError(PluginError, RuntimeError):
    """The installed TRL lacks what the trainer builds on."""


class ConfigurationError(PluginError, ValueError):
    """Options of the trainer that cannot work, or contradict each other."""


class MissingExtraError(PluginError, ImportError):
    """An optional dependency is not installed."""


class StepError(PluginError, ValueError):
    """Step rewards or a step splitter broke their contract."""


class RefreshError(PluginError, ValueError):
    """A reference policy or a reward cannot be refreshed as asked."""


class DatasetError(PluginError, ValueError):
    """A dataset cannot be turned into prompts."""


class UnsupportedHeadError(PluginError, ValueError):
    """A model's last layer is not what the fused loss computes; the message says why."""


class NonFiniteLogitsError(PluginError, ArithmeticError):
    """The policy's log-probs are NaN or infinite: a step with them would ruin it."""


class ForeignPackageWarning(UserWarning):
    """Another package hides `rewards` or `sandbox`."""
