"""NeMo-Gym: a resources server asked over HTTP."""

from unittest.mock import MagicMock

from fastapi.testclient import TestClient
from fixed_rows import ROWS, main
from nemo_gym.base_resources_server import BaseResourcesServerConfig
from nemo_gym.server_utils import ServerClient


def body(completion, reference):
    text = {"type": "output_text", "text": completion, "annotations": []}
    message = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [text],
    }
    response = {
        "id": "r",
        "created_at": 0,
        "model": "m",
        "object": "response",
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "output": [message],
    }
    return {
        "responses_create_params": {"input": [{"role": "user", "content": "q"}]},
        "expected_answer": reference,
        "response": response,
    }


def judge(spec):
    from rewards.adapters.nemo_gym import reward

    config = BaseResourcesServerConfig(host="127.0.0.1", port=0, entrypoint="", name="rlvr")
    server = reward(spec)(config=config, server_client=MagicMock(spec=ServerClient))
    found = []
    with TestClient(server.setup_webserver()) as client:
        for row in ROWS:
            said = client.post("/verify", json=body(*row))
            assert said.status_code == 200, said.text
            answer = said.json()
            assert answer["status"]
            assert answer["expected_answer"] == row[1]
            assert not answer["unscored"] or answer["reward"] == 0.0
            found.append(None if answer["mask_sample"] else answer["reward"])
    return found


if __name__ == "__main__":
    main("NeMo-Gym", "nemo-gym", judge, "/verify over HTTP")
