/**
 * The tables of saved runs of bench/retrieval and bench/registration as Markdown, runs of the same kind joined.
 *
 *     node dist/bench/matching-report.js REPORT.json ... [--markdown FILE]
 */
import { writeFileAtomic } from "../agent/report/atomic-file.js";
import { UserError } from "../tiles/errors.js";
import { commandLine } from "./command-line.js";
import { registrationMarkdown, registrationRows } from "./matching/registration-table.js";
import { retrievalMarkdown, retrievalRows } from "./matching/retrieval-table.js";
import { readRun, type SavedRun } from "./matching/saved.js";

const { values, positionals } = commandLine({ options: { markdown: { type: "string" } }, allowPositionals: true });

function tables(runs: readonly SavedRun[]): string {
  const retrieval = runs.flatMap((run) => (run.benchmark === "retrieval" ? [run] : []));
  const registration = runs.flatMap((run) => (run.benchmark === "registration" ? [run] : []));
  const parts: string[] = [];
  if (retrieval.length > 0) {
    const cells = new Map(retrieval.flatMap(({ galleries }) => Object.entries(galleries)));
    const of = (gallery: number): number => cells.get(String(gallery)) ?? gallery;
    parts.push(`Retrieval:\n\n${retrievalMarkdown(retrievalRows(retrieval.flatMap(({ records }) => records)), of)}`);
  }
  const given = registration.flatMap(({ records }) => records);
  if (given.length > 0)
    parts.push(`Registration, given the place:\n\n${registrationMarkdown(registrationRows(given))}`);
  const whole = registration.flatMap(({ whole_map_records }) => whole_map_records);
  if (whole.length > 0) parts.push(`On the whole map, no prior:\n\n${registrationMarkdown(registrationRows(whole))}`);
  return parts.join("\n");
}

if (positionals.length === 0)
  throw new UserError("no report is named; give what bench/retrieval or bench/registration wrote with --json");
const runs = positionals.map(readRun);
const encoders = [...new Set(runs.map(({ encoder }) => encoder))];
if (encoders.length > 1) throw new UserError(`the reports are of different encoders: ${encoders.join(", ")}`);
const text = tables(runs);
process.stdout.write(text);
if (values.markdown !== undefined) writeFileAtomic(values.markdown, text);
