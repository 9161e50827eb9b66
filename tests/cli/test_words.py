# SPDX-License-Identifier: Apache-2.0
"""Help, wrong usage, and the tables that can be listed."""

import os

from common import Case


class Help(Case):
    def test_help_goes_to_standard_output(self):
        for words in (["--help"], ["-h"], ["help"]):
            done = self.run_(*words)
            self.assertIn("usage: muster COMMAND", done.stdout)
            self.assertIn("74 input or output failed", done.stdout)
            self.assertEqual(done.stderr, "")

    def test_every_command_has_help(self):
        for command in ("run", "replay", "diff", "lint", "list", "explain", "fuzz"):
            for words in (["help", command], [command, "--help"], [command, "-h"]):
                self.assertIn(f"usage: muster {command} ", self.run_(*words).stdout)

    def test_help_of_run_names_every_option(self):
        text = self.run_("help", "run").stdout
        for option in ("--seed N", "--seeds A..B", "--jobs N", "--filter TAG", "--fail-fast",
                       "--max-events N", "--junit FILE", "--json FILE", "--trace-dir DIR",
                       "--trace-failures",
                       "--check-determinism", "--quiet", "--no-color", "--github",
                       "--coverage FILE"):
            self.assertIn(option, text)

    def test_version(self):
        self.assertRegex(self.run_("--version").stdout, r"^muster \d+\.\d+\.\d+\n$")


class Usage(Case):
    def wrong(self, *words, says):
        done = self.run_(*words, code=64)
        self.assertIn(says, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_no_command(self):
        self.wrong(says="usage: muster COMMAND")

    def test_unknown_command_gets_a_suggestion(self):
        self.wrong("rnu", says="muster: unknown command 'rnu', did you mean 'run'?")
        self.wrong("frobnicate", says="unknown command 'frobnicate'; 'muster help' lists them")
        self.wrong("help", "frobnicate", says="unknown command 'frobnicate'")

    def test_unknown_option_gets_a_suggestion(self):
        self.wrong("run", "calm.yaml", "--sede", "1",
                   says="muster run: unknown option '--sede', did you mean '--seed'?\n"
                        "try 'muster help run'")
        self.wrong("diff", "--color", "a", "b", says="unknown option '--color'")

    def test_options_of_later_versions_are_unknown(self):
        self.wrong("run", "calm.yaml", "--html", "x.html", says="unknown option '--html'")

    def test_values(self):
        for words, says in (
                (["--seed", "x"], "invalid value 'x' for '--seed': a number is wanted, such as 7"),
                (["--seed", "-1"], "invalid value '-1' for '--seed'"),
                (["--seed", "18446744073709551616"], "invalid value"),
                (["--seeds", "5..2"],
                 "invalid value '5..2' for '--seeds': a range is wanted, such as 1..200"),
                (["--seeds", "1..99999999999"], "at most 10,000,000 seeds"),
                (["--seed", "1", "--seeds", "1..2"], "give '--seed' or '--seeds', and once"),
                (["--jobs", "0"], "invalid value '0' for '--jobs': 1 to 256 are possible"),
                (["--max-events", "0"], "invalid value '0' for '--max-events'"),
                (["--seed"], "option '--seed' needs a value: --seed N"),
                (["--quiet=yes"], "option '--quiet' takes no value")):
            self.wrong("run", "calm.yaml", *words, says=says)

    def test_operands(self):
        self.wrong("run", says="no scenario given: name a file or a folder")
        self.wrong("lint", says="no file given: name a scenario, a config or a folder")
        self.wrong("replay", says="no trace given")
        self.wrong("diff", "one", says="missing operand: TRACE TRACE")
        self.wrong("diff", "one", "two", "three", says="one operand too many: 'three'")
        self.wrong("explain", says="missing operand: PROPERTY")
        self.wrong("replay", "t", "--from", "soon", says="invalid value 'soon' for '--from'")

    def test_a_folder_without_scenarios(self):
        os.mkdir(self.path("empty"))
        self.write("empty/part.inc.yaml", "version: 1\n")
        self.wrong("run", "empty", says="no scenarios in folder 'empty' (looked for *.yaml)")
        self.wrong("run", "empty/part.inc.yaml", says="is a file for including")

    def test_a_filter_that_nothing_matches(self):
        self.wrong("run", "calm.yaml", "--filter", "none", says="no scenario has the tag 'none'")


class Tables(Case):
    def test_list(self):
        text = self.run_("list", "calm.yaml", "speak.yaml").stdout
        self.assertRegex(text, r"calm\.yaml +calm +#calm  calm is what it says\n")
        text = self.run_("list", "--properties").stdout
        self.assertIn("silence", text)
        for name in ("no_crash", "no_livelock", "determinism"):
            self.assertRegex(text, rf"(?m)^{name} +safety   .*\. \[always judged\]$")
        self.assertIn("trouble           makes trouble at its fifth tick",
                      self.run_("list", "--processes").stdout)
        self.assertRegex(self.run_("list", "--events").stdout,
                         r"(?m)^leader_elected +epoch attempt until ")
        os.mkdir(self.path("scenarios"))
        os.rename(self.path("calm.yaml"), self.path("scenarios/calm.yaml"))
        self.assertIn("scenarios/calm.yaml", self.run_("list").stdout)

    def test_explain(self):
        text = self.run_("explain", "talk").stdout
        self.assertIn("talk (liveness, judged where a scenario names it)", text)
        self.assertIn("  drift: every lease clock within", text)
        for name in ("no_crash", "no_livelock", "determinism"):
            self.assertIn(name + " (safety, judged in every run)",
                          self.run_("explain", name).stdout)
        self.assertIn("unknown property 'silense', did you mean 'silence'?",
                      self.run_("explain", "silense", code=64).stderr)

    def test_every_property_of_ours_explains_itself(self):
        for line in self.run_("list", "--properties", program="muster").stdout.splitlines():
            name = line.split()[0]
            text = self.run_("explain", name, program="muster").stdout
            self.assertGreater(len(text.splitlines()), 3, name)
