import io

import pytest

from rewards.worker import Ending, frames


def framed(task_id, body):
    out = io.BytesIO()
    frames.send(lambda data: out.write(data[:7]), task_id, body)  # a writer of small bites
    return out.getvalue()


@pytest.mark.parametrize("bite", [1, 3, 16, 17, 1 << 20])
@pytest.mark.parametrize("body", [b"", b"x", b"0123456789" * 1000])
def test_there_and_back_in_bites(bite, body):
    source = io.BytesIO(framed(7, body))
    assert frames.receive(lambda size: source.read(min(size, bite)), 1 << 20) == (7, body)


@pytest.mark.parametrize("kept", [0, 5, 16, 20])
def test_end_of_file_anywhere(kept):
    with pytest.raises(EOFError):
        frames.receive(io.BytesIO(framed(7, b"0123456789")[:kept]).read, 1 << 20)


def test_too_large_is_refused_before_it_is_read():
    source = io.BytesIO(framed(7, b"x" * 1000))
    with pytest.raises(ValueError, match="a frame of 1,000 bytes is above the cap of 999"):
        frames.receive(source.read, 999)


def test_two_frames_at_once_are_refused():
    with pytest.raises(ValueError, match="after the end"):
        frames.receive(io.BytesIO(framed(7, b"a") + framed(8, b"b")).read, 1 << 20)


def test_reply_there_and_back():
    reply = frames.Reply(Ending.DONE, ["a\nb", None], "", 0.5, 1.5, retire=True)
    assert frames.decode_reply(frames.encode_reply(reply, '["a\\nb", null]')) == reply
