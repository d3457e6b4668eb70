"""The download, against a server on the loopback address."""

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gdbench.data import fashion_mnist
from gdbench.data.fetch import fetch
from gdbench.data.places import find
from gdbench.errors import InputError


class Server:
    """Serves ``files`` below /clothes/; notes what was asked for; announces ``missing`` bytes it never sends."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.asked, self.missing = files, [], 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.removeprefix("/clothes/")
                outer.asked.append(name)
                if name not in outer.files:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.files[name]) + outer.missing))
                self.end_headers()
                self.wfile.write(outer.files[name])

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/clothes"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server(packed, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = Server(dict(packed))
    yield running
    running.stop()


@pytest.mark.parametrize("progress", [False, True])
def test_what_is_fetched_is_found(bare_machine, tiny, server, packed, capsys, progress):
    folder = fetch(tiny, server.url, progress=progress)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == packed
    assert find(tiny)[0].folder == folder
    printed = capsys.readouterr()
    assert printed.out == ""
    assert ("train-images-idx3-ubyte.gz" in printed.err) is progress


def test_whole_files_are_kept_and_torn_ones_mended(tmp_path, tiny, server, packed):
    folder = fetch(tiny, f"{server.url}/", tmp_path / "here")
    torn = folder / "t10k-images-idx3-ubyte.gz"
    torn.write_bytes(torn.read_bytes()[:100])
    server.asked.clear()
    fetch(tiny, server.url, str(folder))
    assert server.asked == [torn.name]
    assert torn.read_bytes() == packed[torn.name]


def test_a_wrong_checksum_leaves_nothing(tmp_path, tiny, server):
    files = (replace(tiny.files[0], sha256="0" * 64), *tiny.files[1:])
    with pytest.raises(InputError, match="its SHA256 is not the published one"):
        fetch(replace(tiny, files=files), server.url, tmp_path / "here")
    assert list((tmp_path / "here").iterdir()) == []


def test_a_broken_connection_leaves_nothing(tmp_path, tiny, server):
    server.missing = 10
    with pytest.raises(InputError, match="could not be fetched"):
        fetch(tiny, server.url, tmp_path / "here")
    assert list((tmp_path / "here").iterdir()) == []


def test_a_missing_file_is_named(tmp_path, tiny, server):
    del server.files["t10k-labels-idx1-ubyte.gz"]
    with pytest.raises(InputError, match=r"t10k-labels-idx1-ubyte.gz could not be fetched .*404 .*Not Found"):
        fetch(tiny, server.url, tmp_path / "here")
    assert len(list((tmp_path / "here").iterdir())) == 3  # what came before is whole, and need not come again


def test_a_server_that_is_gone(tmp_path, tiny, server):
    closed = Server({})
    closed.stop()
    with pytest.raises(InputError, match=r"could not be fetched \(the connection failed: ConnectionError\)") as caught:
        fetch(tiny, closed.url, tmp_path / "here")
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be(tmp_path, tiny, server):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot take train-images"):
        fetch(tiny, server.url, tmp_path / "file")


@pytest.mark.parametrize("address", ["", "ftp://host/", "clothes", "http://"])
def test_an_address_that_is_none(tmp_path, tiny, address):
    with pytest.raises(InputError):
        fetch(tiny, address, tmp_path / "here")


def test_the_public_verb_fetches_fashion_mnist(tmp_path, tiny, server, packed, monkeypatch):
    monkeypatch.setattr(fashion_mnist, "FASHION_MNIST", tiny)
    folder = fashion_mnist.fetch_fashion_mnist(server.url, tmp_path / "here")
    assert {file.name for file in folder.iterdir()} == packed.keys()
