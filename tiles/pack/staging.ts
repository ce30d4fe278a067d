import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.js";
import { diskError, syncFile, syncFolder } from "../files.js";
import { PACK_FILES } from "./manifest.js";

const OWNER_FILE = ".owner.json";
const Owner = z.object({ pid: z.int(), host: z.string(), started: z.string() });
type Owner = z.infer<typeof Owner>;
/** A folder of another machine on a shared disk counts as abandoned when it is this old. */
const ABANDONED_MS = 24 * 3600 * 1000;

/**
 * A folder that is filled beside its target and takes the target's name when it is whole.
 *
 * The folder is `.NAME.tmp-PID`; a pack that is being replaced is `.NAME.old-PID` for the moment of the exchange. What
 * a killed process left of either is put right when the same target is written again.
 */
export class Staging {
  private constructor(
    readonly target: string,
    readonly folder: string,
    private readonly overwrite: boolean,
  ) {}

  /**
   * Makes the empty folder.
   * @throws UserError when the target exists (unless it is a pack and `overwrite`), when another live process is
   *   writing it, or when the folder cannot be made
   */
  static begin(path: string, overwrite: boolean): Staging {
    const target = resolve(path);
    const parent = dirname(target);
    if (!existsSync(parent)) throw new UserError(`the folder ${parent} does not exist: make it first`);
    try {
      tidy(target);
      checkTarget(target, overwrite);
      const folder = join(parent, `.${basename(target)}.tmp-${process.pid}`);
      mkdirSync(folder);
      writeFileSync(join(folder, OWNER_FILE), JSON.stringify(thisProcess()));
      return new Staging(target, folder, overwrite);
    } catch (thrown) {
      throw diskError(thrown, target);
    }
  }

  /** Path of a file in the folder. */
  file(name: string): string {
    return join(this.folder, name);
  }

  /** Makes the folder durable and gives it the target's name. */
  publish(): void {
    rmSync(this.file(OWNER_FILE), { force: true });
    for (const name of readdirSync(this.folder)) syncFile(this.file(name));
    syncFolder(this.folder);
    checkTarget(this.target, this.overwrite);
    const parent = dirname(this.target);
    if (existsSync(this.target)) {
      const old = join(parent, `.${basename(this.target)}.old-${process.pid}`);
      renameSync(this.target, old);
      try {
        renameSync(this.folder, this.target);
      } catch (thrown) {
        renameSync(old, this.target);
        throw thrown;
      }
      syncFolder(parent);
      rmSync(old, { recursive: true, force: true });
    } else {
      renameSync(this.folder, this.target);
    }
    syncFolder(parent);
  }

  /** Removes the folder and all in it. */
  abandon(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function checkTarget(target: string, overwrite: boolean): void {
  if (!existsSync(target)) return;
  if (!overwrite) throw new UserError(`${target} exists already: choose another name, or ask to overwrite it`);
  if (!existsSync(join(target, PACK_FILES.manifest))) {
    throw new UserError(`${target} exists and is not a pack (it has no ${PACK_FILES.manifest}): it is not overwritten`);
  }
}

/** Removes what dead processes left beside a target, and brings back a pack that lost its name in an exchange. */
function tidy(target: string): void {
  const parent = dirname(target);
  const prefix = `.${basename(target)}.`;
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(prefix)) continue;
    const match = /^(tmp|old)-(\d+)$/.exec(name.slice(prefix.length));
    if (match === null) continue;
    const path = join(parent, name);
    const pid = Number(match[2]);
    if (match[1] === "old") {
      if (!existsSync(target)) renameSync(path, target);
      else if (pid === process.pid || !isRunning(pid)) rmSync(path, { recursive: true, force: true });
    } else if (isAbandoned(path, pid)) {
      rmSync(path, { recursive: true, force: true });
    } else {
      throw new UserError(`process ${pid} is writing ${target} (in ${path}): wait for it, or remove that folder`);
    }
  }
}

function isAbandoned(folder: string, pid: number): boolean {
  const owner = readOwner(join(folder, OWNER_FILE));
  // A process of ours writes its name right after making the folder; without one the writer died in between.
  if (owner === undefined) return pid === process.pid || !isRunning(pid);
  const self = thisProcess();
  if (owner.host !== self.host) return Date.now() - newestChange_ms(folder) > ABANDONED_MS;
  // A number can be given to a new process after the old one died: the moment of its start tells them apart.
  return !isRunning(owner.pid) || startOf(owner.pid) !== owner.started;
}

function newestChange_ms(folder: string): number {
  const times = readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs);
  return Math.max(statSync(folder).mtimeMs, ...times);
}

function readOwner(path: string): Owner | undefined {
  try {
    return Owner.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

function thisProcess(): Owner {
  return { pid: process.pid, host: hostname(), started: startOf(process.pid) };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process started, as a text that no other process with its number has; empty where the system has no /proc. */
function startOf(pid: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's name in brackets and can hold spaces; the start is the 22nd of all.
    return `${boot} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return "";
  }
}
