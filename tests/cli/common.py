# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share: a folder with one scenario of each kind."""

import json
import os
import subprocess
import tempfile
import unittest

PROGRAMS = {}  # by name: muster and trouble, the second has the process of trouble.c

TROUBLES = ["calm", "crash", "segfault", "guess", "spin", "speak"]
SCENARIO = """version: 1
name: {name}
defends: {name} is what it says
seeds: 1..3
duration: 20s
tags: [{tag}]
cluster: {{process: trouble, nodes: 2, config: {{trouble: {trouble}}}}}
{more}"""


def call(*words, cwd, program="trouble", env=None, **more):
    return subprocess.run([PROGRAMS[program], *words], cwd=cwd, text=True, capture_output=True,
                          env={**os.environ, **(env or {})}, timeout=120, check=False, **more)


class Case(unittest.TestCase):
    """Each test has a folder of its own with one scenario of each kind."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.dir = self.folder.name
        for word in TROUBLES:
            self.scenario(word, more="always: [silence]\n" if word == "speak" else "")
        self.scenario("mute", "calm", "eventually: [talk]\n")
        self.scenario("unmet", "calm", "expect: [{by: 9s, state: {ticks: 77}, of: n1}]\n")
        self.scenario("documented", "speak", "always: [silence]\nexpect_failure: silence\n")
        self.scenario("surprise", "calm", "always: [silence]\nexpect_failure: silence\n")

    def tearDown(self):
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def scenario(self, name, trouble=None, more=""):
        self.write(name + ".yaml",
                   SCENARIO.format(name=name, tag=name, trouble=trouble or name, more=more))

    def run_(self, *words, code=0, **more):
        done = call(*words, cwd=self.dir, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def hashes(self, *words, code=0):
        self.run_("run", *words, "--json", "r.json", code=code)
        return [run["hash"] for s in json.loads(self.read("r.json")) for run in s["runs"]]
