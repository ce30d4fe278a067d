import { type FrameResult, type Match, type NoFixReason, STAGES, type Stage } from "./result.js";

/** Collects what one frame gives while it goes through the stages. */
export class FrameRun {
  level: FrameResult["level"] = null;
  patch_offset: FrameResult["patch_offset"] = null;
  tilt: NonNullable<FrameResult["tilt"]> | null = null;
  sightings: FrameResult["sightings"] = [];
  cells = 0;
  retrieved: FrameResult["retrieved"] = [];
  ranked: FrameResult["ranked"] = [];
  measures: FrameResult["measures"] = null;
  best: Match | null = null;
  near: Match | null = null;
  private readonly start = performance.now();
  private readonly stage_ms: Record<Stage, number>;

  constructor(private readonly t_us: number) {
    this.stage_ms = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>;
  }

  async time<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.stage_ms[stage] = performance.now() - start;
    }
  }

  refuse(reason: NoFixReason): FrameResult {
    return this.end(reason);
  }

  end(reason: NoFixReason | null): FrameResult {
    this.stage_ms.total = performance.now() - this.start;
    return {
      t_us: this.t_us,
      fix: reason === null ? (this.best?.estimate ?? null) : null,
      reason,
      estimate: this.best?.estimate ?? null,
      level: this.level,
      patch_offset: this.patch_offset,
      ...(this.tilt === null ? {} : { tilt: this.tilt }),
      sightings: this.sightings,
      cells: this.cells,
      retrieved: this.retrieved,
      ranked: this.ranked,
      measures: this.measures,
      heading_correction_deg: this.best?.heading_correction_deg ?? null,
      scale: this.best?.scale ?? null,
      spread: this.best?.spread ?? null,
      near: this.near,
      stage_ms: this.stage_ms,
    };
  }
}
