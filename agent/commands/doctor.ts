import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import type { Provider } from "../../models/runtime/session.js";
import { UserError } from "../../tiles/errors.js";
import { AREAS, type Area } from "../doctor/checks.js";
import { runDoctor } from "../doctor/doctor.js";
import { writeParameterFiles } from "../doctor/parameter-file.js";
import { DEFAULT_WAIT_S, planFrom } from "../doctor/plan.js";
import { askYes } from "../doctor/question.js";
import { fixLine, fixList, ReportLines, reportJson, summary } from "../doctor/report-text.js";
import { parseFeedChoice } from "../mavlink/publishers/flight/choose.js";
import { checkWritable, writeFileAtomic } from "../report/atomic-file.js";
import { unknownWord } from "../text/nearest.js";
import { positiveNumber, providerLadder, wholeNumber } from "./options.js";

/** Something was found that has to be set right. */
const EXIT_FINDINGS = 3;

interface DoctorFlags {
  readonly config?: string;
  readonly link?: string;
  readonly pack?: string;
  readonly publisher?: string;
  readonly sourceSet?: number;
  readonly answersTimesync?: true;
  readonly only?: readonly Area[];
  readonly wait: number;
  readonly providers?: readonly Provider[];
  readonly threads: number;
  readonly fix?: true;
  readonly yes?: true;
  readonly strict?: true;
  readonly json?: string;
  readonly writeParams?: string;
}

/** `skylink-agent doctor`: is everything set up so that this aircraft can be flown on vision? */
export function doctorCommand(): Command {
  return new Command("doctor")
    .summary("check autopilot, parameters, camera, pack, models and computer, and say what to set")
    .description(
      "Looks at everything that has to be right before a flight and says, line by line, what is wrong and what to do.\n" +
        "With --link or --config it reads the autopilot's parameters and names the values to set; --fix writes them.",
    )
    .option("--config <file>", "the agent's configuration: what it names is what is checked")
    .option("--link <url>", "the autopilot: serial:DEVICE:BAUD, udpin:HOST:PORT, udpout:HOST:PORT or tcp:HOST:PORT")
    .option("--pack <folder>", "the map: NAME.skypack")
    .option("--publisher <way>", "how the autopilot is fed; auto takes what this vehicle fuses", feedWord)
    .option("--source-set <n>", "ArduPilot: the source set that vision has (default 1 without GPS, else 2)", sourceSet)
    .option("--answers-timesync", "the agent answers the autopilot's TIMESYNC (answer_timesync = true)")
    .option("--only <areas>", `look only at these: ${AREAS.join(",")}`, areaList)
    .option(
      "--wait <s>",
      "how long to wait for the autopilot and for the camera, seconds",
      positiveNumber,
      DEFAULT_WAIT_S,
    )
    .option("--providers <list>", "where networks run, tried in this order: tensorrt,cuda,cpu", providerLadder)
    .option("--threads <n>", "threads for the networks", wholeNumber(1), Math.min(4, availableParallelism()))
    .option("--fix", "write wrong parameters to the autopilot, after a question; each is read back")
    .option("--yes", "with --fix: do not ask (for scripts)")
    .option("--strict", "warnings count as findings too")
    .option("--json <file>", "write what was found as JSON")
    .option("--write-params <folder>", "write the parameter file of every way of feeding, and end")
    .addHelpText(
      "after",
      [
        "",
        "Examples:",
        "  $ skylink-agent doctor --config /etc/skylink-agent/agent.toml",
        "  $ skylink-agent doctor --link serial:/dev/ttyTHS1:921600 --pack area.skypack --fix",
        "  $ skylink-agent doctor --only system,models",
        "",
        "Stop the agent first: two programs cannot share a serial port or a udpin port.",
        "Exit codes: 0 all good, 3 something has to be set right, 2 wrong input, 1 a fault of this program.",
      ].join("\n"),
    )
    .action(async (flags: DoctorFlags) => {
      await doctor(flags);
    });
}

async function doctor(flags: DoctorFlags): Promise<void> {
  if (flags.writeParams !== undefined) {
    mkdirSync(flags.writeParams, { recursive: true });
    for (const path of writeParameterFiles(flags.writeParams)) process.stdout.write(`${path}\n`);
    return;
  }
  if (flags.yes === true && flags.fix !== true)
    throw new UserError("--yes answers the question of --fix; give --fix too");
  if (flags.fix === true && flags.yes !== true && !process.stdin.isTTY) {
    throw new UserError("--fix asks before it writes, and there is no terminal to ask on; give --yes as well");
  }
  if (flags.json !== undefined) checkWritable(flags.json);
  const { publisher, ...others } = flags;
  const { plan, release } = planFrom({
    ...others,
    ...(publisher === undefined ? {} : { publisher: parseFeedChoice(publisher) }),
    areas: new Set(flags.only ?? AREAS),
    fix: flags.fix === true,
  });
  const lines = new ReportLines();
  try {
    const report = await runDoctor(plan, {
      check: (check) => process.stdout.write(lines.of(check)),
      confirm: async (fixes) => {
        process.stdout.write(fixList(fixes));
        if (flags.yes === true) return true;
        return askYes(`Write ${fixes.length} parameters to the autopilot?`, process.stdin, process.stderr);
      },
      fixed: (result) => process.stdout.write(fixLine(result)),
    });
    process.stdout.write(summary(report));
    if (flags.json !== undefined) writeFileAtomic(flags.json, reportJson(report));
    const warned = flags.strict === true && report.checks.some(({ verdict }) => verdict === "warning");
    if (!report.ok || warned) process.exitCode = EXIT_FINDINGS;
  } finally {
    release();
  }
}

function feedWord(text: string): string {
  return text.trim().replaceAll("-", "_").toLowerCase();
}

function sourceSet(text: string): number {
  const value = wholeNumber(1)(text);
  if (value > 3) throw new InvalidArgumentError("expected 1, 2 or 3.");
  return value;
}

function areaList(text: string): Area[] {
  return text.split(",").map((part) => {
    const name = part.trim();
    const known = AREAS.find((one) => one === name);
    if (known === undefined) throw new InvalidArgumentError(unknownWord("area", name, AREAS));
    return known;
  });
}
