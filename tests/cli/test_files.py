# SPDX-License-Identifier: Apache-2.0
"""The files that are read and written, and what is said when that fails."""

import json
import os
import resource
import signal
import subprocess
import unittest
import xml.dom.minidom

from common import PROGRAMS, Case


class Files(Case):
    def test_json(self):
        self.run_("run", "speak.yaml", "calm.yaml", "--json", "r.json", code=1)
        speak, calm = json.loads(self.read("r.json"))
        self.assertEqual((calm["name"], calm["path"], calm["verdict"], calm["not_run"]),
                         ("calm", "calm.yaml", "passed", 0))
        run = calm["runs"][0]
        self.assertRegex(run["hash"], "^[0-9a-f]{16}$")
        self.assertEqual((run["seed"], run["verdict"], run["simulated_ns"]),
                         (1, "passed", 20 * 10**9))
        self.assertGreater(run["events"], 0)
        run = speak["runs"][0]
        self.assertEqual((run["verdict"], run["property"]), ("violated", "silence"))
        self.assertEqual(run["text"], 'n1 spoke <loudly> & "clearly"')

    def test_junit(self):
        self.write("bad.yaml", "version: 1\nnmae: \"<&>\"\n")
        self.run_("run", "speak.yaml", "calm.yaml", "bad.yaml", "--junit", "j.xml", code=65)
        root = xml.dom.minidom.parse(self.path("j.xml")).documentElement
        self.assertEqual(root.getAttribute("tests"), "7")
        self.assertEqual(root.getAttribute("failures"), "3")
        self.assertEqual(root.getAttribute("errors"), "1")
        failure = root.getElementsByTagName("failure")[0]
        self.assertEqual(failure.getAttribute("message"), 'n1 spoke <loudly> & "clearly"')
        self.assertIn("reproduce:", failure.firstChild.data)

    def test_a_dash_is_standard_output_and_people_read_standard_error(self):
        done = self.run_("run", "speak.yaml", "calm.yaml", "--json", "-", "--junit", "j.xml",
                         "--github", code=1)
        self.assertEqual([s["name"] for s in json.loads(done.stdout)], ["speak", "calm"])
        self.assertIn("FAILED  speak", done.stderr)
        self.assertIn("::error file=speak.yaml", done.stderr)
        self.assertIn("2 scenarios, 6 runs: 1 passed, 1 failed", done.stderr)
        done = self.run_("run", "calm.yaml", "--junit", "-", "--quiet")
        root = xml.dom.minidom.parseString(done.stdout).documentElement
        self.assertEqual((root.getAttribute("tests"), done.stderr), ("3", ""))
        self.assertFalse(os.path.exists(self.path("-")))
        self.assertIn("only one of '--junit' and '--json' can be '-'",
                      self.run_("run", "calm.yaml", "--junit", "-", "--json=-", code=64).stderr)

    def test_github_annotations(self):
        text = self.run_("run", "unmet.yaml", "--github", code=2).stdout
        self.assertRegex(text,
                r"(?m)^::error file=unmet\.yaml,line=8,title=expect::unmet, seed 1: .*%0A"
                         r".*--seed 1$")

    def test_what_cannot_be_written_is_74(self):
        self.assertIn("cannot write 'no/j.xml': No such file or directory",
                      self.run_("run", "calm.yaml", "--junit", "no/j.xml", code=74).stderr)
        self.run_("run", "calm.yaml", "--json", "no/r.json", code=74)
        self.write("file", "")
        self.run_("run", "calm.yaml", "--trace-dir", "file/t", code=74)
        done = self.run_("run", "calm.yaml", "--trace-dir", "file", code=74)
        self.assertEqual((done.stdout, done.stderr),
                         ("", "muster: cannot write traces to 'file': it is no folder\n"))
        os.makedirs(self.path("t/calm-1.jsonl"))
        self.assertIn("cannot create trace 't/calm-1.jsonl': Is a directory",
                      self.run_("run", "calm.yaml", "--trace-dir", "t", code=74).stdout)

    def limited(self, size):
        """No file may grow beyond `size`: what a full disk does, without one."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def test_a_trace_that_cannot_be_written_whole_is_taken_away(self):
        for words in ("calm.yaml",), ("unmet.yaml", "--trace-failures"):
            done = self.run_("run", *words, "--trace-dir", "t", code=74, restore_signals=False,
                             preexec_fn=lambda: self.limited(1500))
            name = words[0][:-5]
            self.assertIn(f"cannot write trace 't/{name}-3.jsonl': File too large", done.stdout)
            self.assertEqual(os.listdir(self.path("t")), [])

    def test_a_crash_leaves_no_empty_trace(self):
        self.run_("run", "crash.yaml", "--seeds", "1..8", "--trace-dir", "t", code=1)
        self.assertEqual(sorted(os.listdir(self.path("t"))),
                         ["crash-1.jsonl", "crash-2.jsonl", "crash-3.jsonl"])

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_a_full_disk_is_74(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([PROGRAMS["trouble"], "run", "calm.yaml"], cwd=self.dir,
                                  stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 74)
        self.assertIn("cannot write to standard output: No space left on device", done.stderr)
        self.run_("run", "calm.yaml", "--json", "/dev/full", code=74)
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([PROGRAMS["trouble"], "run", "calm.yaml", "--json", "-"],
                                  cwd=self.dir, stdout=full, stderr=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, 74)

    def test_what_cannot_be_read_is_74(self):
        self.assertIn("cannot read 'none.yaml': No such file or directory",
                      self.run_("run", "none.yaml", code=74).stderr)
        self.assertEqual(self.run_("replay", "none.jsonl", code=74).stderr,
                         "none.jsonl: error: cannot be read: No such file or directory\n")
        os.symlink("nowhere", self.path("dangling.yaml"))
        self.run_("run", "dangling.yaml", code=74)
        done = self.run_("run", ".", "--filter", "calm", "--json", "r.json", "--junit", "j.xml",
                         "--github", code=74)
        self.assertEqual(done.stderr, "./dangling.yaml: error: cannot be read: "
                                      "No such file or directory\n")
        self.assertIn("FAILED  ./dangling.yaml  the file cannot be read\n", done.stdout)
        self.assertIn("::error file=./dangling.yaml,line=1,title=unreadable scenario::",
                      done.stdout)
        self.assertIn("2 scenarios, 3 runs: 1 passed, 0 failed, 1 unreadable (", done.stdout)
        broken = json.loads(self.read("r.json"))[1]
        self.assertEqual((broken["verdict"], broken["error"]),
                         ("io", "./dangling.yaml: cannot be read: No such file or directory"))
        self.assertIn('<error type="io" message="./dangling.yaml: cannot', self.read("j.xml"))
        self.assertIn("11 scenarios, 0 invalid, 1 unreadable\n",
                      self.run_("lint", ".", code=74).stdout)
        self.assertIn("./dangling.yaml    unreadable\n", self.run_("list", ".", code=74).stdout)

    def test_a_file_that_is_too_large_is_named(self):
        self.write("big.yaml", "# " + "x" * (17 << 20))
        done = self.run_("run", "big.yaml", "calm.yaml", code=65)
        self.assertEqual(done.stderr, "big.yaml: error: the file is larger than 16 MiB\n")
        self.assertIn("FAILED  big.yaml  the file is invalid\n", done.stdout)
        os.rename(self.path("big.yaml"), self.path("big.inc.yaml"))
        self.write("main.yaml", "version: 1\ninclude: [big.inc.yaml, gone.inc.yaml]\n")
        text = self.run_("lint", "main.yaml", code=74).stderr
        self.assertIn("main.yaml:2:11: error: 'big.inc.yaml' is larger than 16 MiB\n", text)
        self.assertIn("main.yaml:2:25: error: cannot read 'gone.inc.yaml': No such file", text)


class Invalid(Case):
    def test_an_invalid_file_is_65_and_the_others_run(self):
        self.write("bad.yaml", "version: 1\nnmae: x\n")
        done = self.run_("run", "bad.yaml", "calm.yaml", "--trace-dir", "t", code=65)
        self.assertIn("bad.yaml:2:1: error: unknown key 'nmae', did you mean 'name'?\nnmae: x\n^\n",
                      done.stderr)
        self.assertIn("FAILED  bad.yaml  the file is invalid", done.stdout)
        self.assertIn("passed  calm", done.stdout)
        self.assertIn("2 scenarios, 3 runs: 1 passed, 0 failed, 1 invalid", done.stdout)
        self.assertEqual(sorted(os.listdir(self.path("t"))), [f"calm-{i}.jsonl" for i in (1, 2, 3)])

    def test_lint(self):
        self.assertIn("1 scenario, 0 invalid", self.run_("lint", "calm.yaml").stdout)
        self.write("bad.yaml", "version: 1\nnmae: x\n")
        done = self.run_("lint", "calm.yaml", "bad.yaml", code=65)
        self.assertIn("2 scenarios, 1 invalid", done.stdout)
        self.assertIn("bad.yaml:2:1: error:", done.stderr)
