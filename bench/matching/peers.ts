import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** One right or wrong pair for the peers; file names are relative to the job's folder. */
export interface PeerPair {
  readonly id: string;
  readonly query: string;
  readonly mask: string;
  readonly window: string;
  readonly heading_sigma_deg: number;
  readonly scale_sigma: number;
}

/** What the peers are asked. */
export interface PeerJob {
  readonly pairs: readonly PeerPair[];
  /** Queries to be looked for on a whole map. */
  readonly map: {
    readonly image: string;
    readonly queries: readonly { readonly id: string; readonly query: string; readonly mask: string }[];
  } | null;
}

const matchLine = z.object({
  kind: z.enum(["pair", "map"]),
  id: z.string(),
  method: z.string(),
  x: z.number().nullable(),
  y: z.number().nullable(),
  score: z.number(),
  cpu_ms: z.number(),
  map_cpu_ms: z.number(),
});

/** What a peer found: where the query's centre falls (pixel centres are whole numbers), null without a fit. */
export type PeerMatch = z.infer<typeof matchLine>;

/** Why the peers cannot run with a Python, or null when they can. */
export function peersMissing(python: string | undefined): string | null {
  if (python === undefined) return "no --python PATH given";
  const code = "import cv2, numpy; cv2.SIFT_create, cv2.ORB_create, cv2.AKAZE_create";
  const tried = spawnSync(python, ["-c", code], { encoding: "utf8" });
  if (tried.error !== undefined) return `${python} cannot be run (${tried.error.message})`;
  if (tried.status === 0) return null;
  return `${python} lacks a package (${tried.stderr.trim().split("\n").at(-1) ?? ""}); pip install -r bench/peers/requirements.txt`;
}

/**
 * Runs the peers over a job whose pictures lie in the folder.
 * @throws Error with the end of what Python said when it fails
 */
export function runPeers(python: string, folder: string, job: PeerJob): PeerMatch[] {
  writeFileSync(join(folder, "job.json"), JSON.stringify(job));
  const done = spawnSync(python, [peerScript("match.py"), folder], { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (done.status !== 0) throw new Error(`match.py: exit ${done.status}: ${done.stderr.slice(-1000)}`);
  return done.stdout
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => matchLine.parse(JSON.parse(line)));
}

/** A file of bench/peers, which is run from the sources: the build folder lies in the repository's root. */
export function peerScript(name: string): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return join(here, "..", "..", "..", "bench", "peers", name);
}
