import { join } from "node:path";
import { UserError } from "../../../tiles/errors.js";
import type { DatasetReader, TaskSource } from "../task.js";
import { checkRoot, contentsOf, isFolder } from "./folders.js";
import { findTwoViews, hasTwoViews, twoViewTasks } from "./two-views.js";

/** Flight heights above ground, metres. */
const HEIGHTS_M = [150, 200, 250, 300] as const;

/**
 * SUES-200 (Zhu et al., IEEE TCSVT 2023): ROOT/Testing/HEIGHT/{query_drone, gallery_satellite, query_satellite,
 * gallery_drone}/NNNN/*, HEIGHT one of 150, 200, 250, 300 metres, as script/split_datasets.py of
 * github.com/Reza-Zhu/SUES-200-Benchmark lays it out (its README moves Testing into Dataset/). Each height is a task of
 * its own in each direction; the galleries hold the 120 training places too.
 */
export const sues200: DatasetReader = {
  name: "sues-200",
  title: "SUES-200",
  takes: ["direction", "heights_m"],
  async read(root, options) {
    checkRoot(root);
    const testing = findTesting(root);
    const tasks: TaskSource[] = [];
    const leftOut: string[] = [];
    for (const height of options.heights_m ?? HEIGHTS_M) {
      if (!HEIGHTS_M.some((known) => known === height)) {
        throw new UserError(`--heights: SUES-200 has no height ${height}; it has ${HEIGHTS_M.join(", ")}`);
      }
      const folder = join(testing, String(height));
      if (!isFolder(folder)) {
        const present = HEIGHTS_M.filter((one) => isFolder(join(testing, String(one))));
        throw new UserError(
          `${folder}: no such folder; to evaluate what is there, give --heights ${present.join(",")}`,
        );
      }
      findTwoViews(testing, [String(height)], "SUES-200");
      // Nominal: the benchmark tells the height but not the camera; its drone looks at the place from the side.
      const view = { agl_m: height, footprint_m: height, off_nadir_deg: 45 };
      const here = twoViewTasks({ folder, prefix: `${height} m `, view }, options.direction);
      tasks.push(...here.tasks);
      leftOut.push(...here.leftOut);
    }
    return { tasks, leftOut, pooled: null };
  },
};

function findTesting(root: string): string {
  const heights = (folder: string): boolean => HEIGHTS_M.some((height) => isFolder(join(folder, String(height))));
  const found = [join(root, "Testing"), join(root, "Dataset", "Testing"), root].find(heights);
  if (found !== undefined) return found;
  if (isFolder(join(root, "satellite-view"))) {
    throw new UserError(
      `${root}: this is SUES-200 as downloaded, without its split; run its script/split_datasets.py, which makes Testing/150/query_drone and so on`,
    );
  }
  const hint = hasTwoViews(root) ? " (one height alone? then name the folder above it)" : "";
  throw new UserError(
    `${root}: not SUES-200: expected Testing/150/query_drone, …, Testing/300/gallery_drone below it; ${contentsOf(root)}${hint}`,
  );
}
