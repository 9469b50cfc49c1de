"""What the trainer does between TRL's hooks and the pure functions, one step a module.

| module     | step                                                                       |
|------------|----------------------------------------------------------------------------|
| plan       | read and check the configuration                                           |
| estimating | where advantages come from, as a configuration asks for it                 |
| options    | TRL's options of the loss as those of an objective                         |
| rollout    | one generation batch with its rewards; advantages from it                  |
| critic     | PPO's value model: advantages by GAE, and its own loss                      |
| sharding   | a second model beside the policy: DDP, FSDP2, its checkpoints              |
| energy     | log π and Σπ² at each token, for the optimal token baseline                  |
| extensions | names of rewards, and hooks of callbacks                                   |
| window     | the micro-batches of one optimizer step, and their tokens                  |
| resampling | dynamic sampling: refill groups whose rewards are all equal                |
| foresight  | what the host knows of micro-batches before their turn                      |
| microbatch | what of a micro-batch must enter the model, and what the objective is told |
| forward    | per-token log-probs and entropy, by TRL's own forward pass                 |
| fused      | loss and log-probs without logits, where the model allows it               |
| packing    | a ragged micro-batch in few rows without padding                            |
| balancing  | as many tokens for each micro-batch and process                             |
| loss       | the objective's scalar for a micro-batch                                   |
| steering   | the KL coefficient, fixed or adaptive                                      |
| step       | all of it for one micro-batch: losses, metrics, steering                   |
| metrics    | what is logged, under which names                                          |
| state      | what a checkpoint must hold to be resumed in the middle of a window        |
"""
