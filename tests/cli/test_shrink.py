# SPDX-License-Identifier: Apache-2.0
"""Shrinking: from a failing run to a small scenario, its trace, and what is said about it."""

import os
import re
import signal
import subprocess
import time

from common import PROGRAMS, Case

NOISE = """timeline:
  - {at: 1s, for: 1s, slow: n1, by: 5ms}
  - {at: 2s, reset: all}
  - {at: 2500ms, clock: n2, which: wall, step: +1h}
  - {at: 3s, for: 1s, partition: [[n1], [n2]]}
"""


class Shrink(Case):
    def setUp(self):
        super().setUp()
        self.scenario("noisy", "speak", NOISE + "always: [silence]\n")

    def verdict(self, name, code, prop):
        done = self.run_("run", name, code=code)
        self.assertRegex(done.stdout, rf"seed \d+: {prop} ")

    def test_noise_goes_and_the_failure_stays(self):
        done = self.run_("shrink", "noisy.yaml")
        self.assertRegex(done.stdout, r"^noisy-shrunk\.yaml  nodes 2 -> 1, entries 4 -> 0 "
                                      r"\(\d+ runs, \d+\.\d s\)\n  silence: n1 spoke")
        self.assertEqual(done.stderr, "")
        text = self.read("noisy-shrunk.yaml")
        self.assertNotIn("timeline", text)
        self.assertIn("# Fails: silence. Rule: Nobody speaks.\n", text)
        self.assertIn("# From noisy.yaml, seed 1: nodes 2 -> 1, entries 4 -> 0.\n", text)
        self.assertIn("# Again: muster run noisy-shrunk.yaml --seed 1\n", text)
        self.assertIn("always: [silence]\n", text)
        self.assertIn("\nseeds: 1\n", text)
        self.verdict("noisy-shrunk.yaml", 1, "silence")
        self.assertEqual(self.run_("lint", "noisy-shrunk.yaml").stderr, "")
        self.assertRegex(self.run_("replay", "noisy-shrunk.jsonl").stdout, "^identical ")

    def test_a_crash_is_shrunk_too(self):
        for name, said in ("crash", "Assertion"), ("segfault", "(Segmentation fault|DEADLYSIGNAL)"):
            self.scenario(name, more=NOISE)
            done = self.run_("shrink", name + ".yaml", "--seed", "2", "-o", "out.yaml")
            self.assertIn("nodes 2 -> 1, entries 4 -> 0 (", done.stdout)
            self.assertRegex(done.stdout, rf"signature: no_crash .*{said}")
            self.verdict("out.yaml", 1, "no_crash")
            self.assertTrue(self.read("out.jsonl"))

    def test_an_expectation_is_kept(self):
        self.scenario("unmet", "calm", NOISE + "expect: [{by: 1s, state: {ticks: 1}, of: n1}, "
                                               "{by: 9s, state: {ticks: 77}, of: n1}]\n")
        self.run_("shrink", "unmet.yaml")
        self.assertIn("expect:\n  - {by: 9s, state: {ticks: 77}, of: n1}\n",
                      self.read("unmet-shrunk.yaml"))
        self.assertNotIn("ticks: 1}", self.read("unmet-shrunk.yaml"))
        self.verdict("unmet-shrunk.yaml", 2, "expect")

    def test_a_trace_needs_no_scenario_beside_it(self):
        self.run_("run", "noisy.yaml", "--seed", "3", "--trace-dir", "t", code=1)
        os.remove(self.path("noisy.yaml"))
        self.run_("shrink", "t/noisy-3.jsonl", "-o", "out.yaml")
        self.assertIn("# From noisy.yaml, seed 3:", self.read("out.yaml"))
        self.verdict("out.yaml", 1, "silence")

    def test_a_trace_of_a_crash_has_no_last_line(self):
        self.run_("run", "crash.yaml", "--seed", "2", "--trace-dir", "t", code=1)
        self.run_("shrink", "t/crash-2.jsonl", "-o", "out.yaml")
        self.verdict("out.yaml", 1, "no_crash")

    def test_a_documented_limit_can_be_shrunk(self):
        self.run_("shrink", "documented.yaml")
        self.assertNotIn("expect_failure", self.read("documented-shrunk.yaml"))
        self.verdict("documented-shrunk.yaml", 1, "silence")

    def test_the_number_of_jobs_decides_nothing(self):
        texts = []
        for jobs in "1", "3":
            self.run_("shrink", "noisy.yaml", "--jobs", jobs, "-o", "out.yaml")
            texts.append(self.read("out.yaml") + self.read("out.jsonl"))
        self.assertEqual(*texts)

    def test_standard_output_takes_the_scenario(self):
        done = self.run_("shrink", "noisy.yaml", "-o", "-")
        self.assertTrue(done.stdout.startswith("# Fails: silence."))
        self.assertIn("nodes 2 -> 1, entries 4 -> 0 (", done.stderr)
        self.assertFalse(os.path.exists(self.path("-.jsonl")))

    def test_time_that_is_up_gives_the_best_so_far(self):
        done = self.run_("shrink", "noisy.yaml", "--time", "0.000001", "-o", "out.yaml")
        self.assertIn(", not finished)", done.stdout)
        self.assertIn("nodes 2 -> 2, entries 4 -> 4 (", done.stdout)
        self.verdict("out.yaml", 1, "silence")

    def test_an_interrupt_gives_the_best_so_far(self):
        entries = "".join(f"  - {{at: {90 * n}m, clock: n1, which: wall, step: +1s}}\n"
                          for n in range(1, 40))
        self.write("long.yaml", self.read("calm.yaml").replace("20s", "60h") + "timeline:\n" +
                   entries + "expect: [{event: clock, at_most: 19}]\n")
        child = subprocess.Popen([PROGRAMS["trouble"], "shrink", "long.yaml", "--time", "1h"],
                                 cwd=self.dir, text=True, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, start_new_session=True)
        time.sleep(2.5)
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 130, out + err)
        if os.path.exists(self.path("long-shrunk.yaml")):  # a slow machine has no run behind it
            self.assertIn("interrupted: this is the best so far", err)
            self.assertIn(", not finished)", out)


class NotShrunk(Case):
    def wrong(self, code, text, *words):
        done = self.run_("shrink", *words, code=code)
        self.assertIn(text, done.stderr)
        return done

    def test_what_passes(self):
        self.wrong(64, "'calm.yaml' passes with seeds 1..3: there is nothing to shrink; "
                       "'muster run calm.yaml --seeds 1..1000' tries more", "calm.yaml")
        self.wrong(64, "'calm.yaml' passes with seed 9: there is nothing to shrink; leave "
                       "'--seed' out", "calm.yaml", "--seed", "9")

    def test_another_failure(self):
        self.wrong(64, "'crash.yaml' with seed 1 violates no_crash, not silence", "crash.yaml",
                   "--seed", "1", "--property", "silence")
        self.wrong(64, "unknown property 'silenc', did you mean 'silence'?", "crash.yaml",
                   "--property", "silenc")
        self.wrong(64, "unknown property 'x9'; 'muster list --properties'", "crash.yaml",
                   "--property", "x9")

    def test_what_says_nothing_of_the_code(self):
        self.scenario("nobody", "calm", "timeline: [{at: 1s, restart: leader}]\n")
        self.wrong(64, "fails in a way that says nothing of the code: timeline: nothing matches",
                   "nobody.yaml", "--seed", "1")
        self.scenario("idle", "calm", "assumptions: {drift: false}\neventually: [talk]\n")
        self.wrong(64, "was never put to the test", "idle.yaml", "--seed", "1")

    def test_files_that_are_none(self):
        self.wrong(74, "nowhere.yaml", "nowhere.yaml")
        self.wrong(74, "nowhere.jsonl", "nowhere.jsonl")
        self.write("bad.yaml", "version: 1\nduratoin: 3s\n")
        self.wrong(65, "unknown key 'duratoin', did you mean 'duration'?", "bad.yaml")
        self.write("bad.jsonl", "{}\n")
        self.wrong(65, "bad.jsonl", "bad.jsonl")

    def test_words(self):
        self.wrong(64, "no scenario given, nor a trace")
        self.wrong(64, "one operand too many: 'b'", "a", "b")
        for option, value in (("--seed", "x"), ("--time", "0s"), ("--jobs", "0")):
            self.wrong(64, f"invalid value '{value}' for '{option}'", "a", option, value)

    def test_nothing_is_overwritten_unasked(self):
        self.write("speak-shrunk.yaml", "mine\n")
        self.wrong(74, "'speak-shrunk.yaml' is there already", "speak.yaml")
        self.assertEqual(self.read("speak-shrunk.yaml"), "mine\n")
        before = self.read("speak.yaml")
        self.wrong(64, "'speak.yaml' is the scenario itself", "speak.yaml", "-o", "speak.yaml")
        self.assertEqual(self.read("speak.yaml"), before)
        self.run_("shrink", "speak.yaml", "-o", "speak-shrunk.yaml")
        self.assertTrue(re.match("# Fails: silence", self.read("speak-shrunk.yaml")))

    def test_what_cannot_be_written(self):
        self.wrong(74, "cannot write 'no/where.yaml': No such file", "speak.yaml", "-o",
                   "no/where.yaml")
