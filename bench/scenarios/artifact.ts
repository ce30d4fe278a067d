import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * A map, a pack or a flight folder that scenarios need: what decides its content, what it is made from, and how. The
 * same recipe over the same needs gives the same content, so one that lies in the work folder already is not made again.
 */
export interface Artifact {
  /** for people and for the file's name: small letters, digits, hyphens */
  readonly name: string;
  /** how the file's name ends: ".tif", ".skypack", or nothing for a flight folder */
  readonly suffix: string;
  /** everything that decides the content besides the needs: data that JSON can write */
  readonly recipe: unknown;
  readonly needs: readonly Artifact[];
  /** Writes the file or folder `out`; `at` says where the needs lie. */
  build(out: string, at: (need: Artifact) => string): Promise<void>;
}

/** Raised when code that makes artifacts changes what it makes: older ones in a work folder are then made again. */
const EDITION = 1;

/** The name of the artifact in a work folder. Another recipe, or another recipe of a need, gives another name. */
export function artifactId(artifact: Artifact): string {
  const what = JSON.stringify([EDITION, artifact.recipe, artifact.needs.map(artifactId)]);
  return `${artifact.name}-${createHash("sha256").update(what).digest("hex").slice(0, 10)}${artifact.suffix}`;
}

/** The artifacts and all that they need, each once, needs before what they are needed for. */
export function inOrder(artifacts: readonly Artifact[]): Artifact[] {
  const known = new Map<string, Artifact>();
  const visit = (artifact: Artifact): void => {
    const id = artifactId(artifact);
    if (known.has(id)) return;
    for (const need of artifact.needs) visit(need);
    known.set(id, artifact);
  };
  for (const artifact of artifacts) visit(artifact);
  return [...known.values()];
}

/** A folder of artifacts. */
export class Workshop {
  constructor(readonly dir: string) {
    mkdirSync(dir, { recursive: true });
  }

  pathOf(artifact: Artifact): string {
    return join(this.dir, artifactId(artifact));
  }

  has(artifact: Artifact): boolean {
    return existsSync(this.pathOf(artifact));
  }

  /** Makes an artifact whose needs are there already, unless it is there itself. It exists whole or not at all. */
  async make(artifact: Artifact): Promise<void> {
    if (this.has(artifact)) return;
    const staging = join(this.dir, `.new-${process.pid}-${artifactId(artifact)}`);
    rmSync(staging, { recursive: true, force: true });
    try {
      await artifact.build(staging, (need) => this.pathOf(need));
      renameSync(staging, this.pathOf(artifact));
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  }
}
