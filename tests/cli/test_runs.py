# SPDX-License-Identifier: Apache-2.0
"""What `muster run` says of runs, and the code it ends with."""

import json
import os
import subprocess

from common import PROGRAMS, SCENARIO, Case


class Run(Case):
    def test_a_line_for_each_scenario(self):
        done = self.run_("run", "calm.yaml", "documented.yaml")
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0],
                r"^passed  calm        seeds 1..3      2 nodes    60\.0 s in +\d+ [mu]s +\d+x  "
                                   r"[0-9a-f]{16}$")
        self.assertRegex(lines[1], r"^passed  documented  ")
        self.assertRegex(lines[2], r"^2 scenarios, 6 runs: 2 passed, 0 failed \(.*\)$")
        self.assertEqual(done.stderr, "")

    def test_a_safety_property(self):
        text = self.run_("run", "speak.yaml", "--seed", "2", code=1).stdout
        self.assertIn("FAILED  speak", text)
        self.assertIn("  seed 2: silence violated at 4.0s (record ", text)
        self.assertIn('    n1 spoke <loudly> & "clearly"\n', text)
        self.assertRegex(text, r"last events that matter:\n(.*\n)*? +4\.0s  n1    word arg1=5\n")
        self.assertIn(f"    reproduce: {PROGRAMS['trouble']} run speak.yaml --seed 2\n", text)

    def test_the_command_it_names_reproduces_it(self):
        os.mkdir(self.path("a b"))
        os.rename(self.path("speak.yaml"), self.path("a b/it's.yaml"))
        text = self.run_("run", "a b", code=1).stdout
        command = next(line for line in text.splitlines() if "reproduce:" in line).split(": ", 1)[1]
        again = subprocess.run(command, shell=True, cwd=self.dir, text=True, capture_output=True,
                               check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("seed 1: silence violated at 4.0s", again.stdout)

    def test_liveness_and_expectations(self):
        text = self.run_("run", "mute.yaml", code=2).stdout
        self.assertIn("seed 1: talk not met at 20.0s", text)
        text = self.run_("run", "unmet.yaml", code=2).stdout
        self.assertRegex(text, r"seed 1: expect unmet\.yaml:8:\d+ not met at 9\.0s \(record \d+\)")

    def test_an_entry_that_never_fires_fails_the_run_unless_it_is_optional(self):
        entry = "timeline:\n  - {when: word, crash: n1%s}\n"
        self.scenario("silent", "calm", entry % "")
        text = self.run_("run", "silent.yaml", code=2).stdout
        self.assertIn("seed 1: timeline silent.yaml:9:5 not met at 20.0s (record ", text)
        self.assertIn("    this entry never fired; say `optional: true` if that may be: "
                      "{when: word, crash: n1}\n", text)
        self.scenario("may", "calm", entry % ", optional: true")
        self.scenario("each", "calm", "timeline:\n  - {whenever: word, crash: n1}\n")
        self.scenario("does", "speak", entry % ", then: 1s")
        self.run_("run", "may.yaml", "each.yaml", "does.yaml")
        self.scenario("late", "speak", entry % ", then: 19s")
        self.assertIn("this entry never fired", self.run_("run", "late.yaml", code=2).stdout)

    def test_an_entry_waits_for_its_event_until_a_time(self):
        entry = "timeline:\n  - {when: word, until: %s, crash: n1}\n"
        self.scenario("soon", "speak", entry % "5s")
        self.scenario("late", "speak", entry % "3s")
        self.run_("run", "soon.yaml")
        self.assertIn("this entry never fired", self.run_("run", "late.yaml", code=2).stdout)
        self.scenario("wrong", "calm", "timeline:\n"
                      "  - {when: word, after: 9s, until: 8s, crash: n1}\n"
                      "  - {at: 9s, until: 12s, crash: n1}\n"
                      "  - {when: word, until: 30s, crash: n1}\n")
        said = self.run_("lint", "wrong.yaml", code=65).stderr
        self.assertIn("9:36: error: 'until' is before 'after'", said)
        self.assertIn("10:14: error: 'until' needs 'when: EVENT' or 'whenever: EVENT'", said)
        self.assertIn("11:25: error: '30s' is after the end; the scenario lasts 20s", said)

    def test_lenient_forgives_what_never_came(self):
        more = ("timeline:\n  - {when: word, crash: n1}\n  - {at: 3s, restart: n1}\n"
                "eventually: [talk, leader_returns]\n")
        self.scenario("strict", "calm", more)
        self.scenario("lenient", "calm", "lenient: true\n" + more.replace("talk, ", ""))
        self.scenario("unmet", "calm", "lenient: true\n" + more)
        self.run_("run", "strict.yaml", code=2)
        self.run_("run", "lenient.yaml")
        self.assertIn("talk not met", self.run_("run", "unmet.yaml", code=2).stdout)

    def test_an_expected_failure_passes_and_its_absence_fails(self):
        self.run_("run", "documented.yaml")
        self.assertIn("silence was expected to fail and held",
                      self.run_("run", "surprise.yaml", code=2).stdout)

    def test_a_crash_is_a_violation_and_the_rest_runs_on(self):
        for name, death in (("crash", "signal 6 (Aborted)"),
                            ("segfault", "signal 11 (Segmentation fault)")):
            text = self.run_("run", name + ".yaml", "calm.yaml", "--trace-dir", "t", "--json",
                             "r.json", code=1).stdout
            if "exit status" in text:
                self.skipTest("a sanitizer catches the signal")
            self.assertIn("seed 1: no_crash violated", text)
            self.assertIn("the code under test died of " + death, text)
            self.assertIn("3.0s  n2    tick arg1=4", text)
            self.assertIn("passed  calm", text)
            runs = json.loads(self.read("r.json"))[0]["runs"]
            self.assertEqual([run["seed"] for run in runs], [1, 2, 3])
            done = self.run_("replay", f"t/{name}-1.jsonl", code=3)
            self.assertIn("CRASHED", done.stdout)

    def test_no_livelock_and_max_events(self):
        self.assertIn("no_livelock violated",
                      self.run_("run", "spin.yaml", "--seed", "1", code=1).stdout)
        text = self.run_("run", "calm.yaml", "--seed", "1", "--max-events", "5", code=2).stdout
        self.assertIn("events_max", text)
        self.assertIn("run calm.yaml --seed 1 --max-events 5", text)

    def test_what_is_not_deterministic_is_found(self):
        text = self.run_("run", "guess.yaml", "--seed", "2", "--check-determinism", code=3).stdout
        self.assertIn("guess, seed 2: two runs give two hashes, ", text)
        self.assertRegex(text, r'first:  \{"i":19,.*"k":"tick".*\}\n    second: \{"i":19,')
        self.assertIn("--seed 2 --check-determinism", text)
        self.run_("run", "guess.yaml", "--seed", "1", code=3)
        self.run_("run", "guess.yaml", "--seed", "2")

    def test_the_number_of_jobs_changes_nothing(self):
        one = self.hashes("calm.yaml", "documented.yaml", "--seeds", "1..50", "--jobs", "1")
        three = self.hashes("calm.yaml", "documented.yaml", "--seeds", "1..50", "--jobs", "3")
        self.assertEqual(len(one), 100)
        self.assertEqual(one, three)

        def lines(jobs):
            text = self.run_("run", ".", "--jobs", jobs, "--filter", "calm", "--filter", "speak",
                             "--filter",
                             "unmet", code=1).stdout
            return [line.split(" in ")[0] for line in text.splitlines()[:-1]]
        self.assertEqual(lines("1"), lines("4"))

    def test_tracing_does_not_change_the_hash(self):
        self.assertEqual(self.hashes("calm.yaml"), self.hashes("calm.yaml", "--trace-dir", "t"))

    def test_fail_fast_stops_at_the_first_failure_in_order(self):
        for jobs in ("1", "4"):
            done = self.run_("run", "speak.yaml", "calm.yaml", "--fail-fast", "--jobs", jobs,
                             "--json", "r.json",
                             code=1)
            runs = json.loads(self.read("r.json"))
            self.assertEqual([[run["seed"] for run in s["runs"]] for s in runs], [[1], []])
            self.assertEqual([(s["verdict"], s["not_run"]) for s in runs],
                             [("violated", 2), ("not_run", 3)])
            self.assertRegex(done.stdout, "FAILED  speak  seeds 1 of 1..3  ")
            self.assertIn("1 failed, 1 not run", done.stdout)

    def test_filter(self):
        text = self.run_("run", ".", "--filter", "calm", "--filter", "documented").stdout
        self.assertIn("2 scenarios, 6 runs", text)

    def test_folders_are_walked_in_bytewise_order(self):
        for name in ("s/b/x.yaml", "s/a.yaml", "s/B.yaml", "s/b.yaml", "s/.hidden.yaml",
                     "s/y.inc.yaml", "s/z.yml"):
            self.write(name,
                       SCENARIO.format(name=name.replace("/", "."), tag="s", trouble="calm",
                                       more=""))
        text = self.run_("run", "s", "s/a.yaml").stdout
        names = [line.split()[1] for line in text.splitlines()[:-1]]
        self.assertEqual(names, ["s.B.yaml", "s.a.yaml", "s.b.yaml", "s.b.x.yaml"])

    def test_quiet_prints_failures_only(self):
        self.assertEqual(self.run_("run", "calm.yaml", "--quiet").stdout, "")
        text = self.run_("run", "calm.yaml", "unmet.yaml", "--quiet", code=2).stdout
        self.assertNotIn("calm  ", text)
        self.assertIn("FAILED  unmet", text)

    def test_many_failures_are_summed_up(self):
        text = self.run_("run", "unmet.yaml", "--seeds", "1..40", code=2).stdout
        self.assertEqual(text.count("reproduce:"), 3)
        self.assertIn("37 more runs failed: seeds 4, 5, 6,", text)
        self.assertIn(", 23, …\n", text)

    def test_the_gravest_code_wins(self):
        self.write("bad.yaml", "version: 1\nnmae: x\n")
        self.run_("run", "speak.yaml", "unmet.yaml", code=1)
        self.run_("run", "guess.yaml", "speak.yaml", code=3)
        self.run_("run", "guess.yaml", "bad.yaml", code=65)

    def test_what_is_wrong_with_a_path_does_not_keep_the_others_from_running(self):
        os.mkdir(self.path("empty"))
        self.write("bad.yaml", "version: 1\nnmae: x\n")
        done = self.run_("run", "calm.yaml", "empty", code=64)
        self.assertIn("passed  calm", done.stdout)
        self.assertIn("no scenarios in folder 'empty'", done.stderr)
        done = self.run_("run", "bad.yaml", "empty", "unmet.yaml", code=65)
        self.assertIn("bad.yaml:2:1: error: unknown key 'nmae'", done.stderr)
        self.assertIn("FAILED  unmet", done.stdout)
        done = self.run_("run", "none", "bad.yaml", "empty", "speak.yaml", code=74)
        self.assertIn("cannot read 'none'", done.stderr)
        self.assertIn("FAILED  speak", done.stdout)
        self.run_("run", "speak.yaml", "empty", code=64)

    def test_a_folder_inside_that_cannot_be_read_leaves_the_rest(self):
        deep = "s" + "/d" * 33
        self.write("s/z.yaml", self.read("calm.yaml"))
        self.write("s/a.yaml", self.read("calm.yaml"))
        self.write(deep + "/b.yaml", self.read("calm.yaml"))
        done = self.run_("run", "s", code=74)
        self.assertIn("folders are nested too deeply", done.stderr)
        self.assertIn("2 scenarios, 6 runs: 2 passed", done.stdout)
