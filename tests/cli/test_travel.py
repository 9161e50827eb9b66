# SPDX-License-Identifier: Apache-2.0
"""Time travel: states at any instant of a trace, and the walk along it."""

import json
import os
import pty
import random
import re

from common import PROGRAMS, Case

TRACE = "t/calm-1.jsonl"


class Travel(Case):
    def setUp(self):
        super().setUp()
        self.run_("run", "calm.yaml", "--seed", "1", "--trace-dir", "t")

    def walk(self, *lines, code=0, trace=TRACE, options=()):
        done = self.run_("replay", trace, "--step", *options, code=code, input="\n".join(lines))
        return done.stdout.splitlines()

    def test_state_at_a_time(self):
        self.assertEqual(self.run_("replay", TRACE, "--at", "3.5s", "--state", "n2").stdout,
                         "#16               3.0s  n2    tick arg1=4\n"
                         "n2    up, last input at 4.0s of its clock, timer 5.0s\n"
                         "    ticks=4\n")

    def test_state_behind_a_record(self):
        for record, ticks in ((14, 3), (15, 4)):
            text = self.run_("replay", TRACE, "--at", str(record), "--state", "n2").stdout
            self.assertIn(f"#{record} ", text)
            self.assertIn(f"ticks={ticks}\n", text)
        text = self.run_("replay", TRACE, "--at", "0").stdout
        self.assertIn("#0      before the first record\n", text)
        self.assertEqual(text.count("not started yet"), 2)

    def test_states_of_several_and_of_all(self):
        two = self.run_("replay", TRACE, "--at", "2s", "--state", "n1,n2").stdout
        self.assertEqual(self.run_("replay", TRACE, "--at", "2s", "--state", "all").stdout, two)
        whole = self.run_("replay", TRACE, "--at", "2s").stdout
        self.assertEqual(whole, two + "world\n    nothing is on its way, and no fault lasts\n")
        self.assertIn("ticks=21\n", self.run_("replay", TRACE, "--state", "n1").stdout)

    def test_who_is_down_or_paused(self):
        self.scenario("hurt", "calm", "timeline:\n  - {at: 2500ms, crash: n1}\n"
                      "  - {at: 4500ms, restart: n1}\n  - {at: 6500ms, for: 2s, pause: n2}\n")
        self.run_("run", "hurt.yaml", "--seed", "1", "--trace-dir", "t")
        at = lambda t: self.run_("replay", "t/hurt-1.jsonl", "--at", t).stdout
        self.assertRegex(at("2.4s"), r"n1    up")
        self.assertRegex(at("3.4s"), r"n1    down since #\d+\n")
        self.assertRegex(at("4.6s"), r"n1    up.*\n    ticks=1\n")
        self.assertRegex(at("7s"), r"n2    paused, ")
        self.assertRegex(at("7s"), r"lasts #\d+ .*\{at: 6500ms, for: 2s, pause: n2\}")
        self.assertIn("no fault lasts", at("9s"))

    def test_wrong_instants_and_names_are_64(self):
        for words, says in (
                (["--at", "1h"], "1h is beyond the end: the trace ends with record 84 at 20.0s"),
                (["--at", "85"],
                 "there is no record 85: the trace ends with record 84 at 20.0s"),
                (["--at", "noon"], "'noon' is no instant: a time such as 12.5s or the number"),
                (["--at", "1s", "--state", "n1,n9"], "has no process 'n9', did you mean 'n1'?"),
                (["--at", "1s", "--node", "n1"], "leave '--from', '--until' and '--node' out"),
                (["--step", TRACE], "'--step' walks along one trace")):
            done = self.run_("replay", TRACE, *words, code=64)
            self.assertIn(says, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_trace_that_diverges_is_shown_up_to_there(self):
        text = self.read(TRACE)
        old = '"k":"tick","c":5,"arg1":2'
        self.assertIn(old, text)
        self.write(TRACE, text.replace(old, old[:-1] + "7"))
        self.assertIn("ticks=1", self.run_("replay", TRACE, "--at", "4", "--state", "n1").stdout)
        done = self.run_("replay", TRACE, "--at", "3s", "--state", "n1", code=3)
        self.assertRegex(done.stdout, r"^DIVERGED   t/calm-1\.jsonl\n"
                         r"  record 6 at 1000000000 ns, n1: puts out something else\n"
                         r"  what was before it can be seen, nothing behind it\n#5 ")
        self.assertEqual(self.walk("go 3s", "p", "n 2", code=3).count("DIVERGED   " + TRACE), 2)

    def test_a_truncated_trace_ends_where_it_was_cut(self):
        self.write("t/cut.jsonl", "".join(self.read(TRACE).splitlines(True)[:11]))
        self.assertIn("ticks=3", self.run_("replay", "t/cut.jsonl", "--state", "n1").stdout)
        self.assertIn("ends with record 10 at", self.run_("replay", "t/cut.jsonl", "--at", "9s",
                                                          code=64).stderr)

    def test_a_recording_without_message_numbers_that_begins_late(self):
        lines = [json.loads(line) for line in self.read(TRACE).splitlines()[:-1]]
        for record in lines[1:]:
            record["t"] += 10**12
            record.pop("m", None)
        self.write("t/late.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        for at in ("+3s", "1003s"):
            self.assertIn("ticks=4", self.run_("replay", "t/late.jsonl", "--at", at).stdout)
        self.assertIn("3s is before the beginning: the trace begins at 1000.0s; '+3s' counts from",
                      self.run_("replay", "t/late.jsonl", "--at", "3s", code=64).stderr)
        self.assertIn("+21s is beyond the end",
                      self.run_("replay", "t/late.jsonl", "--at", "+21s", code=64).stderr)

    def test_a_code_that_crashes_is_told(self):
        self.run_("run", "crash.yaml", "--seed", "1", "--trace-dir", "t", code=1)
        done = self.run_("replay", "t/crash-1.jsonl", "--at", "4s", "--state", "n1", code=3)
        self.assertIn("CRASHED    t/crash-1.jsonl", done.stdout)
        self.assertIn("ticks=4",
                      self.run_("replay", "t/crash-1.jsonl", "--at", "3s", "--state", "n1").stdout)

    def test_a_walk(self):
        text = self.walk("next", "", "n 2", "previous", "find tick n1", "back n2", "go 3s", "s",
                         "quit", "next")
        numbers = [int(line[1:7]) for line in text if line.startswith("#")]
        self.assertEqual(numbers, [0, 1, 2, 4, 3, 6, 4, 16])
        self.assertEqual(text[-1], "    ticks=4")

    def test_a_walk_begins_where_it_is_told_and_shows_what_it_is_told(self):
        text = self.walk("n", "p", options=("--at", "2s", "--state", "n1"))
        self.assertEqual([line for line in text if "ticks" in line],
                         [f"    ticks={n}" for n in (3, 4, 3)])

    def test_the_ends_of_the_trace(self):
        self.assertEqual(self.walk("p")[-1], "this is the beginning of the trace")
        self.assertEqual(self.walk("n 1000", "n")[-1], "this is the end of the trace")
        self.assertEqual(self.walk("f crash")[-1], "there is none from here to the end")
        self.assertEqual(self.walk("n 9", "b crash")[-1], "there is none before")

    def test_wrong_commands_are_told_and_the_walk_goes_on(self):
        for line, says in (("nxt", "unknown command 'nxt'; did you mean 'next'?"),
                           ("sing", "unknown command 'sing'; 'help' lists them"),
                           ("n some", "a count is wanted, such as 10"),
                           ("g 1h", "1h is beyond the end: the trace ends with record 84"),
                           ("f in.tmer", "did you mean 'in.timer'?"),
                           ("f", "a kind of record or a process is wanted"),
                           ("s n7", "has no process 'n7'"),
                           ("s", "this record is of no process")):
            text = self.walk(line, "n", code=64)
            self.assertIn(says, text[1])
            self.assertTrue(text[-1].startswith("#1 "), text)
        self.walk("n " + "9" * 500, "x" * 1000, "n", code=64)

    def test_every_way_to_a_record_shows_the_same(self):
        text = self.read("calm.yaml")
        self.write("calm.yaml", text.replace("duration: 20s", "duration: 2000s"))
        self.run_("run", "calm.yaml", "--seed", "1", "--trace-dir", "long")
        count = len(self.read("long/calm-1.jsonl").splitlines()) - 2
        self.assertGreater(count, 7000)
        draw = random.Random(7)
        goals = [draw.randrange(1, count + 1) for _ in range(60)]
        lines = [line for goal in goals for line in (f"go {goal}", "s n1 n2")]
        text = "\n".join(self.walk(*lines, trace="long/calm-1.jsonl"))
        ticks = [int(n) for n in re.findall(r"ticks=(\d+)", text)]
        for goal, seen in zip(goals, zip(ticks[::2], ticks[1::2])):
            # n1 takes its input at records 1, 5, 9, … and n2 at 3, 7, 11, …
            self.assertEqual(seen, ((goal + 3) // 4, (goal + 1) // 4))

    def test_the_store_is_shown_where_the_run_can_be_repeated(self):
        self.write("real.yaml", "version: 1\nname: real\nduration: 40s\nseeds: 3..3\n"
                   "cluster: {process: muster, nodes: 3}\n")
        self.run_("run", "real.yaml", "--trace-dir", "t", program="muster")
        at = lambda *w: self.run_("replay", "t/real-3.jsonl", "--at", *w, program="muster").stdout
        text = at("39s")
        self.assertRegex(text, r"(?m)^    master 0  \{muster:muster\}:leader = H 1 .*  \(\d+ ms\)$")
        self.assertRegex(text, r"(?m)^    master 0  \{muster:muster\}:epoch = 1$")
        self.assertNotIn("\nstore\n", at("39s", "--state", "n1"))
        self.assertNotIn("\nstore\n", at("1"))
        whole = self.read("t/real-3.jsonl")
        self.write("t/real-3.jsonl", whole.replace('"seed":3', '"seed":4', 1))
        self.assertTrue(at("39s").endswith(
            "store\n    not known: this version does not repeat the run from its seed\n"))

    def test_keys_in_a_terminal(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execv(PROGRAMS["trouble"], ["trouble", "replay", TRACE, "--step"])
        seen = b""
        for keys, until in ((b"", b"q quit"), (b"n", b"#1 "), (b"\x1b[C", b"#2 "), (b" ", b"#3 "),
                            (b"\x1b[D", b"#2 "), (b"g", b"? "), (b"3s\n", b"#16 "),
                            (b"s", b"ticks=4"), (b"?", b"end the walk"), (b"q", None)):
            os.write(terminal, keys)
            seen = b""
            while until and until not in seen:
                seen += os.read(terminal, 4096)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        os.close(terminal)
