import { join } from "node:path";
import { DEFAULT_VISION_CONFIG } from "../../agent/vision/config.js";
import { isReported } from "../../agent/vision/encode/hypotheses.js";
import { VisionPipeline } from "../../agent/vision/pipeline.js";
import { lonLatToOffset } from "../../tiles/geodesy/wgs84.js";
import type { LevelGrid } from "../../tiles/pack/level-grid.js";
import { cpu_ms, type FrameEncoder } from "./encode.js";
import { runPeers } from "./peers.js";
import type { Registered } from "./registration-run.js";
import { OURS } from "./registration-run.js";
import type { Scene, Shot } from "./scenes.js";
import { type MapPictures, writeMask, writePng } from "./windows.js";

/**
 * Every shot searched on the whole map, from nothing: by our pipeline (retrieve, re-rank, register, accept) and by local
 * features matched against those of the whole map. Strangers are frames over ground that the map does not show.
 */
export async function searchWholeMap(
  scene: Scene,
  shots: readonly Shot[],
  strangers: readonly Shot[],
  settingName: string,
  tools: {
    frames: FrameEncoder;
    pictures: MapPictures;
    python: string | null;
    folder: string;
    models: { encoder: string; reranker: string; registrar: string };
  },
): Promise<Registered[]> {
  const { pack } = scene;
  const all = [...shots.map((shot) => ({ shot, right: true })), ...strangers.map((shot) => ({ shot, right: false }))];
  const [first] = all;
  if (first === undefined) return [];
  const out: Registered[] = [];
  const answer = (
    shot: Shot,
    right: boolean,
    error_m: number | null,
    rest: Pick<Registered, "method" | "score" | "accepted" | "cpu_ms" | "map_cpu_ms">,
  ): void => {
    const error_px = error_m === null ? null : error_m / pack.level(0).gsd_m;
    out.push({
      scene: scene.name,
      setting: settingName,
      shot: shot.id,
      seen: shot.seen,
      right,
      error_m,
      error_px,
      eph_m: null,
      ...rest,
    });
  };
  const pipeline = await VisionPipeline.open({
    pack: pack.dir,
    rig: first.shot.rig,
    ...tools.models,
    config: DEFAULT_VISION_CONFIG,
    threads: 1,
  });
  try {
    for (const { shot, right } of all) {
      const started = cpu_ms();
      const result = await pipeline.localise(shot.frame);
      const spent = cpu_ms() - started;
      const { estimate } = result;
      const error_m = estimate === null || !right ? null : distance(shot, estimate);
      const score = estimate?.quality ?? 0;
      const accepted = estimate !== null && result.reason === null;
      answer(shot, right, error_m, { method: OURS, score, accepted, cpu_ms: spent, map_cpu_ms: null });
    }
  } finally {
    await pipeline.close();
  }
  if (tools.python === null) return out;

  const queries = [];
  const asked = new Map<string, { shot: Shot; right: boolean }>();
  let grid: LevelGrid | null = null;
  for (const { shot, right } of all) {
    const { plan, rectified, encoded } = await tools.frames.encode({ ...shot.frame, yaw_sigma_deg: 0 }, shot.rig, pack);
    grid ??= pack.level(plan.level);
    const [query, mask] = [`${shot.id}-whole.png`, `${shot.id}-whole-mask.png`];
    const { side_px } = rectified;
    const at = encoded.hypotheses.findIndex(isReported) * side_px * side_px;
    await writePng(join(tools.folder, query), {
      width: side_px,
      height: side_px,
      data: rectified.rgb.subarray(at * 3, (at + side_px * side_px) * 3),
    });
    await writeMask(join(tools.folder, mask), rectified.valid.subarray(at, at + side_px * side_px), side_px);
    queries.push({ id: shot.id, query, mask });
    asked.set(shot.id, { shot, right });
  }
  await writePng(join(tools.folder, "whole.png"), await tools.pictures.whole());
  for (const match of runPeers(tools.python, tools.folder, { pairs: [], map: { image: "whole.png", queries } })) {
    const question = asked.get(match.id);
    if (question === undefined || grid === null) continue;
    const place = match.x === null || match.y === null ? null : grid.pxToLonLat(match.x + 0.5, match.y + 0.5);
    const error_m = place === null || !question.right ? null : distance(question.shot, place);
    const { method, cpu_ms: spent, map_cpu_ms } = match;
    const score = place === null ? 0 : match.score;
    answer(question.shot, question.right, error_m, { method, score, accepted: null, cpu_ms: spent, map_cpu_ms });
  }
  return out;
}

function distance({ truth }: Shot, place: { readonly lat_deg: number; readonly lon_deg: number }): number {
  const { north_m, east_m } = lonLatToOffset(truth, place);
  return Math.hypot(north_m, east_m);
}
