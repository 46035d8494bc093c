#!/usr/bin/env python3
"""readme_ci.py WEIR: README's examples for continuous integration are YAML, name what they should,
and their commands do what README says, exit codes included. Exits with 77 without python3-yaml."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

try:
    import yaml
except ImportError:
    sys.exit(77)

WEIR = pathlib.Path(sys.argv[1]).resolve()
SOURCES = pathlib.Path(__file__).resolve().parents[2]
NO_GATEWAY = "http://127.0.0.1:9"  # nobody answers on the port of "discard"


def examples():
    """The two fenced blocks, parsed, by the file that their first line names."""
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", (SOURCES / "README.md").read_text(), re.S)
    # YAML 1.1 reads the key "on" as true.
    return {name: yaml.safe_load(text) for name, text in blocks}


def run(folder, command):
    """The exit code of a shell command, with weir in the path."""
    environment = {
        "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "GATEWAY": NO_GATEWAY,
    }
    done = subprocess.run(["bash", "-e", "-c", command], cwd=folder, env=environment,
                          capture_output=True, text=True)
    print(f"{command}: {done.returncode}", done.stderr, sep="\n")
    return done.returncode


def expect(condition, what):
    if not condition:
        sys.exit(f"readme_ci.py: {what}")


def check_junit(path, fails):
    root = xml.etree.ElementTree.parse(path).getroot()
    expect(root.tag in ("testsuites", "testsuite"), f"{path}: its root is {root.tag}")
    expect(next(root.iter("testcase"), None) is not None, f"{path}: has no test case")
    found = next(root.iter("failure"), None) is not None
    expect(found == fails, f"{path}: has {'no ' if fails else 'a '}failure")


def failing(command):
    """The same run with a threshold that cannot hold."""
    return command + """ --set '/thresholds=["totals.denied_ratio < 0"]'"""


def check_github(folder, example):
    steps = example["jobs"]["limits"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    expect("apt-get install" in commands[0], "the first command installs no package")
    for command in commands[1:]:
        expect(run(folder, command) == 0, f"{command} failed")
    expect((folder / "summary.md").read_text() == (folder / "limits.md").read_text(),
           "the summary is another")
    check_junit(folder / "limits.xml", False)
    simulate = next(c for c in commands if c.startswith("weir simulate"))
    expect(run(folder, failing(simulate)) == 4, "a failed threshold is not exit code 4")
    check_junit(folder / "limits.xml", True)
    for step in steps[steps.index(next(s for s in steps if s.get("run") == simulate)) + 1:]:
        expect(step.get("if") == "always()", "what a failure shows is left out when there is one")


def check_gitlab(folder, example):
    for command in example["limits"]["script"]:
        expect(run(folder, command) == 0, f"{command} failed")
        expect(run(folder, failing(command)) == 4, "a failed threshold is not exit code 4")
    check_junit(folder / example["limits"]["artifacts"]["reports"]["junit"], True)
    for command in example["gateway"]["script"]:
        expect(run(folder, command) in example["gateway"]["allow_failure"]["exit_codes"],
               "a gateway that cannot be reached stops the pipeline")


def main():
    found = examples()
    expect(set(found) == {".github/workflows/limits.yml", ".gitlab-ci.yml"}, f"README has {set(found)}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "bin").mkdir()
        (folder / "bin" / "weir").symlink_to(WEIR)
        # Those whose recorded traffic is outside of the sources stay there.
        for scenario in (SOURCES / "scenarios").glob("*.jsonc"):
            if "../shared/" not in scenario.read_text():
                (folder / "scenarios").mkdir(exist_ok=True)
                shutil.copy(scenario, folder / "scenarios")
        check_github(folder, found[".github/workflows/limits.yml"])
        check_gitlab(folder, found[".gitlab-ci.yml"])


main()
