#!/usr/bin/env python3
"""Fetch images into a store, from Python, without an extension:  fetch.py STORE REFERENCE..."""

import ctypes
import sys

MESSAGE_MAX = 768  # TUG_ERROR_MESSAGE_MAX


class Error(ctypes.Structure):
    """struct tug_error, which never changes."""

    _fields_ = [
        ("code", ctypes.c_int),
        ("os_errno", ctypes.c_int),
        ("http_status", ctypes.c_int),
        ("is_permanent", ctypes.c_bool),
        ("message", ctypes.c_char * MESSAGE_MAX),
    ]


def check(status, error):
    if status != 0:
        raise RuntimeError(error.message.decode())


def fetch(store_path, references):
    tug = ctypes.CDLL("libtug.so.0")
    store, run, error = ctypes.c_void_p(), ctypes.c_void_p(), Error()
    try:
        check(
            tug.tug_store_open(store_path.encode(), None, ctypes.byref(store), ctypes.byref(error)),
            error,
        )
        check(tug.tug_fetch_create(store, None, ctypes.byref(run), ctypes.byref(error)), error)
        for reference in references:
            check(tug.tug_fetch_add(run, reference.encode(), ctypes.byref(error)), error)
        check(tug.tug_fetch_run(run, ctypes.byref(error)), error)  # other threads run meanwhile
    finally:
        tug.tug_fetch_destroy(run)
        tug.tug_store_close(store)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: fetch.py STORE REFERENCE...")
    try:
        fetch(sys.argv[1], sys.argv[2:])
    except RuntimeError as failure:
        sys.exit(f"fetch.py: {failure}")
