#!/usr/bin/env python3
"""A whole scheduler: first come, first served; who fits may pass who does not."""
import json
import sys

RESOURCES = ("gpus", "cpu", "memory", "storage", "network")


def places(job, free):
    """Takes what the job asks for off free and returns the node of each part, or nothing where it does not fit."""
    nodes, before = [], {}
    for node, left in free.items():
        while len(nodes) < job["parts"] and all(left.get(r, 0) >= job.get(r, 0) for r in RESOURCES):
            if job.get("whole") and not left.get("empty"):
                break
            before.setdefault(node, dict(left))
            for r in RESOURCES:
                left[r] = 0 if job.get("whole") else left.get(r, 0) - job.get(r, 0)
            left["empty"] = False
            nodes.append(node)
    if len(nodes) == job["parts"]:
        return nodes
    free.update(before)
    return []


for line in sys.stdin:
    question = json.loads(line)
    answer = {"protocol": 1}
    if question["type"] == "decide":
        free = {n["node"]: n for n in question["free"]}
        tried = [(job["job"], places(job, free)) for job in question["waiting"]]
        answer = {"start": [{"job": j, "nodes": nodes} for j, nodes in tried if nodes]}
    print(json.dumps(answer), flush=True)
