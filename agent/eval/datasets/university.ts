import type { DatasetReader } from "../task.js";
import { checkRoot } from "./folders.js";
import { findTwoViews, twoViewTasks } from "./two-views.js";

/**
 * University-1652 (Zheng, Wei and Yang, ACM MM 2020): ROOT/test/{query_drone, gallery_satellite, query_satellite,
 * gallery_drone}/NNNN/*, one folder for each building (README.md of github.com/layumi/University1652-Baseline).
 * Drone → satellite: one true image a query; satellite → drone: all drone views of the building are true.
 *
 * The drone views come from simulated flights that spiral from 256 m down to 121.5 m around the building and look at it
 * from the side; heights of single images are not told, so the prompt gets the middle.
 */
export const university1652: DatasetReader = {
  name: "university-1652",
  title: "University-1652",
  takes: ["direction"],
  async read(root, options) {
    checkRoot(root);
    const folder = findTwoViews(root, ["test", "."], "University-1652");
    const view = { agl_m: 189, footprint_m: 189, off_nadir_deg: 45 };
    return { ...twoViewTasks({ folder, prefix: "", view }, options.direction), pooled: null };
  },
};
