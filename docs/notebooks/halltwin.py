"""Reads runs of Halltwin into pandas: from an InfluxDB server in Flux, or from their directories in SQL.

A question is asked in both languages. With a server (INFLUX_HOST and a token in the environment) the Flux is sent there.
Without one, the SQL is run on the run's Parquet files by Apache DataFusion, the engine of InfluxDB 3; the tables have the
names and columns that they have there, so that the same SQL works on an InfluxDB 3. With HALLTWIN_CHECK=1 both are run
and must agree.

    run = halltwin.run("first-run")
    power = halltwin.ask("power", run, every="5min")
"""

import datetime as dt
import json
import os
import pathlib

import matplotlib as mpl
import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
RUNS = pathlib.Path(os.environ.get("HALLTWIN_RUNS", HERE / "../../runs")).resolve()
QUERIES = HERE / "../../twin/record/influx/queries"

BUCKET = os.environ.get("INFLUX_BUCKET", "halltwin")
TOKEN = os.environ.get("HALLTWIN_INFLUX_TOKEN") or os.environ.get("INFLUX_TOKEN")
SERVER = os.environ.get("INFLUX_HOST") if TOKEN else None


class Run:
    """A run directory."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.manifest = json.loads((self.path / "manifest.json").read_text())
        summary = self.path / "summary.json"
        self.summary = json.loads(summary.read_text()) if summary.exists() else None
        m = self.manifest
        self.name, self.variant, self.id, self.seed = self.path.name, m.get("variant", ""), m["id"], m["seed"]
        self.start = pd.Timestamp(m["start"])
        self.stop = self.start + pd.Timedelta(seconds=m["duration_s"] + m["every_s"])
        self.zone = self.start.tz

    def __repr__(self):
        return f"{self.id}: {self.manifest.get('about', '')}"

    def kpi(self, key):
        """A figure of the summary, in SI units."""
        for group in self.summary["groups"]:
            for k in group["kpis"]:
                if k["key"] == key:
                    return np.nan if k["value"] is None else k["value"]
        raise KeyError(key)

    def kpis(self):
        """All figures of the summary."""
        rows = [dict(group=g["name"], **k) for g in self.summary["groups"] for k in g["kpis"]]
        return pd.DataFrame(rows)

    def events(self):
        """The log, one row an event."""
        rows = [json.loads(line) for line in (self.path / "events.jsonl").read_text().splitlines()]
        table = pd.DataFrame(rows)
        table["time"] = self.start + pd.to_timedelta(table["t_s"], unit="s")
        return table

    def clock(self, times):
        """Times of a table as the site's own clock shows them."""
        return pd.to_datetime(times, utc=True).dt.tz_convert(self.zone).dt.tz_localize(None)


def run(name):
    """The run in runs/NAME."""
    path = RUNS / name
    if not (path / "manifest.json").exists():
        raise FileNotFoundError(f"there is no run {path}. Make one first: halltwin run {name.split('.')[0]}")
    return Run(path)


def runs(pattern):
    """The runs whose directories fit a pattern, the base first."""
    found = [Run(p.parent) for p in sorted(RUNS.glob(f"{pattern}/manifest.json"))]
    if not found:
        raise FileNotFoundError(f"no run in {RUNS} is called {pattern}")
    return sorted(found, key=lambda r: (r.variant != "", r.variant))


def sweep(name):
    """The results of `halltwin sweep NAME`: one row a figure of a run, with its variant, seed and place on each axis."""
    path = RUNS / f"{name}-experiment" / "results.parquet"
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}. Make it first: halltwin sweep {name} --replicas 5")
    return pd.read_parquet(path)


def ready(name):
    """The Flux and the SQL of a ready query; `halltwin influx queries` lists them."""
    return tuple((QUERIES / f"{name}.{ext}").read_text() for ext in ("flux", "sql"))


def ask(question, run, every="5min", sql=None):
    """Asks about a run, or several. The question is the name of a ready query, or Flux with its SQL beside it.

    $BUCKET, $RUN, $START, $STOP and $EVERY are filled in. Several runs give one table with a column `run`.
    """
    if isinstance(run, (list, tuple)):
        return pd.concat([ask(question, r, every, sql).assign(run=r.name) for r in run], ignore_index=True)
    flux, sql = (question, sql) if sql else ready(question)
    seconds = int(pd.Timedelta(every).total_seconds())
    if not SERVER:
        return _sql(_fill(sql, run, seconds, _sql_text, "TIMESTAMP '%s'", "INTERVAL '%d seconds'"), [run])
    answer = _flux(_fill(flux, run, seconds, _flux_text, "%s", "%ds"))
    if os.environ.get("HALLTWIN_CHECK"):
        _same(answer, _sql(_fill(sql, run, seconds, _sql_text, "TIMESTAMP '%s'", "INTERVAL '%d seconds'"), [run]))
    return answer


def _fill(text, run, seconds, quote, stamp, every):
    for key, value in {
        "$BUCKET": quote(BUCKET), "$RUN": quote(run.id),
        "$START": stamp % run.start.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ"),
        "$STOP": stamp % run.stop.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ"),
        "$EVERY": every % seconds,
    }.items():
        text = text.replace(key, value)
    return text


def _flux_text(s):
    return '"' + s.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${") + '"'


def _sql_text(s):
    return "'" + s.replace("'", "''") + "'"


def _client():
    from influxdb_client import InfluxDBClient

    return InfluxDBClient(url=SERVER, token=TOKEN, org=os.environ.get("INFLUX_ORG", "halltwin"), timeout=60_000)


def _flux(text):
    with _client() as client:
        table = client.query_api().query_data_frame(text)
    if isinstance(table, list):
        table = pd.concat(table, ignore_index=True)
    return table.drop(columns=["result", "table"], errors="ignore")


_contexts = {}


def _sql(text, runs):
    """Runs SQL on the files of runs."""
    key = tuple(str(r.path) for r in runs)
    if key not in _contexts:
        _contexts[key] = _tables(runs)
    return _contexts[key].sql(text).to_pandas()


def _tables(runs):
    """Tables of runs as InfluxDB 3 would have them: one a level, with tags and fields as columns."""
    import datafusion

    context = datafusion.SessionContext()
    parts = {}
    for i, r in enumerate(runs):
        for path in sorted((r.path / "metrics").glob("*.parquet")):
            level = path.stem
            context.register_parquet(f"raw_{i}_{level}", str(path))
            depth = {"hall": 1, "row": 2, "rack": 3, "node": 4, "gpu": 4}.get(level, 0)
            tags = [f"split_part(name, '/', {n + 1}) AS \"{tag}\"" for n, tag in enumerate(("hall", "row", "rack", "node")) if n < depth]
            if level not in ("site", "hall", "row", "rack", "node"):
                tags.append("reverse(split_part(reverse(name), '/', 1)) AS slot")
            site = (r.manifest.get("site") or {}).get("name", "")
            tags += [f"{_sql_text(v)} AS {k}" for k, v in (("run", r.id), ("source", r.manifest["source"]), ("site", site))]
            parts.setdefault(level, []).append(f"SELECT *, {', '.join(tags)} FROM raw_{i}_{level}")
        import pyarrow

        events = r.events()
        columns = {c: events.get(c, pd.Series([None] * len(events))).astype("string") for c in ("severity", "type", "subject", "text")}
        table = pyarrow.table({"time": pyarrow.array(pd.to_datetime(events["time"], utc=True).dt.floor("us"), pyarrow.timestamp("us", "UTC")), **columns})
        context.from_arrow(table, name=f"raw_{i}_event")
        parts.setdefault("event", []).append(f"SELECT *, {_sql_text(r.id)} AS run FROM raw_{i}_event")
    for level, selects in parts.items():
        context.sql(f"CREATE VIEW {level} AS " + " UNION ALL BY NAME ".join(selects))
    return context


def _same(a, b):
    """Both ways must give the same rows, whatever their order."""
    assert set(a.columns) == set(b.columns), f"Flux gives {sorted(a.columns)}, SQL {sorted(b.columns)}"
    columns = sorted(a.columns)
    by = [c for c in columns if c == "_time" or not pd.api.types.is_numeric_dtype(a[c])] or columns

    def tidy(t):
        t = t[columns].copy()
        for c in columns:
            if c == "_time":
                # an event's id sets it apart from others of its instant by a nanosecond
                t[c] = pd.to_datetime(t[c], utc=True).dt.floor("us").astype("datetime64[us, UTC]")
            elif not pd.api.types.is_numeric_dtype(t[c]):
                t[c] = t[c].astype("string").fillna("").astype(object)
        return t.sort_values(by).reset_index(drop=True)

    pd.testing.assert_frame_equal(tidy(a), tidy(b), check_dtype=False, rtol=1e-9)


def write(table, run, source="measured", measurement="site", site=""):
    """Writes a table of measured values to the server in the same schema: columns are fields, `_time` the time."""
    from influxdb_client.client.write_api import SYNCHRONOUS

    lines = []
    tags = f"{measurement},run={run},source={source}" + (f",site={site}" if site else "")
    fields = [c for c in table.columns if c != "_time"]
    for stamp, values in zip(pd.to_datetime(table["_time"], utc=True).dt.as_unit("ns").astype("int64"), table[fields].to_numpy(float)):
        known = [f"{f}={v!r}" for f, v in zip(fields, map(float, values)) if np.isfinite(v)]
        if known:
            lines.append(f"{tags} {','.join(known)} {stamp}")
    with _client() as client, client.write_api(write_options=SYNCHRONOUS) as api:
        for i in range(0, len(lines), 5000):
            api.write(bucket=BUCKET, record="\n".join(lines[i : i + 5000]))
    return len(lines)


# How charts look: quiet axes, direct labels instead of legends where lines are few, colours that stay apart for colour-blind
# readers (Okabe and Ito) and in print.
INK, GREY, FAINT = "#1b1f24", "#6e7781", "#e4e7eb"
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072b2", "#d55e00", "#009e73", "#b5182b", "#8a5a99", "#56b4e9"
COLOURS = [BLUE, ORANGE, GREEN, PURPLE, SKY, RED]


def style():
    """Sets the style of all charts."""
    mpl.rcParams.update({
        "figure.figsize": (7.2, 3.0), "figure.dpi": 96, "savefig.dpi": 96, "figure.constrained_layout.use": True,
        "font.size": 9, "font.family": "DejaVu Sans", "text.color": INK, "axes.labelcolor": GREY, "axes.titlesize": 10,
        "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.titlepad": 10, "axes.edgecolor": GREY, "axes.linewidth": 0.6,
        "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y", "grid.color": FAINT,
        "grid.linewidth": 0.8, "axes.axisbelow": True, "xtick.color": GREY, "ytick.color": GREY, "xtick.labelsize": 8,
        "ytick.labelsize": 8, "lines.linewidth": 1.4, "legend.frameon": False, "legend.fontsize": 8,
        "axes.prop_cycle": mpl.cycler(color=COLOURS), "image.cmap": "cividis",
    })


def hours(ax, every=None):
    """Writes the time axis as clock times."""
    import matplotlib.dates as md

    locator = md.HourLocator(byhour=range(0, 24, every)) if every else md.AutoDateLocator(maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(md.DateFormatter("%H:%M") if every else md.ConciseDateFormatter(locator))
    ax.margins(x=0)


def label(ax, x, y, text, colour, gap=0.01):
    """Writes a line's name at its end."""
    ax.annotate(text, (x, y), xytext=(4, 0), textcoords="offset points", color=colour, fontsize=8, va="center", annotation_clip=False)


def shade(ax, begin, end, text=""):
    """Marks a stretch of time."""
    ax.axvspan(begin, end, color=RED, alpha=0.08, linewidth=0)
    if text:
        ax.annotate(text, (begin, 1), xycoords=("data", "axes fraction"), xytext=(3, -3), textcoords="offset points", color=RED, fontsize=8, va="top")


def failures(run, kind=None):
    """What failed by the log, and when it worked again: (begin, end, subject), as the site's clock shows."""
    log = run.events()
    log = log.assign(time=run.clock(log["time"]))
    list_, open_ = [], {}
    for e in log.itertuples():
        subject = getattr(e, "subject", "")
        if not isinstance(subject, str) or kind and f"{kind}-" not in subject.rsplit("/", 1)[-1]:
            continue
        if e.type == "fail":
            open_.setdefault(subject, e.time)
        elif e.type == "repair" and subject in open_:
            list_.append((open_.pop(subject), e.time, subject))
    end = run.clock(pd.Series([run.stop]))[0]
    return list_ + [(t, end, s) for s, t in open_.items()]
