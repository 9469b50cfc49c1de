"""OpenEnv: an environment with our rubric, over its WebSocket."""

from fastapi.testclient import TestClient
from fixed_rows import ROWS, main
from openenv.core.env_server import Action, Environment, Observation, State, create_fastapi_app


class Answer(Action):
    text: str


class Asked(Observation):
    question: str = ""


def judge(spec):
    from rewards.adapters.openenv import reward

    class MathEnv(Environment):
        SUPPORTS_CONCURRENT_SESSIONS = True

        def __init__(self):
            super().__init__(rubric=reward(spec))
            self._state = State(episode_id="0", step_count=0)

        def reset(self, seed=None, episode_id=None, **_):
            self.rubric.expect({"question": f"row {seed}", "reference": ROWS[seed or 0][1]})
            return Asked(question=f"row {seed}", done=False, reward=None)

        def step(self, action, timeout_s=None, **_):
            observation = Asked(done=True)
            observation.reward = self._apply_rubric(action, observation)
            observation.metadata = self.rubric.record
            return observation

        @property
        def state(self):
            return self._state

    found = []
    with TestClient(create_fastapi_app(MathEnv, Answer, Asked)) as client:
        for at, (completion, _) in enumerate(ROWS):
            with client.websocket_connect("/ws") as socket:
                socket.send_json({"type": "reset", "data": {"seed": at}})
                socket.receive_json()
                socket.send_json({"type": "step", "data": {"text": completion}})
                said = socket.receive_json()
                assert said["data"]["metadata"].keys() == {
                    *("score", "status", "prediction", "unscored")
                }
                found.append(said["data"]["reward"])
    return found


if __name__ == "__main__":
    main("OpenEnv", "openenv", judge, "environment over its WebSocket")
