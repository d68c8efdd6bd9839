"""Executes notebooks headless: python execute.py OUT NOTEBOOK…

Writes each executed notebook and every chart in it as a PNG into OUT, and a line a notebook to standard output. An
error in a cell ends it with the cell and its traceback, exit code 1.
"""

import base64
import os
import pathlib
import sys
import tempfile
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config


def execute(path, out, sockets):
    began = time.monotonic()
    book = nbformat.read(path, as_version=4)
    config = Config()
    if os.name == "posix":
        config.KernelManager.transport = "ipc"  # the kernel listens on no port but in a folder of its own
        config.KernelManager.ip = os.path.join(sockets, path.stem[:1])
    client = NotebookClient(book, config=config, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}})
    try:
        client.execute()
    except CellExecutionError as e:
        print(f"{path.name}: {e}", file=sys.stderr)
        return False
    charts = 0
    for cell in book.cells:
        for output in cell.get("outputs", []):
            png = output.get("data", {}).get("image/png")
            if png:
                charts += 1
                (out / f"{path.stem}-{charts}.png").write_bytes(base64.b64decode(png))
    nbformat.write(book, out / path.name)
    print(f"{path.stem}: {len(book.cells)} cells, {charts} charts, {time.monotonic() - began:.1f} s")
    return True


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="nb") as sockets:
        done = [execute(pathlib.Path(p).resolve(), out, sockets) for p in sys.argv[2:]]
    sys.exit(0 if all(done) else 1)


if __name__ == "__main__":
    main()
