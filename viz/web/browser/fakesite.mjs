// The site of the made-up server: air-cooled racks of 32 GPUs in halls of equal size.
export function makeSite(gpus) {
  const racks = Math.ceil(gpus / 32);
  const perRow = racks > 200 ? 20 : 8;
  const rows = Math.ceil(racks / perRow);
  const rowsInHall = racks > 200 ? 16 : rows;
  const halls = Math.ceil(rows / rowsInHall);
  const even = (n, parts, size) => Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(size, n - i * size)));
  const pack = (list) =>
    list.reduce((out, v) => (out.length && out.at(-1)[1] === v ? (out.at(-1)[0]++, out) : [...out, [1, v]]), []);
  const hallRows = even(rows, halls, rowsInHall);
  const rowRacks = even(racks, rows, perRow);
  const crahs = halls === 1 ? 5 : 12;
  const level = (kind, number, parent, count, counts, extra = {}) => ({
    kind,
    number,
    parent,
    count,
    counts,
    ...extra,
  });
  const levels = [
    level("hall", 1, "site", halls, [[1, halls]]),
    level("row", 2, "hall", rows, pack(hallRows)),
    level("rack", 3, "row", racks, pack(rowRacks), { models: ["rack-dgx-h100-4"], model: [[racks, 0]] }),
    level("node", 4, "rack", racks * 4, [[racks, 4]], { models: ["dgx-h100"], model: [[racks * 4, 0]] }),
    level("gpu", 5, "node", racks * 32, [[racks * 4, 8]], { models: ["h100-sxm"], model: [[racks * 32, 0]] }),
    level("crah", 11, "hall", halls * crahs, [[halls, crahs]]),
  ];
  const across = Math.ceil(Math.sqrt(halls));
  const [w, d] = [perRow * 0.6 + 6, rowsInHall * 2.7 + 2.4];
  const place = Array.from({ length: halls }, (_, i) => ({
    x: (i % across) * (w + 2),
    y: Math.floor(i / across) * (d + 2),
    w,
    d,
  }));
  const [x, y, facing] = [[], [], []];
  hallRows.forEach((n, h) => {
    for (let r = 0; r < n; r++) {
      x.push(place[h].x + 3);
      y.push(place[h].y + 1.8 + r * 2.7);
      facing.push(r % 2);
    }
  });
  const unit = { kind: "crah", x: [], y: [], w: 0.9, d: 2 };
  place.forEach((p) => {
    for (let i = 0; i < crahs; i++) {
      unit.x.push(i % 2 ? p.x + p.w - 1.2 : p.x + 0.3);
      unit.y.push(p.y + 0.9 + (Math.floor(i / 2) + 0.2) * (p.d / Math.ceil(crahs / 2)));
    }
  });
  const floor = {
    w: across * (w + 2) - 2,
    d: Math.ceil(halls / across) * (d + 2) - 2,
    pitch: 0.6,
    depth: 1.2,
    halls: place,
    rows: { x, y, facing },
    equipment: [unit],
  };
  const empty = { nodes: [], edges: [] };
  return {
    site: { name: `H100 hall, ${(racks * 32).toLocaleString("en-US")} GPUs`, levels, floor },
    plant: {
      redundancy: "2N",
      sides: ["A", "B"],
      power: empty,
      feeds: { a: [[racks, -1]], b: [[racks, -1]] },
      cooling: empty,
      cdu: [[racks, -1]],
      racks: [],
    },
  };
}

export function registry() {
  const rows = [
    ["crah.state", "", "crah", "max"],
    ["rack.state", "", "rack", "max"],
    ["crah.supply_temperature", "degC", "crah", "max"],
    ["crah.power", "W", "crah", "sum"],
    ["gpu.power", "W", "gpu", "sum"],
    ["gpu.temperature", "degC", "gpu", "max", [[87, "critical", "slow-down"]]],
    ["gpu.utilisation", "", "gpu", "mean"],
    [
      "rack.inlet_temperature",
      "degC",
      "rack",
      "max",
      [
        [27, "warning", "ASHRAE recommended"],
        [32, "critical", "ASHRAE allowable"],
      ],
    ],
    ["rack.outlet_temperature", "degC", "rack", "max"],
    ["rack.gpu_temperature", "degC", "rack", "max"],
    ["rack.power", "W", "rack", "sum"],
    ["site.power", "W", "site", "last"],
    ["site.it_power", "W", "site", "last"],
    ["site.pue", "", "site", "last"],
    ["jobs.running", "", "site", "sum"],
    ["jobs.queued", "", "site", "sum"],
  ];
  const channels = rows.map(([name, unit, kind, reduce, limits], id) => ({
    id,
    name,
    unit,
    symbol: unit,
    kind,
    type: "gauge",
    reduce,
    doc: "",
    provenance: "modelled",
    thresholds: (limits ?? []).map(([at, severity, doc]) => ({ at, above: true, severity, doc })),
  }));
  const all = ["site", "hall", "row", "rack", "node", "gpu", "crah"];
  return {
    channels,
    settings: [{ kind: "gpu", field: "power_limit", unit: "W", min: 0, max: 1e5, doc: "Power limit of the device." }],
    verbs: [
      { name: "fail", kinds: all.slice(3) },
      { name: "repair", kinds: all.slice(3) },
      { name: "drain", kinds: ["node", "rack"] },
      { name: "note", kinds: all },
    ],
    states: [
      { value: 0, name: "works", doc: "" },
      { value: 4, name: "failed", doc: "" },
    ],
  };
}

/** The thing that a path means. */
export function equipment(site, path) {
  if (!path || path === "site") return { kind: "site", index: 0 };
  const of = (kind) => site.levels.find((l) => l.kind === kind);
  let at = { kind: "site", index: 0 };
  for (const part of path.split("/")) {
    const [, kind, n] = /^(.*)-(\d+)$/.exec(part) ?? [];
    const l = of(kind);
    if (!l) return at;
    const firsts = [0];
    for (const [many, kids] of l.counts) for (let i = 0; i < many; i++) firsts.push(firsts.at(-1) + kids);
    const parent = l.parent === "site" ? 0 : l.parent === at.kind ? at.index : 0;
    at = { kind, index: firsts[parent] + Number(n) };
  }
  return at;
}
