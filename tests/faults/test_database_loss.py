"""The database goes away and comes back, or has no room left: requests say to try again, nothing is half done."""

import os
import resource
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from tests.databases import postgresql_programs
from tests.faults.load import Crowd
from tests.faults.test_kills import codes, require_whole
from tests.faults.wire import ROOT, Lost, Wire, make_app, make_pool, refresh, refusal, sign_in
from tests.server import Server

pytestmark = pytest.mark.slow

PASSWORD = "Passw0rd!"


class OwnPostgreSQL:
    """A PostgreSQL server of this test's own, which it may stop and start."""

    def __init__(self, folder):
        self._folder = folder
        self.url = f"postgresql://lido@/postgres?host={folder}"

    def make(self):
        self._run("initdb", "-U", "lido", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    def start(self):
        where = f"-c listen_addresses='' -c unix_socket_directories={self._folder} -c fsync=off"
        self._run("pg_ctl", "-l", str(self._folder / "pg.log"), "-w", "-o", where, "start")

    def stop(self, how="immediate"):
        self._run("pg_ctl", "-m", how, "-w", "stop")
