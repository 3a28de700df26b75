import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from lerecord.simulator.camera.mjpeg import MjpegServer, Stream


class Film:
    """Makes images whose grey is their number, and counts them."""

    def __init__(self) -> None:
        self.taken = 0
        self.made: set[bytes] = set()
        self.enough = threading.Event()

    def take(self, number: int) -> bytes:
        assert number == self.taken
        self.taken += 1
        if self.taken >= 5:
            self.enough.set()
        grey = np.full((32, 48, 3), number % 250, dtype=np.uint8)
        made = cv2.imencode(".jpg", grey)[1].tobytes()
        self.made.add(made)
        return made


@contextmanager
def serving(film: Film, fps: float = 200.0) -> Iterator[str]:
    stream = Stream(fps, film.take)
    runner = threading.Thread(target=stream.run)
    with MjpegServer("front", stream) as server:
        runner.start()
        yield server.url
    runner.join()


def get(url: str, path: str | None = None) -> http.client.HTTPResponse:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=240)
    connection.request("GET", parts.path if path is None else path)
    return connection.getresponse()


def part(response: http.client.HTTPResponse) -> bytes:
    """The next image of a multipart stream."""
    assert response.readline() == b"--picture\r\n"
    assert response.readline() == b"Content-Type: image/jpeg\r\n"
    name, _, length = response.readline().partition(b": ")
    assert name == b"Content-Length"
    assert response.readline() == b"\r\n"
    picture = response.read(int(length))
    assert response.readline() == b"\r\n"
    return picture


def number_of(jpeg: bytes) -> float:
    picture = cv2.imdecode(np.frombuffer(jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return float(picture.mean())


def test_parts_carry_whole_pictures_in_order() -> None:
    film = Film()
    with serving(film) as url:
        response = get(url)
        assert response.status == 200
        kind = response.getheader("Content-Type", "")
        assert kind == "multipart/x-mixed-replace; boundary=picture"
        numbers = [round(number_of(part(response))) for _ in range(8)]
        response.close()
    assert numbers == sorted(set(numbers))


def test_no_picture_is_taken_while_nobody_watches() -> None:
    film = Film()
    with serving(film) as url:
        for path in ("/", "/nothing"):
            response = get(url, path)
            assert response.status == 404
            response.close()
    assert film.taken == 0


def test_several_clients_share_each_picture() -> None:
    film = Film()
    with serving(film) as url:
        responses = [get(url) for _ in range(3)]
        pictures = {part(response) for response in responses for _ in range(10)}
        for response in responses:
            response.close()
    assert pictures <= film.made  # of the one row of images, in which each number is made once


def test_a_client_that_does_not_read_holds_up_nobody() -> None:
    film = Film()
    with serving(film) as url:
        host = urlsplit(url)
        with socket.create_connection((host.hostname, host.port)) as sleeper:
            sleeper.sendall(b"GET /front HTTP/1.1\r\n\r\n")
            response = get(url)
            for _ in range(50):
                part(response)
            response.close()
    assert film.taken >= 50


def test_images_of_any_size_reach_a_client_that_keeps_up() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (700, 900, 3), np.uint8)
    large = bytes(cv2.imencode(".jpg", noise)[1])
    sent: list[int] = []

    def take(number: int) -> bytes:
        sent.append(number)
        return large + number.to_bytes(4)

    stream = Stream(60.0, take)
    runner = threading.Thread(target=stream.run)
    with MjpegServer("front", stream) as server:
        runner.start()
        response = get(server.url)
        numbers = [int.from_bytes(part(response)[-4:]) for _ in range(40)]
        response.close()
    runner.join()
    assert len(large) > 300_000
    assert numbers[-1] - numbers[0] < 2 * len(numbers)  # half of them, when the machine is busy


def test_opencv_reads_it() -> None:
    film = Film()
    with serving(film, fps=60.0) as url:
        capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG)
        assert capture.isOpened()
        pictures = [capture.read() for _ in range(5)]
        capture.release()
    assert [ok for ok, _ in pictures] == [True] * 5
    means = [float(picture.mean()) for _, picture in pictures if picture is not None]
    assert means == sorted(means)


def test_a_camera_that_hangs_up_refuses_until_it_answers_again() -> None:
    film = Film()
    stream = Stream(200.0, film.take)
    runner = threading.Thread(target=stream.run)
    with MjpegServer("front", stream) as server:
        runner.start()
        response = get(server.url)
        part(response)
        server.hang_up()
        response.read()  # to the end: what was under way still comes
        response.close()
        with pytest.raises(ConnectionRefusedError):
            get(server.url)
        server.answer_again()
        response = get(server.url)
        part(response)
        response.close()
    runner.join()


def test_a_camera_that_gives_no_picture_shows_none() -> None:
    asked: list[int] = []

    def take(number: int) -> bytes | None:
        asked.append(number)
        return b"picture" if len(asked) % 2 == 0 else None

    stream = Stream(200.0, take)
    runner = threading.Thread(target=stream.run)
    with MjpegServer("front", stream) as server:
        runner.start()
        response = get(server.url)
        assert {part(response) for _ in range(3)} == {b"picture"}
        response.close()
    runner.join()
    assert asked[:4] == [0, 0, 1, 1]  # a number is that of an image that was given


def test_nonsense_instead_of_a_request_is_refused() -> None:
    film = Film()
    with serving(film) as url:
        host = urlsplit(url)
        with socket.create_connection((host.hostname, host.port), timeout=240) as client:
            client.sendall(b"\xff\xfe nonsense\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.0 404")
