/**
 * Draws lines over two axes as an SVG that reads in light and in dark.
 *
 * @module
 */

/** One axis. */
export interface Axis {
  /** What is on it, its unit included. */
  label: string;
  /** Equal steps are equal factors. Default: false. */
  log?: boolean;
}

/** One line. */
export interface Series {
  /** What it shows. */
  label: string;
  /** Its points, x rising. */
  points: readonly (readonly [x: number, y: number])[];
}

/** What is drawn. */
export interface Plot {
  /** What it shows. */
  title: string;
  /** To the right. */
  x: Axis;
  /** Upwards. */
  y: Axis;
  /** The lines: four at most can be told apart. */
  series: readonly Series[];
}

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 80;
const RIGHT = 680;
const TOP = 48;
const BOTTOM = 316;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 }
  .grid { stroke: #d0d7de } .axis { stroke: #57606a }
  .s0 { color: #0969da } .s1 { color: #bc4c00 } .s2 { color: #1a7f37 } .s3 { color: #8250df }
  polyline { fill: none; stroke: currentColor; stroke-width: 2 } circle, rect { fill: currentColor }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .grid { stroke: #30363d } .axis { stroke: #8b949e }
    .s0 { color: #58a6ff } .s1 { color: #f0883e } .s2 { color: #3fb950 } .s3 { color: #bc8cff }
  }`;

/**
 * Draws a plot.
 *
 * @throws {RangeError} where there is nothing to draw, or a value isn't above 0 on a log axis
 */
export function renderPlot({ title, x, y, series }: Plot): string {
  const points = series.flatMap(({ points }) => points);
  const xs = scale(points.map(([x]) => x), LEFT, RIGHT, x.log ?? false);
  const ys = scale(points.map(([, y]) => y), BOTTOM, TOP, y.log ?? false);
  const columns = xs.ticks.map((tick) => {
    const at = round(xs.at(tick));
    return line("grid", at, TOP, at, BOTTOM) +
      text(at, BOTTOM + 20, name(tick), "middle");
  });
  const rows = ys.ticks.map((tick) => {
    const at = round(ys.at(tick));
    return line("grid", LEFT, at, RIGHT, at) +
      text(LEFT - 8, at + 4, name(tick), "end");
  });
  const middle = (TOP + BOTTOM) / 2;
  const lines = series.map(({ label, points }, i) => {
    const at = points.map(([x, y]) => [round(xs.at(x)), round(ys.at(y))]);
    const dots = at.length > 20
      ? ""
      : at.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3.5"/>`).join("");
    const left = LEFT + i * (RIGHT - LEFT) / series.length;
    return `<g class="s${i}"><polyline points="${at.join(" ")}"/>${dots}` +
      `<rect x="${round(left)}" y="${HEIGHT - 19}" width="14" height="4"/>` +
      `${text(left + 20, HEIGHT - 12, label, "start")}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    text(LEFT, 26, title, "start", ' class="title"'),
    ...columns,
    ...rows,
    line("axis", LEFT, BOTTOM, RIGHT, BOTTOM),
    line("axis", LEFT, TOP, LEFT, BOTTOM),
    text((LEFT + RIGHT) / 2, BOTTOM + 42, x.label, "middle"),
    `<g transform="rotate(-90 18 ${middle})">${
      text(18, middle, y.label, "middle")
    }</g>`,
    ...lines,
    "</svg>\n",
  ].join("\n");
}

function name(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}

function line(kind: string, x1: number, y1: number, x2: number, y2: number) {
  return `<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

function text(
  x: number,
  y: number,
  content: string,
  anchor: string,
  attributes = "",
): string {
  return `<text${attributes} x="${round(x)}" y="${
    round(y)
  }" text-anchor="${anchor}">${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** Where values lie on an axis, and which of them are named. */
interface Scale {
  /** The values that are named. */
  ticks: number[];
  /** Where a value lies. */
  at: (value: number) => number;
}

/**
 * Fits an axis from one place to another around values: from 0 on, or with
 * `log` from one power of ten to another.
 *
 * @throws {RangeError} where there are no values, or one isn't above 0 with `log`
 */
function scale(
  values: readonly number[],
  from: number,
  to: number,
  log: boolean,
): Scale {
  const least = Math.min(...values);
  const most = Math.max(...values);
  if (!Number.isFinite(most) || !Number.isFinite(least) || log && least <= 0) {
    throw new RangeError(`Expected values to draw, got ${least} to ${most}`);
  }
  const along = (share: number) => from + share * (to - from);
  if (!log) {
    const step = niceStep(most || 1);
    const steps = Math.ceil((most || 1) / step);
    const ticks = Array.from({ length: steps + 1 }, (_, i) => i * step);
    return { ticks, at: (value) => along(value / (steps * step)) };
  }
  const first = Math.floor(Math.log10(least));
  const last = Math.max(first + 1, Math.ceil(Math.log10(most) - 1e-9));
  const ticks = Array.from(
    { length: last - first + 1 },
    (_, i) => 10 ** (first + i),
  );
  return {
    ticks,
    at: (value) => along((Math.log10(value) - first) / (last - first)),
  };
}

/** 1, 2 or 5 times a power of ten, so that there are four to eight steps. */
function niceStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 4));
  return [5, 2, 1].map((digit) => digit * power)
    .find((step) => most / step >= 4) ?? power;
}
