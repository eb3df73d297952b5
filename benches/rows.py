#!/usr/bin/env python3
"""How memory, time and disk reads of rowmill grow with rows: the same columns, more and more rows, under a kernel memory limit.

    venv/bin/python benches/rows.py DATA DATA ... --sampling mvs --trees 20 --cap "capped.sh 1G"

Every DATA has the same columns. --cap is a command that runs another one under a memory limit, page cache included; without it
the scratch stays in the page cache, and what is read from the disk means nothing. Each dataset is trained twice, with --trees and
with a fifth of them: the difference is what trees cost, without the passes before them.
Printed for each: rows, peak resident memory (VmHWM), seconds a tree, bytes read from the disk a tree, the bytes of one pass over
the codes of all rows, the disk's rate, and the CPUs that were busy meanwhile.
"""
import argparse
import json
import os
import shlex
import subprocess
import tempfile
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+")
    parser.add_argument("--rowmill", default="target/release/rowmill")
    parser.add_argument("--sampling", default="mvs")
    parser.add_argument("--trees", type=int, default=20)
    parser.add_argument("--memory", default="256MiB")
    parser.add_argument("--cap", default="")
    parser.add_argument("--model", default='{"grow_policy": "lossguide", "max_depth": 0, "num_leaves": 63}')
    parser.add_argument("--work", help="where runs and their scratch files go")
    parser.add_argument("flags", nargs="*", help="further flags of rowmill train, after --")
    return parser.parse_args()


def descendants(pid):
    """The process and its children: the limit's command may stay their parent."""
    pids = [pid]
    for at in pids:
        try:
            for task in os.listdir(f"/proc/{at}/task"):
                pids += [int(child) for child in open(f"/proc/{at}/task/{task}/children").read().split()]
        except OSError:
            pass
    return pids


def counters(pid):
    """Bytes read from the disk and CPU seconds of rowmill so far, by /proc."""
    for at in descendants(pid):
        try:
            if os.path.basename(os.readlink(f"/proc/{at}/exe")) != "rowmill":
                continue
            read = next(int(l.split()[1]) for l in open(f"/proc/{at}/io") if l.startswith("read_bytes"))
            times = open(f"/proc/{at}/stat").read().rsplit(")", 1)[1].split()
            return read, (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            continue
    return None


def train(options, data, trees, work):
    model = {**json.loads(options.model), "n_estimators": trees}
    out_dir = os.path.join(work, "run")
    command = shlex.split(options.cap) + [
        options.rowmill, "--quiet", "train", data, "--split-col", "is_test", "--out-dir", out_dir, "--overwrite", "--no-verify",
        "--threads", "2", "--memory", options.memory, "--sampling", options.sampling, "--model", json.dumps(model), *options.flags]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    model_path, saved = os.path.join(out_dir, "model.rowmill"), None
    if os.path.exists(model_path):
        os.remove(model_path)
    while child.poll() is None:
        now = counters(child.pid)
        # What evaluation reads after the model was saved does not count.
        if now is not None and not os.path.exists(model_path):
            saved = now
        time.sleep(0.05)
    errors = child.stderr.read()
    if child.returncode != 0:
        raise SystemExit(f"{shlex.join(command)}\nended with {child.returncode}:\n{errors}")
    run = json.load(open(os.path.join(out_dir, "run.json")))
    return {"peak": run["peak_rss_bytes"], "rows": run["rows"] if "rows" in run else None, "read": saved[0], "cpu": saved[1],
            "seconds": run["seconds_to_model"], "passes": {p["name"]: p for p in run["passes"]}}


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        for data in options.data:
            few = train(options, data, options.trees // 5, work)
            many = train(options, data, options.trees, work)
            trees = options.trees - options.trees // 5
            seconds = (many["seconds"] - few["seconds"]) / trees
            read = (many["read"] - few["read"]) / trees
            cpus = (many["cpu"] - few["cpu"]) / (many["seconds"] - few["seconds"])
            print(f"{data}: peak {many['peak'] / 2**20:.1f} MiB, to the model {many['seconds']:.1f} s, a tree {seconds:.3f} s, "
                  f"{read / 1e6:.1f} MB read from the disk a tree ({read / seconds / 1e6:.0f} MB/s), {cpus:.2f} CPUs busy", flush=True)


if __name__ == "__main__":
    main()
