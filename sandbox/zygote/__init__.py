"""What runs in processes of its own: the zygote, and the confined children that it forks."""
