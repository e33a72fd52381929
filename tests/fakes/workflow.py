"""Runs a GitHub workflow of .github/ here, as far as ours go: events, inputs, expressions, jobs, composite actions and steps.

    run = Runner(tmp_path, programs=[FAKES], repository=clone)
    run.workflow("benchmark.yaml", "repository_dispatch", action="release-dolt", payload={"version": "1.2.3"})
    run.calls("kubectl")        # what the stand-ins in PATH were asked

A step's shell gets the environment that the workflow gives it and nothing else. actions/checkout puts this source (path .dbdyno) or
the given clone there. An expression or key that is not known here is an error, so that nothing is passed over in silence.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TOKEN = re.compile(r"\s*(\|\||&&|==|!=|!|\(|\)|,|'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*)")


class StepFailed(Exception):
    """A step ended with another status than 0; its output is the message."""


class Expression:
    """github.com's expression language: names, texts, || && == != ! ( ), toJSON and contains."""

    def __init__(self, text, contexts):
        self.tokens, self.contexts, at = [], contexts, 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            assert found, f"not understood: {text[at:]!r} in {text!r}"
            self.tokens.append(found[1])
            at = found.end()

    def take(self, *wanted):
        return self.tokens.pop(0) if self.tokens and (not wanted or self.tokens[0] in wanted) else None

    def value(self):
        result = self.alternative()
        assert not self.tokens, self.tokens
        return result

    def alternative(self):
        left = self.conjunction()
        while self.take("||"):
            right = self.conjunction()
            left = left or right
        return left

    def conjunction(self):
        left = self.comparison()
        while self.take("&&"):
            right = self.comparison()
            left = left and right
        return left

    def comparison(self):
        left = self.unary()
        while operator := self.take("==", "!="):
            right = self.unary()
            same = (left or "") == (right or "")
            left = same if operator == "==" else not same
        return left

    def unary(self):
        if self.take("!"):
            return not self.unary()
        if self.take("("):
            inner = self.alternative()
            assert self.take(")")
            return inner
        token = self.take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self.take("("):
            arguments = [self.alternative()]
            while self.take(","):
                arguments.append(self.alternative())
            assert self.take(")")
            return {"toJSON": lambda v: json.dumps(v), "contains": lambda a, b: (b or "").lower() in (a or "").lower()}[token](*arguments)
        node = self.contexts
        for i, name in enumerate(token.split(".")):
            assert i or name in node, f"unknown context {name}"
            node = node.get(name) if isinstance(node, dict) else None
        return node


def fill(text, contexts):
    """A text with its ${{ }} replaced, as GitHub prints values."""
    if not isinstance(text, str):
        return {True: "true", False: "false", None: ""}.get(text, str(text))

    def replaced(found):
        value = Expression(found[1], contexts).value()
        return {True: "true", False: "false", None: ""}.get(value, str(value)) if not isinstance(value, str) else value

    return re.sub(r"\$\{\{(.*?)\}\}", replaced, text)


def holds(condition, contexts):
    if condition is None:
        return True
    return bool(Expression(re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", condition)[1], contexts).value())


class Runner:
    """One run after the other, in a workspace each. variables and secrets are the repository's."""

    def __init__(self, folder, path, environment, variables=None, secrets=None, clone=None):
        self.folder, self.path, self.environment, self.clone = Path(folder), path, environment, clone
        self.variables, self.secrets, self.count, self.log = variables or {}, secrets or {}, 0, ""
        self.github = {
            "repository": "owner/database", "sha": "a" * 40, "workflow_sha": "b" * 40, "actor": "Maintainer", "token": "workflow-token",
            "ref": "refs/heads/main", "ref_type": "branch", "ref_name": "main", "run_id": "77",
        }  # fmt: skip

    def workflow(self, name, event_name, inputs=None, action=None, payload=None, event=None):
        """Runs all jobs; gives the outputs of each by name (None: skipped)."""
        document = yaml.load((ROOT / ".github/workflows" / name).read_text(), yaml.BaseLoader)
        trigger = document["on"][event_name]
        if action:
            assert action in trigger["types"], f"{name} does not run on {action}"
        declared = (trigger or {}).get("inputs", {}) if event_name in ("workflow_dispatch", "workflow_call") else {}
        given = inputs or {}
        assert set(given) <= set(declared), f"{name} has no input {set(given) - set(declared)}"
        missing = [n for n, d in declared.items() if d.get("required") == "true" and not given.get(n)]
        assert not missing, f"{name} needs {missing}"
        event = event or ({"action": action, "client_payload": payload} if payload is not None else {})
        contexts = {
            "github": {**self.github, "event_name": event_name, "event": event}, "vars": self.variables, "secrets": self.secrets, "needs": {},
            "inputs": {n: given.get(n, d.get("default", "")) for n, d in declared.items()},
        }  # fmt: skip
        results = {}
        for job_name, job in document["jobs"].items():
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            contexts["needs"] = {n: {"outputs": results[n] or {}} for n in needs}
            results[job_name] = self.job(job, contexts) if holds(job.get("if"), contexts) else None
        return results

    def job(self, job, contexts):
        if "uses" in job:
            with_ = {k: fill(v, contexts) for k, v in job.get("with", {}).items()}
            return self.workflow(job["uses"].rsplit("/", 1)[1], "workflow_call", inputs=with_)
        matrix = job.get("strategy", {}).get("matrix", {})
        legs = matrix.get("include") or ([{n: v} for n, values in matrix.items() for v in values] if matrix else [{}])
        outputs = {}
        for leg in legs:
            state = {**contexts, "matrix": leg, "steps": {}}
            self.steps(job["steps"], state, self.workspace())
            for name, value in job.get("outputs", {}).items():
                outputs[name] = fill(value, state) or outputs.get(name, "")
        return outputs

    def workspace(self):
        self.count += 1
        workspace = self.folder / f"job-{self.count}"
        for name in ("work", "temp", "files"):
            (workspace / name).mkdir(parents=True)
        return workspace

    def steps(self, steps, contexts, workspace, extra=None):
        for step in steps:
            if not holds(step.get("if"), contexts):
                continue
            if "uses" in step:
                self.action(step, contexts, workspace)
                continue
            environment = {k: fill(v, contexts) for k, v in step.get("env", {}).items()}
            outputs = self.shell(fill(step["run"], contexts), {**(extra or {}), **environment}, workspace, step.get("working-directory", "."))
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": outputs}

    def action(self, step, contexts, workspace):
        with_ = {k: fill(v, contexts) for k, v in step.get("with", {}).items()}
        if step["uses"].startswith("actions/checkout@"):
            target = workspace / "work" / with_.get("path", ".")
            if with_.get("path") == ".dbdyno":
                shutil.copytree(ROOT / ".github", target / ".github")
            else:
                shutil.copytree(self.clone or ROOT / ".github", target, symlinks=True, dirs_exist_ok=True)
            return
        folder = workspace / "work" / step["uses"]
        document = yaml.load((folder / "action.yaml").read_text(), yaml.BaseLoader)
        assert set(with_) <= set(document["inputs"]), set(with_) - set(document["inputs"])
        inner = {"inputs": {n: with_.get(n, d.get("default", "")) for n, d in document["inputs"].items()}, "steps": {}}
        self.steps(document["runs"]["steps"], inner, workspace, {"GITHUB_ACTION_PATH": str(folder)})
        if "id" in step:
            contexts["steps"][step["id"]] = {"outputs": {n: fill(o["value"], inner) for n, o in document.get("outputs", {}).items()}}

    def shell(self, script, environment, workspace, folder):
        files = {n: workspace / "files" / n for n in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.touch()
        files["GITHUB_OUTPUT"].write_text("")
        path = os.pathsep.join([*reversed(files["GITHUB_PATH"].read_text().split()), self.path])
        before = dict(line.split("=", 1) for line in files["GITHUB_ENV"].read_text().splitlines())
        whole = {
            **self.environment, "PATH": path, "RUNNER_TEMP": str(workspace / "temp"), "GITHUB_REPOSITORY": self.github["repository"],
            "GITHUB_ACTOR": self.github["actor"], "GITHUB_SHA": self.github["sha"], "GITHUB_RUN_ID": self.github["run_id"],
            "GITHUB_SERVER_URL": "https://github.com", **{n: str(f) for n, f in files.items()}, **before, **environment,
        }  # fmt: skip
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=workspace / "work" / folder, env=whole, text=True,
                              capture_output=True, timeout=120, stdin=subprocess.DEVNULL, check=False)  # fmt: skip
        self.log += done.stdout + done.stderr
        if done.returncode:
            raise StepFailed(f"exit {done.returncode}\n{done.stdout}{done.stderr}")
        return dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
