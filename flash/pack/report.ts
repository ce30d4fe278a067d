import type { PackManifest } from "../../tiles/pack/manifest.js";
import { formatBytes } from "./progress.js";

/** What `flash pack --json` writes. */
export interface PackReport {
  readonly pack: string;
  readonly seconds: number;
  /** Ground under imagery, square kilometres. */
  readonly area_km2: number;
  readonly bytes: number;
  readonly warnings: readonly string[];
  readonly manifest: PackManifest;
}

/** The report for people. */
export function packTable(report: PackReport): string {
  const { manifest } = report;
  return table([
    ["pack", report.pack],
    ["area", `${report.area_km2.toPrecision(4)} km² of imagery`],
    ...summaryRows(manifest),
    ["size", `${formatBytes(report.bytes)} in all`],
    ["took", `${report.seconds.toFixed(1)} s`],
  ]);
}

/** The rows that describe a pack, as `flash inspect` shows them too. */
export function summaryRows(manifest: PackManifest): [string, string][] {
  const { bbox, zoom, counts, encoder } = manifest;
  const rows: [string, string][] = [
    ["name", manifest.name],
    [
      "bounds",
      `${bbox.west.toFixed(6)}, ${bbox.south.toFixed(6)} to ${bbox.east.toFixed(6)}, ${bbox.north.toFixed(6)} (lon, lat)`,
    ],
  ];
  for (const level of manifest.levels) {
    const side_m = level.cell_px * level.gsd_m;
    rows.push([
      `level ${level.level}`,
      `${level.cells} cells of ${side_m.toFixed(1)} m, one every ${(level.stride_px * level.gsd_m).toFixed(1)} m; gsd ${level.gsd_m.toFixed(4)} m; ${level.width_px} x ${level.height_px} px`,
    ]);
  }
  for (const layer of manifest.layers) {
    rows.push([
      "imagery",
      `${layer.name}, ${layer.native_gsd_m.toFixed(3)} m/px, ${age(layer.imagery_date)}, source: ${layer.source}`,
    ]);
  }
  rows.push(["tiles", `${counts.tiles} of zoom ${zoom.min} to ${zoom.max}`]);
  rows.push(["encoder", `${encoder.id} (${encoder.sha256.slice(0, 12)})`]);
  if (manifest.retriever !== undefined) {
    const { id, sha256, width } = manifest.retriever;
    rows.push(["retriever", `${id} (${sha256.slice(0, 12)}), ${width} numbers a cell`]);
  }
  for (const [name, { bytes }] of Object.entries(manifest.files)) rows.push([name, formatBytes(bytes)]);
  return rows;
}

function age(date: string | null): string {
  if (date === null) return "date unknown";
  const days = Math.floor((Date.now() - Date.parse(`${date}T00:00:00Z`)) / 86_400_000);
  if (days < 0) return date;
  const old =
    days < 60
      ? `${days} days`
      : days < 730
        ? `${Math.floor(days / 30.44)} months`
        : `${(days / 365.25).toFixed(1)} years`;
  return `${date} (${old} old)`;
}

/** Two columns. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join("\n");
}
