import { join } from "node:path";
import { Command } from "commander";
import { verifyPack } from "../../tiles/pack/verify.js";
import { writeJson } from "../json-file.js";
import { formatBytes } from "../pack/progress.js";

/** `flash verify`: checks every byte of a pack. */
export function verifyCommand(): Command {
  return new Command("verify")
    .description("check every byte of a pack: sizes, hashes, database, index, features")
    .argument("<pack>", "a folder NAME.skypack")
    .option("--json <file>", "write the findings as JSON too (- for standard output)")
    .addHelpText(
      "after",
      "\nEnds with 0 when the pack is whole and 2 when it is not, naming each file that is damaged.\n\nExample:\n  flash verify area.skypack",
    )
    .action(run);
}

async function run(pack: string, { json }: { json?: string }): Promise<void> {
  const report = await verifyPack(pack);
  if (json !== undefined) writeJson(json, { ok: report.ok, problems: report.problems, bytes: report.bytes });
  for (const { file, what } of report.problems) process.stderr.write(`error: ${join(pack, file)}: ${what}\n`);
  if (!report.ok) {
    process.exitCode = 2;
    return;
  }
  if (json !== "-") process.stdout.write(`${pack}: whole: ${formatBytes(report.bytes)} checked\n`);
}
