#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { z } from "zod";
import { packageRoot } from "../models/runtime/paths.js";
import { outliveReaders } from "../tiles/closed-pipe.js";
import { errorMessage, UserError } from "../tiles/errors.js";
import { demoCommand } from "./commands/demo.js";
import { doctorCommand } from "./commands/doctor.js";
import { evalCommand } from "./commands/eval.js";
import { replayCommand } from "./commands/replay.js";
import { runCommand } from "./commands/run.js";
import { warmupCommand } from "./commands/warmup.js";

/** Wrong input, by the user's hand. */
const EXIT_USER = 2;
/** A fault of this program. */
const EXIT_FAULT = 1;

function program(): Command {
  const { version } = z
    .looseObject({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")));
  const root = new Command("skylink-agent")
    .description(
      "Finds a drone without GPS on an on-board map and gives the autopilot positions with honest uncertainty.",
    )
    .version(version, "-V, --version", "print the version")
    .showHelpAfterError("(--help shows the usage)");
  for (const command of [runCommand(), replayCommand(), demoCommand(), doctorCommand(), evalCommand(), warmupCommand()])
    root.addCommand(command.copyInheritedSettings(root));
  // Errors of usage are thrown instead of ending the process with commander's own exit code 1.
  for (const command of [root, ...root.commands]) command.exitOverride();
  return root;
}

outliveReaders();
try {
  await program().parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) {
    // commander has printed its message; help and version are no errors.
    process.exitCode = thrown.exitCode === 0 ? 0 : EXIT_USER;
  } else if (thrown instanceof UserError) {
    process.stderr.write(`error: ${errorMessage(thrown)}\n`);
    process.exitCode = EXIT_USER;
  } else {
    process.stderr.write(
      `error: internal fault: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`,
    );
    process.exitCode = EXIT_FAULT;
  }
}
