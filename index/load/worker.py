"""Processes that parse what may be hostile: they can be killed, have no network, and little memory."""

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

NETWORK = {f"socket.{call}" for call in "connect getaddrinfo gethostbyaddr gethostbyname getnameinfo sendto sendmsg bind".split()}


def start(code: str) -> "subprocess.Popen[bytes]":
    """A process of our own interpreter that runs some code, with pipes to and from it."""
    # One thread each: the libraries' pools would spend the address space. No pdf or office file needs more.
    quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-c", code]  # Nothing is imported from the folder that one is in.
    environment = {**os.environ, **quiet, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)


def confine(bytes_of_address_space: int, at_most: int) -> IO[bytes]:
    """Take the network and most memory from this process; `at_most` is what it may ask for later. Returns where to answer."""
    resource.setrlimit(resource.RLIMIT_AS, (bytes_of_address_space, at_most))
    sys.addaudithook(_no_network)
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # What a library prints shall not mix with the answers.
    return output


def _no_network(event: str, _: tuple[Any, ...]) -> None:
    if event in NETWORK:
        raise PermissionError("a file is read without the network")
