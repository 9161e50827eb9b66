# SPDX-License-Identifier: Apache-2.0
"""`muster fuzz` and `muster run --coverage`: what they find, write, and end with."""

import json
import os
import re
import signal
import subprocess
import time

from common import PROGRAMS, Case

# A process of trouble.c that says the forbidden word when it is restarted would do; `speak` says
# it always, so that every input fails.
BASE = """version: 1
name: base
seeds: 1..1
duration: 20s
cluster: {process: trouble, nodes: 2, config: {trouble: speak}}
fuzz: {faults: [crash, pause], nodes: [n1], count: 1..3, length: 10ms..1s, until: 10s}
always: [silence]
"""


class Fuzz(Case):
    def setUp(self):
        super().setUp()
        self.write("base.yaml", BASE)

    def listed(self, folder):
        names = os.listdir(self.path(folder)) if os.path.isdir(self.path(folder)) else []
        return sorted(name for name in names if name.endswith(".yaml"))

    def contents(self, folder):
        return {name: self.read(f"{folder}/{name}") for name in self.listed(folder)}

    def test_the_number_of_workers_decides_nothing(self):
        for jobs in "1", "2":
            self.run_("fuzz", "--nodes", "3", "--seeds", "1..700", "--jobs", jobs, "--corpus",
                      "corpus" + jobs, "-o", "found" + jobs, "--coverage", f"c{jobs}.json",
                      "--quiet")
        self.assertGreater(len(self.listed("corpus1")), 100)
        self.assertEqual(self.contents("corpus1"), self.contents("corpus2"))
        self.assertEqual(self.contents("found1"), self.contents("found2"))
        self.assertEqual(self.read("c1.json"), self.read("c2.json"))

    def test_a_finding_is_a_scenario_that_fails_alike(self):
        done = self.run_("fuzz", "base.yaml", "--runs", "40", "-o", "found", code=1)
        self.assertRegex(done.stdout, r"silence +\d+ times  \S+ run found/silence-\d+\.yaml\n")
        self.assertRegex(done.stdout, r"\n40 runs, .*: 40 failed in \d+ ways?\n")
        self.assertEqual(done.stderr, "")
        name = self.listed("found")[0]
        text = self.read("found/" + name)
        self.assertTrue(text.startswith("# Fails: silence."), text)
        self.assertIn("# From muster fuzz, seed ", text)
        self.assertEqual(self.run_("lint", "found/" + name).stderr, "")
        again = self.run_("run", "found/" + name, code=1).stdout
        self.assertIn("silence violated at", again)
        self.run_("replay", "found/" + name[:-5] + ".jsonl")

    def test_a_finding_is_made_small_and_kept_once(self):
        self.run_("fuzz", "base.yaml", "--runs", "40", "-o", "small", code=1)
        text, = self.contents("small").values()
        self.assertNotIn("timeline:", text)  # it fails without any fault
        self.run_("fuzz", "base.yaml", "--runs", "40", "-o", "large", "--shrink-time", "0", code=1)
        large = self.contents("large")
        self.assertTrue(any("timeline:" in text for text in large.values()), large)
        for text in large.values():
            self.assertTrue(text.startswith("# Found by muster fuzz: silence\n"), text)

    def test_the_number_of_workers_decides_nothing_of_what_is_left(self):
        for jobs in "1", "3":
            os.mkdir(self.path(jobs))
            done = self.run_("fuzz", "base.yaml", "--runs", "20", "-o", "found", "--jobs", jobs,
                             "--quiet", code=1)
            self.assertIn("silence  ", done.stdout)
            os.rename(self.path("found"), self.path(jobs + "/found"))
        self.assertEqual(self.contents("1/found"), self.contents("3/found"))

    def test_crashes_and_runs_that_differ_are_findings_too(self):
        for trouble, code, option in ("crash", 1, ""), ("guess", 3, " --check-determinism"):
            base = BASE.replace("trouble: speak", "trouble: " + trouble)
            self.write("base.yaml", base.replace("always: [silence]\n", ""))
            done = self.run_("fuzz", "base.yaml", "--runs", "130", "-o", trouble, code=code)
            name, = self.listed(trouble)
            self.assertIn(f" run {trouble}/{name}{option}\n", done.stdout)
            self.run_("run", f"{trouble}/{name}", *option.split(), code=code)

    def test_a_scenario_keeps_its_bounds(self):
        self.run_("fuzz", "base.yaml", "--runs", "40", "-o", "found", code=1)
        for text in self.contents("found").values():
            self.assertNotIn("partition:", text)
            self.assertFalse(re.search(r"(crash|pause): (?!n1)", text), text)

    def test_shards_part_the_inputs(self):
        seen = []
        for shard in "1/2", "2/2":
            self.run_("fuzz", "base.yaml", "--seeds", "1..60", "--shard", shard, "-o",
                      "found" + shard[0], code=1)
            seen.append({int(name.split("-")[1][:-5]) % 2
                         for name in self.listed("found" + shard[0])})
        self.assertEqual(seen, [{1}, {0}])

    def test_a_campaign_goes_on_where_it_ended_and_merges(self):
        words = ("fuzz", "--nodes", "3", "-o", "found", "--jobs", "2")
        self.run_(*words, "--corpus", "a", "--runs", "300")
        self.assertEqual(self.read("a/next"), "301\n")
        self.run_(*words, "--corpus", "a", "--runs", "100")
        self.assertEqual(self.read("a/next"), "401\n")
        done = self.run_(*words, "--corpus", "b", "--merge", "a", "--runs", "0")
        self.assertRegex(done.stdout, r"^0 runs, ")
        self.assertTrue(0 < len(self.listed("b")) <= len(self.listed("a")))
        self.assertTrue(set(self.listed("b")) <= set(self.listed("a")))

    def test_a_broken_file_of_a_corpus_is_left_out(self):
        self.write("c/broken.yaml", "version: 1\nnonsense: true\n")
        self.write("c/other.yaml", "version: 1\nduration: 9s\ncluster: {nodes: 5}\n")
        done = self.run_("fuzz", "--nodes", "3", "--runs", "10", "--corpus", "c", "-o", "found")
        self.assertIn("'c/broken.yaml' is left out: it does not load", done.stderr)
        self.assertIn("'c/other.yaml' is left out: it is of another cluster", done.stderr)

    def test_an_interrupt_leaves_whole_files(self):
        child = subprocess.Popen([PROGRAMS["muster"], "fuzz", "--time", "60s", "--corpus", "c",
                                  "-o", "found", "--jobs", "2"], cwd=self.dir, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 start_new_session=True)
        for _ in range(300):
            time.sleep(0.1)
            if os.path.exists(self.path("c/next")):
                break
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=30)
        self.assertEqual(child.returncode, 130, out + err)
        self.assertIn("interrupted after ", out)
        self.assertEqual([n for n in os.listdir(self.path("c")) if n.endswith(".tmp")], [])
        self.run_("lint", "c", program="muster")

    def test_wrong_usage(self):
        for words, says in (
                (["--nodes", "65"], "1 to 64 are possible"),
                (["--shard", "3/2"], "such as 2/8 is wanted"),
                (["--shrink-time", "x"], "a length of time is wanted, such as 20s, or 0"),
                (["--time", "0"], "a length of time is wanted"),
                (["--seeds", "9..1"], "a range is wanted"),
                (["--corpus", "x", "-o", "x"], "are two folders"),
                (["base.yaml", "--nodes", "3"], "'--nodes' is for runs without a scenario")):
            self.assertIn(says, self.run_("fuzz", *words, code=64).stderr)

    def test_a_scenario_that_does_not_load(self):
        self.write("bad.yaml", "version: 1\nduration: 9s\nfuzz: {faults: [crahs], count: 9..2}\n")
        done = self.run_("fuzz", "bad.yaml", code=65)
        self.assertIn("unknown fault 'crahs', did you mean 'crash'?", done.stderr)
        self.assertIn("'9..2' ends before it begins", done.stderr)


class Coverage(Case):
    def test_cells_add_up_over_runs_whatever_the_jobs(self):
        entry = "timeline:\n  - {at: 3s, for: 1s, crash: n1}\n"
        self.scenario("one", "speak", entry)
        done = self.run_("run", "one.yaml", "--coverage", "c.json", "--json", "r.json")
        self.assertRegex(done.stdout, r"\ncoverage: \d+ cells; ")
        self.assertRegex(done.stdout, r"\ncrash +\d")
        cells = json.loads(self.read("c.json"))
        self.assertEqual(cells["muster_coverage"], 1)
        self.assertEqual(set(cells["cells"]), {"none", "crash"})
        self.assertEqual(json.loads(self.read("r.json"))[-1], cells)
        first = self.read("c.json")
        self.run_("run", "one.yaml", "--coverage", "d.json", "--jobs", "1", "--quiet")
        self.assertEqual(self.read("d.json"), first)
        self.run_("run", "calm.yaml", "--coverage", "c.json", "--quiet")
        self.assertEqual(self.read("c.json"), first)

    def test_a_file_that_is_no_coverage_is_kept(self):
        self.write("c.json", "[1]\n")
        done = self.run_("run", "calm.yaml", "--coverage", "c.json", code=65)
        self.assertIn("cannot add to 'c.json'", done.stderr)
        self.assertEqual(self.read("c.json"), "[1]\n")

    def test_it_needs_every_run(self):
        done = self.run_("run", "calm.yaml", "--coverage", "c", "--fail-fast", code=64)
        self.assertIn("'--coverage' needs every run", done.stderr)
