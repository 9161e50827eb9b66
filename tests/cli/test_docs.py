# SPDX-License-Identifier: Apache-2.0
"""What the documentation names is there: scenarios and known bugs of docs/guarantees.md."""

import glob
import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


class Guarantees(unittest.TestCase):
    def setUp(self):
        section = read("docs", "guarantees.md").split("## Where each rule is defended", 1)[1]
        section = section.split("\n## ", 1)[0]
        rows = [line.strip("| ").split(" | ") for line in section.splitlines()
                if line.startswith("|")]
        self.rows = [row for row in rows if "`" in "".join(row)]
        self.scenarios = {os.path.basename(path)[:-len(".yaml")]: path for path in glob.glob(
            os.path.join(ROOT, "scenarios", "**", "*.yaml"), recursive=True)}

    def names(self, row, column):
        text = row[column] if column < len(row) else ""
        return [name for name in re.findall(r"`([^`]+)`", text) if "/" not in name]

    def test_scenarios_are_there_and_say_which_rule_they_defend(self):
        self.assertGreater(len(self.rows), 25)
        for row in self.rows:
            for name in self.names(row, 1):
                self.assertIn(name, self.scenarios)
                if re.fullmatch("R[0-9]+", row[0]):
                    defends = re.search("^defends: .*$", read(self.scenarios[name]), re.M).group()
                    self.assertRegex(defends, rf"\b{row[0]}\b", name)

    def test_known_bugs_are_there_and_break_that_rule(self):
        for row in self.rows:
            for name in self.names(row, 2):
                head = read("tests", "known-bugs", f"{name}.patch").split("\n--- ", 1)[0]
                if re.fullmatch("R[0-9]+", row[0]):
                    self.assertRegex(head, rf"# rule: .*\b{row[0]}\b", name)

    def test_every_rule_has_a_row(self):
        self.assertEqual([row[0] for row in self.rows if re.fullmatch("R[0-9]+", row[0])],
                         [f"R{n}" for n in range(1, 17)])


if __name__ == "__main__":
    unittest.main()
