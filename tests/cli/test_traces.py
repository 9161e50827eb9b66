# SPDX-License-Identifier: Apache-2.0
"""Traces: replayed, changed, cut off, compared."""

import json
import os

from common import Case


class Traces(Case):
    def setUp(self):
        super().setUp()
        self.run_("run", "calm.yaml", "documented.yaml", "--trace-dir", "t")

    def change(self, name, old, new, count=1):
        text = self.read(name)
        self.assertIn(old, text)
        self.write(name, text.replace(old, new, count))

    def test_traces_replay(self):
        names = [f"t/{name}-{seed}.jsonl" for name in ("calm", "documented") for seed in (1, 2, 3)]
        os.remove(self.path("calm.yaml"))
        lines = self.run_("replay", *names).stdout.splitlines()
        self.assertEqual(len(lines), 6)
        for line, name in zip(lines, names):
            self.assertRegex(line, rf"^identical  {name} +\d+ records  [0-9a-f]{{16}}$")

    def test_traces_are_the_same_each_time(self):
        before = self.read("t/calm-2.jsonl")
        self.run_("run", "calm.yaml", "--trace-dir", "t", "--jobs", "3")
        self.assertEqual(before, self.read("t/calm-2.jsonl"))

    def test_a_changed_effect_is_named(self):
        self.change("t/calm-1.jsonl", '"k":"tick","c":5,"arg1":2', '"k":"tick","c":5,"arg1":7')
        done = self.run_("replay", "t/calm-1.jsonl", code=3)
        self.assertIn("t/calm-1.jsonl: warning: digest does not match: the file was changed",
                      done.stderr)
        self.assertRegex(done.stdout,
                         r"DIVERGED   t/calm-1\.jsonl\n  record 6 at 1000000000 ns, n1: puts out "
                                      r'something else\n  trace:  \{.*"arg1":7\}\n'
                                      r'  replay: \{.*"arg1":2\}\n')

    def test_a_changed_input_is_noticed(self):
        self.change("t/calm-1.jsonl", '"k":"in.timer","clock":2000000000',
                    '"k":"in.timer","clock":2000000001')
        done = self.run_("replay", "t/calm-1.jsonl", code=3)
        self.assertIn("digest does not match", done.stderr)
        self.assertIn("something that no process sees was changed", done.stdout)

    def test_a_changed_last_line_is_noticed(self):
        end = self.read("t/calm-1.jsonl").splitlines()[-1]
        for old, new in (('"verdict":"passed"', '"verdict":"violated"'),
                         (',"digest"', ',"property":"silence","text":"x","digest"'),
                         ('"digest":', '"digest": '), ('"}', '" }'), ('{"end"', '{ "end"')):
            self.assertIn(old, end)
            self.change("t/calm-1.jsonl", end, end.replace(old, new))
            done = self.run_("replay", "t/calm-1.jsonl")
            self.assertIn("digest does not match", done.stderr)
            self.change("t/calm-1.jsonl", end.replace(old, new), end)
        self.assertEqual(self.run_("replay", "t/calm-1.jsonl").stderr, "")

    def test_a_changed_header_is_noticed(self):
        self.change("t/calm-1.jsonl", '"seed":1', '"seed":2')
        done = self.run_("replay", "t/calm-1.jsonl")
        self.assertIn("digest does not match: the file was changed", done.stderr)
        self.assertTrue(done.stdout.startswith("identical"), done.stdout)

    def test_an_input_that_breaks_the_contract(self):
        self.change("t/calm-1.jsonl", '"k":"in.timer","clock":3000000000',
                    '"k":"in.timer","clock":1')
        self.assertIn("takes an input whose clock goes back",
                      self.run_("replay", "t/calm-1.jsonl", code=3).stdout)

    def test_a_missing_effect_is_named(self):
        lines = self.read("t/calm-1.jsonl").splitlines(True)
        end = json.loads(lines[-1])
        kept = [json.loads(line) for line in lines[1:-1]]
        kept = [record for record in kept if (record["k"], record["t"]) != ("tick", 5 * 10**9)]
        for i, record in enumerate(kept):
            record["i"] = i + 1
        end["records"] = len(kept)
        body = [json.dumps(record, separators=(",", ":")) + "\n" for record in kept]
        self.write("t/less.jsonl", lines[0] + "".join(body) + json.dumps(end) + "\n")
        self.assertIn("puts out what is not in the trace",
                      self.run_("replay", "t/less.jsonl", code=3).stdout)

    def test_only_a_part_is_compared_when_asked(self):
        self.change("t/calm-1.jsonl", '"k":"tick","c":5,"arg1":2', '"k":"tick","c":5,"arg1":7')
        for words in (["--from", "2s"], ["--until", "500ms"], ["--node", "n2"]):
            text = self.run_("replay", "t/calm-1.jsonl", *words, code=3).stdout
            self.assertIn("every effect is the same, but the records give run hash", text)
        self.assertIn("record 6 ",
                      self.run_("replay", "t/calm-1.jsonl", "--node", "n1", code=3).stdout)
        self.assertIn("has no process 'n9', did you mean 'n1'?",
                      self.run_("replay", "t/calm-1.jsonl", "--node", "n9", code=64).stderr)

    def test_a_truncated_trace_is_read_as_far_as_it_goes(self):
        text = self.read("t/calm-1.jsonl")
        self.write("t/cut.jsonl", text[:len(text) * 2 // 3])
        self.assertRegex(self.run_("replay", "t/cut.jsonl").stdout,
                         r"^truncated  t/cut\.jsonl  \d+ records, identical as far as it goes")

    def test_what_is_no_trace_is_65(self):
        good = self.read("t/calm-1.jsonl").splitlines(True)
        for text, says in (
                ("", "bad.jsonl:1: error: this is no trace: it has no whole line"),
                ("hello\n", "bad.jsonl:1: error: no JSON at column"),
                ("[]\n", "bad.jsonl:1: error: the line is no JSON object"),
                ("{}\n", "this is no trace: a trace begins with"),
                ('{"muster":9}\n', "trace format 9 is not known here, only 1 is"),
                (good[0] + '{"i":1}\n', "bad.jsonl:2: error: unknown kind ''"),
                (good[0] + '{"i":1,"k":"in.strat"}\n',
                 "unknown kind 'in.strat', did you mean 'in.start'?"),
                (good[0] + '{"i":1,"k":"crash","p":"n7"}\n', "unknown process 'n7'"),
                (good[0] + '{"i":2,"k":"crash","p":"n1"}\n', "'i' is 2, but record 1 is next"),
                (good[0] + '{"i":1,"k":"crash","colour":1}\n', "unknown key 'colour' of crash"),
                (good[0] + '{"i":-1,"k":"crash"}\n', "'i' is no number"),
                (good[0] + '{"i":1,"i":1,"k":"crash"}\n', "duplicate object key"),
                (good[0] + '{"i":1,"k":"in.disk","p":"n1","data":"zz"}\n',
                 "'data' is not of the form"),
                (good[0] + '{"i":1,"k":"in.reply","p":"n1","data":{"?":1}}\n',
                 "'data' is not of the form"),
                (good[0] + "[" * 100000 + "\n", "no JSON at column"),
                ("".join(good) + "more\n", "there is more after the last line"),
                ("".join(good[:9]) + good[-1], "'records' does not say 8")):
            self.write("bad.jsonl", text)
            done = self.run_("replay", "bad.jsonl", code=65)
            self.assertIn(says, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_broken_scenario_inside_is_65(self):
        self.change("t/calm-1.jsonl", "duration: 20s", "duration: 20x")
        self.assertIn("calm.yaml:5:11: error:",
                      self.run_("replay", "t/calm-1.jsonl", code=65).stderr)

    def test_diff(self):
        self.assertRegex(self.run_("diff", "t/calm-1.jsonl", "t/calm-1.jsonl").stdout,
                         r"^same: \d+ records\n$")
        text = self.run_("diff", "t/calm-1.jsonl", "t/calm-2.jsonl", code=3).stdout
        self.assertRegex(text,
                r"^record 1 differs in 'high'\n  t/calm-1.jsonl: \{.*\}\n"
                               r"  t/calm-2.jsonl: \{.*\}\n$")
        lines = self.read("t/calm-1.jsonl").splitlines(True)
        self.write("t/cut.jsonl", "".join(lines[:11]))
        text = self.run_("diff", "t/calm-1.jsonl", "t/cut.jsonl", code=3).stdout
        self.assertIn("the second trace ends after record 10", text)
        self.write("t/no-end.jsonl", "".join(lines[:-1]))
        text = self.run_("diff", "t/calm-1.jsonl", "t/no-end.jsonl", code=3).stdout
        self.assertIn("the records are the same, but the second trace is truncated", text)
        self.run_("diff", "t/calm-1.jsonl", "none", code=74)
        self.run_("diff", "t/calm-1.jsonl", "calm.yaml", code=65)

    def test_more_than_a_thousand_runs_leave_traces_of_failures_and_first_seeds(self):
        done = self.run_("run", "calm.yaml", "unmet.yaml", "--seeds", "1..501", "--trace-dir", "u",
                         code=2)
        self.assertEqual(done.stderr,
                         "muster: there are more than 1000 runs: failures and the first seed of "
                         "each scenario leave a trace\n")
        self.assertEqual(len(os.listdir(self.path("u"))), 502)
        self.run_("replay", "u/calm-1.jsonl")
        self.run_("replay", "u/unmet-501.jsonl")
        self.run_("run", "calm.yaml", "unmet.yaml", "--seeds", "1..500", "--trace-dir", "all",
                  code=2)
        self.assertEqual(len(os.listdir(self.path("all"))), 1000)

    def test_traces_of_failures_only_when_asked(self):
        done = self.run_("run", "calm.yaml", "unmet.yaml", "crash.yaml", "--trace-dir", "u",
                         "--trace-failures", code=1)
        self.assertIn("trace: u/unmet-1.jsonl", done.stdout)
        names = [f"{name}-{seed}.jsonl" for name in ("crash", "unmet") for seed in (1, 2, 3)]
        self.assertEqual(sorted(os.listdir(self.path("u"))), names)
        self.assertEqual(self.run_("run", "calm.yaml", "--trace-failures", code=64).stderr,
                         "muster run: '--trace-failures' needs '--trace-dir DIR'\n"
                         "try 'muster help run'\n")

    def test_scenarios_of_one_name_do_not_share_a_trace(self):
        self.write("twice.yaml", self.read("calm.yaml"))
        self.run_("run", "calm.yaml", "twice.yaml", "--seed", "1", "--trace-dir", "v")
        self.assertEqual(sorted(os.listdir(self.path("v"))), ["calm-1.jsonl", "calm.2-1.jsonl"])
