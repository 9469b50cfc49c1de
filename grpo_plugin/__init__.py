"""A thin subclass of TRL's `GRPOTrainer`."""
