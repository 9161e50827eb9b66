# SPDX-License-Identifier: Apache-2.0
"""Interrupts and terminals."""

import json
import os
import pty
import signal
import subprocess
import time

from common import PROGRAMS, Case


class Interrupt(Case):
    def start(self, *words):
        return subprocess.Popen([PROGRAMS["trouble"], "run", *words], cwd=self.dir, text=True,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, start_new_session=True)

    def test_an_interrupt_ends_with_a_summary(self):
        child = self.start("unmet.yaml", "calm.yaml", "--seeds", "1..400000", "--jobs", "2")
        time.sleep(1.0)
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=30)
        self.assertEqual(child.returncode, 2, out[-500:] + err)
        self.assertRegex(out, r"interrupted after \d+ of 800000 runs\n2 scenarios, ")

    def test_an_interrupted_suite_has_not_passed(self):
        for word, number in ("INT", signal.SIGINT), ("TERM", signal.SIGTERM):
            child = self.start("documented.yaml", "calm.yaml", "unmet.yaml", "--seeds",
                               "1..400000", "--jobs", "2", "--json", "r.json")
            time.sleep(0.7)
            os.kill(child.pid, number)
            out, err = child.communicate(timeout=30)
            self.assertEqual(child.returncode, 130, word + out[-500:] + err)
            self.assertRegex(out, r"partly  documented  seeds 1\.\..* of 1\.\.400000  ")
            self.assertRegex(out, r"\n3 scenarios, \d+ runs: 0 passed, 0 failed, 1 partly run, "
                                  r"2 not run \(")
            first, second, third = json.loads(self.read("r.json"))
            self.assertEqual([s["verdict"] for s in (first, second, third)],
                             ["incomplete", "not_run", "not_run"])
            self.assertEqual(len(first["runs"]) + first["not_run"], 400000)
            self.assertEqual((third["runs"], third["not_run"]), ([], 400000))

    def test_an_interrupt_before_anything_ran_is_130(self):
        self.scenario("forever", "calm")
        self.write("forever.yaml",
                   self.read("forever.yaml").replace("duration: 20s", "duration: 2400h"))
        child = self.start("forever.yaml", "--seed", "2")
        time.sleep(0.5)
        os.killpg(child.pid, signal.SIGINT)
        child.communicate(timeout=30)
        self.assertEqual(child.returncode, 130)


class Killed(Case):
    """A worker that is killed from outside says nothing of the code under test."""

    def start(self, *words):
        return subprocess.Popen([PROGRAMS["trouble"], "run", *words], cwd=self.dir, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def workers(self, child):
        with open(f"/proc/{child.pid}/task/{child.pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]

    def wait_for_worker(self, child, other_than=None):
        for _ in range(500):
            for pid in self.workers(child):
                if pid != other_than:
                    return pid
            time.sleep(0.01)
        return self.fail("no worker was started")

    def setUp(self):
        super().setUp()
        self.scenario("long", "calm")
        self.write("long.yaml", self.read("long.yaml").replace("duration: 20s", "duration: 2400h"))
        if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
            self.skipTest("the system does not tell of children")

    def test_its_run_is_repeated(self):
        undisturbed = self.hashes("calm.yaml", "--seeds", "1..20000")
        for number in (signal.SIGKILL, signal.SIGTERM):
            child = self.start("calm.yaml", "--seeds", "1..20000", "--jobs", "2", "--json",
                               "k.json")
            pid = self.wait_for_worker(child)
            time.sleep(0.05)
            os.kill(pid, number)
            out, err = child.communicate(timeout=60)
            self.assertEqual((child.returncode, err), (0, ""), out)
            runs = json.loads(self.read("k.json"))[0]["runs"]
            self.assertEqual([run["hash"] for run in runs], undisturbed)

    def test_killed_twice_it_has_no_verdict(self):
        child = self.start("long.yaml", "documented.yaml", "--seed", "3", "--jobs", "1")
        first = self.wait_for_worker(child)
        time.sleep(0.1)
        os.kill(first, signal.SIGKILL)
        second = self.wait_for_worker(child, other_than=first)
        time.sleep(0.1)
        os.kill(second, signal.SIGKILL)
        out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 70, out + err)
        self.assertIn("seed 3: worker\n    the worker was killed from outside, twice: signal 9 "
                      "(Killed); the run has no verdict", out)
        self.assertNotIn("no_crash", out)
        self.assertIn("passed  documented", out)


class Terminal(Case):
    def on_terminal(self, *words, env=None):
        parent, child = pty.openpty()
        process = subprocess.Popen([PROGRAMS["trouble"], "run", *words], cwd=self.dir, stdout=child,
                                   stderr=child,
                                   env={**os.environ, **(env or {})})
        os.close(child)
        seen = b""
        try:
            while data := os.read(parent, 4096):
                seen += data
        except OSError:
            pass
        os.close(parent)
        process.wait(timeout=30)
        return seen.decode()

    def test_colours_and_progress_on_a_terminal_only(self):
        env = {"NO_COLOR": "1"}
        os.environ.pop("NO_COLOR", None)
        self.assertIn("\033[32mpassed\033[0m", self.on_terminal("calm.yaml"))
        self.assertNotIn("\033[3", self.on_terminal("calm.yaml", env=env))
