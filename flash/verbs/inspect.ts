import { resolve } from "node:path";
import { Command } from "commander";
import { PackReader } from "../../tiles/pack/reader.js";
import { writeJson } from "../json-file.js";
import { mapSize_m } from "../pack/plan.js";
import { formatBytes } from "../pack/progress.js";
import { summaryRows, table } from "../pack/report.js";

/** `flash inspect`: what a pack holds. */
export function inspectCommand(): Command {
  return new Command("inspect")
    .description("tell what a pack holds: area, levels, imagery and its age, encoder, sizes")
    .argument("<pack>", "a folder NAME.skypack")
    .option("--json <file>", "write it as JSON too (- for standard output)")
    .addHelpText("after", "\nExample:\n  flash inspect area.skypack")
    .action(run);
}

function run(pack: string, { json }: { json?: string }): void {
  const reader = PackReader.open(pack);
  const { manifest, dir } = reader;
  reader.close();
  const size = mapSize_m(manifest.bbox);
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
  if (json !== undefined)
    writeJson(json, { pack: resolve(pack), ...manifest, width_m: size.east_m, height_m: size.north_m, bytes });
  if (json === "-") return;
  const rows: [string, string][] = [
    ["pack", dir],
    ...summaryRows(manifest),
    ["extent", `${size.east_m.toFixed(0)} m x ${size.north_m.toFixed(0)} m`],
    ["size", `${formatBytes(bytes)} in all`],
    ["made by", `${manifest.generator}, format version ${manifest.version}, dated ${manifest.created}`],
  ];
  process.stdout.write(`${table(rows)}\n`);
}
