import { Command } from "commander";
import type { LoadedConfig } from "../config/load.js";
import { type DaemonLog, openLog } from "../daemon/log.js";
import { systemdNotifier } from "../daemon/notify.js";

interface RunFlags {
  readonly config: string;
  readonly check?: true;
}

const DEFAULT_CONFIG = "/etc/skylink-agent/agent.toml";
/** A stop takes two seconds at most; what has not ended by then is ended with the process. */
const STOP_MS = 1600;
const EXIT_FAULT = 1;

/** `skylink-agent run`: the daemon. */
export function runCommand(): Command {
  return new Command("run")
    .summary("fly: take frames from the camera and give positions to the autopilot")
    .description(
      "Runs until it is told to end (SIGTERM, SIGINT). Camera, links and everything else stand in the configuration file;\n" +
        "systemd/agent.toml has every key. What breaks in flight is started again; what is wrong in the configuration ends\n" +
        "the command at once.",
    )
    .option("--config <file>", "the configuration", DEFAULT_CONFIG)
    .option("--check", "check the configuration, pack and models, say what would be done, and end")
    .addHelpText(
      "after",
      [
        "",
        "Examples:",
        "  $ skylink-agent run --config agent.toml --check",
        "  $ skylink-agent run --config agent.toml",
        "",
        "Exit codes: 0 ended as told, 2 wrong configuration (the message says what and where), 1 a fault of this program.",
      ].join("\n"),
    )
    .action(async (flags: RunFlags) => {
      // Loaded only when asked for: MAVLink's catalogue is large.
      const { loadConfig } = await import("../config/load.js");
      const loaded = loadConfig(flags.config);
      if (flags.check === true) {
        const { checkConfig } = await import("../daemon/check.js");
        process.stdout.write(await checkConfig(loaded));
        return;
      }
      await run(loaded);
      // Whatever still holds the process (native code in a worker) must not hold it longer.
      process.exit();
    });
}

async function run(loaded: LoadedConfig): Promise<void> {
  const { assembleDaemon } = await import("../daemon/assemble.js");
  const { log_level: level, log_format: format } = loaded.config.agent;
  const log = openLog({ level, format });
  const notifier = systemdNotifier({ env: process.env, pid: process.pid, log: (line) => log.warn(line) });
  const told = untilTold(log);
  const daemon = await assembleDaemon(loaded, log, notifier);
  const started = daemon.start();
  // When the end is told before it has started, nobody waits for it any more.
  started.catch(() => undefined);
  try {
    await Promise.race([started, told]);
    await told;
  } finally {
    // What is still being opened is waited for as well: no thread may be ended inside of native code.
    const ended = Promise.allSettled([daemon.stop(), started]).then(() => true);
    if (!(await Promise.race([ended, later(STOP_MS)]))) {
      log.warn("not everything has ended in time");
      // A thread inside of onnxruntime makes an orderly exit an abort, with a core dump.
      process.kill(process.pid, "SIGKILL");
    }
  }
}

function later(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, false as const).unref();
  });
}

/** Resolves when the process is told to end; a second time it ends at once. */
function untilTold(log: DaemonLog): Promise<void> {
  process.on("uncaughtException", (thrown) => {
    log.error({ error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) }, "internal fault");
    process.exit(EXIT_FAULT);
  });
  return new Promise((resolve) => {
    let times = 0;
    const told = (signal: NodeJS.Signals): void => {
      times++;
      log.info({ signal }, "told to end");
      if (times > 1) process.exit(EXIT_FAULT);
      resolve();
    };
    process.on("SIGTERM", told);
    process.on("SIGINT", told);
  });
}
