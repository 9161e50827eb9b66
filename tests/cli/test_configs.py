# SPDX-License-Identifier: Apache-2.0
"""Configs beside scenarios: lint of each kind, configs in several files, schemas, a new file."""

import json
import os

from common import Case, call

POLICIES = """recovery_policies:
  power_fault:
    escalation_chain: [{action: reduce_power_load, condition: "severity >= 0.7"}]
"""
PHASES = """phases:
  LAUNCH: {forbidden_actions: [POWER_LOAD_BALANCING]}
  SAFE_MODE: {}
"""
SCENARIO = """version: 1
duration: 60s
env: {PHASES: phases.yaml}
cluster: {nodes: 3, config: {include: [policies.yaml, "${PHASES}"], poll_interval: 5}}
"""


class Configs(Case):
    def muster(self, *words, code=0):
        done = call(*words, cwd=self.dir, program="muster")
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_lint_tells_each_kind_by_its_keys(self):
        self.write("policies.yaml", POLICIES)
        self.write("phases.json", json.dumps({"phases": {"SAFE_MODE": {}}}))
        self.write("s.yaml", "version: 1\nduration: 5s\n")
        self.write("m.yaml", "node: n1\nmembers: [n1]\nlease_ttl: 20s\nhealth: {file: h}\n")
        done = self.muster("lint", "policies.yaml", "phases.json")
        self.assertEqual(done.stdout, "2 configs, 0 invalid\n")
        self.assertEqual(done.stderr, "")
        done = self.muster("lint", "s.yaml", "m.yaml")
        self.assertEqual(done.stdout, "1 scenario, 1 config, 0 invalid\n")
        self.assertIn("m.yaml:1:1: note: the daemon's own keys are checked by 'musterd --config "
                      "m.yaml --check'", done.stderr)

    def test_lint_tells_everything_that_is_wrong_with_a_config(self):
        self.write("bad.yaml", POLICIES.replace(">= 0.7", ">= HIHG") + "poll_intervall: 5\n")
        done = self.muster("lint", "bad.yaml", code=65)
        self.assertEqual(done.stdout, "1 config, 1 invalid\n")
        self.assertIn("bad.yaml:3:76: error: unknown name 'HIHG', did you mean 'HIGH'?",
                      done.stderr)
        self.assertIn("bad.yaml:4:1: error: unknown key 'poll_intervall', did you mean "
                      "'poll_interval'?", done.stderr)

    def test_lint_follows_includes_and_the_environment(self):
        self.write("policies.yaml", POLICIES)
        self.write("all.yaml", "include: policies.yaml\npoll_interval: ${MUSTER_TEST_POLL}\n")
        self.muster("lint", "all.yaml", code=65)
        done = call("lint", "all.yaml", cwd=self.dir, program="muster",
                    env={"MUSTER_TEST_POLL": "7"})
        self.assertEqual(done.returncode, 0, done.stderr)
        os.remove(self.path("policies.yaml"))
        done = call("lint", "all.yaml", cwd=self.dir, program="muster",
                    env={"MUSTER_TEST_POLL": "7"})
        self.assertEqual(done.returncode, 74, done.stderr)
        self.assertIn("cannot read 'policies.yaml': No such file or directory", done.stderr)

    def test_scenario_includes_configs_and_its_trace_needs_no_files(self):
        self.write("d/policies.yaml", POLICIES)
        self.write("d/phases.yaml", PHASES)
        self.write("d/s.yaml", SCENARIO)
        self.muster("run", "d/s.yaml", "--trace-dir", "t")
        for name in ("policies", "phases", "s"):
            os.remove(self.path(f"d/{name}.yaml"))
        done = self.muster("replay", "t/s-1.jsonl")
        self.assertIn("identical", done.stdout)

    def test_scenario_with_more_healthy_members_than_there_are_is_refused(self):
        self.write("s.yaml", "version: 1\nduration: 5s\ncluster:\n  nodes: 3\n  config:\n"
                   "    orchestrator: enhanced\n    blast_radius: {min_healthy: 4}\n")
        done = self.muster("lint", "s.yaml", code=65)
        self.assertIn("s.yaml:7:33: error: 'min_healthy' asks for 4 healthy members, the cluster "
                      "has 3", done.stderr)

    def test_schema_is_the_one_that_is_checked_in(self):
        for kind in ("scenario", "config"):
            schema = json.loads(self.muster("schema", kind).stdout)
            self.assertEqual(schema["$schema"], "http://json-schema.org/draft-07/schema#")
            path = os.path.join(os.path.dirname(__file__), "..", "..", "schema", kind + ".json")
            with open(path, encoding="utf-8") as file:
                self.assertEqual(schema, json.load(file))
        done = self.muster("schema", "scenari", code=64)
        self.assertIn("there is no schema of a 'scenari', did you mean 'scenario'?", done.stderr)
        done = self.muster("schema", "x", code=64)
        self.assertIn("there is no schema of a 'x'; it is 'scenario' or 'config'", done.stderr)
        self.muster("schema", code=64)

    def test_new_scenario_passes_lint_and_run(self):
        done = self.muster("new")
        self.assertEqual(done.stdout, "scenario.yaml is there: 'muster run scenario.yaml' plays "
                         "it\n")
        done = self.muster("lint", "scenario.yaml")
        self.assertEqual((done.stdout, done.stderr), ("1 scenario, 0 invalid\n", ""))
        self.assertIn("1 passed", self.muster("run", "scenario.yaml").stdout)
        self.assertEqual(self.muster("new", "-").stdout, self.read("scenario.yaml"))

    def test_new_leaves_alone_what_is_there(self):
        self.write("mine.yaml", "mine")
        done = self.muster("new", "mine.yaml", code=74)
        self.assertIn("cannot make 'mine.yaml': File exists", done.stderr)
        self.assertEqual(self.read("mine.yaml"), "mine")
        self.muster("new", "a", "b", code=64)
        self.muster("new", "none/such.yaml", code=74)
