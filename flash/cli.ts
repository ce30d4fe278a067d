#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { outliveReaders } from "../tiles/closed-pipe.js";
import { errorMessage, UserError } from "../tiles/errors.js";
import { packageVersion } from "./pack/build.js";
import { inspectCommand } from "./verbs/inspect.js";
import { Interrupted, packCommand } from "./verbs/pack.js";
import { verifyCommand } from "./verbs/verify.js";

/** Exit codes: 0 done, 1 a fault of ours, 2 something the user can mend, 128 + n stopped by signal n. */
const FAULT = 1;
const USER = 2;
const SIGNALS: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 2, SIGTERM: 15 };

function program(): Command {
  const root = new Command("flash")
    .description("Make, look at and check mission packs: maps that an aircraft finds itself on.")
    .version(packageVersion())
    .showHelpAfterError("(--help tells the options)");
  for (const verb of [packCommand(), inspectCommand(), verifyCommand()]) {
    verb.copyInheritedSettings(root);
    root.addCommand(verb);
  }
  for (const command of [root, ...root.commands]) command.exitOverride();
  return root;
}

async function main(): Promise<void> {
  try {
    await program().parseAsync();
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      // commander has printed its message already.
      process.exitCode = thrown.exitCode === 0 ? 0 : USER;
    } else if (thrown instanceof UserError) {
      process.stderr.write(`error: ${errorMessage(thrown)}\n`);
      process.exitCode = thrown instanceof Interrupted ? 128 + (SIGNALS[thrown.signal] ?? 0) : USER;
    } else {
      process.stderr.write(`fault: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`);
      process.exitCode = FAULT;
    }
  }
}

outliveReaders();
await main();
