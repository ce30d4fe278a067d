import { join } from "node:path";
import { UserError } from "../../../tiles/errors.js";
import { DIRECTIONS, type Direction, type EvalTask, type Positions, type TaskSource, type ViewFacts } from "../task.js";
import { contentsOf, isFolder, type LabelledImage, placeFolders } from "./folders.js";

/** The label of images that count neither as right nor as wrong. */
const JUNK = -1;

/** The folders of each direction: queries, gallery. */
const FOLDERS: Readonly<Record<Direction, readonly [query: string, gallery: string]>> = {
  "drone-to-satellite": ["query_drone", "gallery_satellite"],
  "satellite-to-drone": ["query_satellite", "gallery_drone"],
};

const TITLES: Readonly<Record<Direction, string>> = {
  "drone-to-satellite": "drone → satellite",
  "satellite-to-drone": "satellite → drone",
};

/** A folder with query_drone, gallery_satellite, query_satellite, gallery_drone, one folder for each place in each. */
export interface TwoViews {
  readonly folder: string;
  /** What the tasks' names begin with, such as "150 m ". */
  readonly prefix: string;
  readonly view: ViewFacts;
  /** Makes positions from the images, for benchmarks that have them. */
  readonly positions?: (queries: readonly LabelledImage[], gallery: readonly LabelledImage[]) => Positions;
}

/** True when the folder looks like such a one at all. */
export function hasTwoViews(folder: string): boolean {
  return Object.values(FOLDERS).some((pair) => pair.some((name) => isFolder(join(folder, name))));
}

/**
 * The first of the folders that has the layout.
 *
 * @throws UserError that says which folders were expected where
 */
export function findTwoViews(root: string, below: readonly string[], title: string): string {
  const found = below.map((part) => join(root, part)).find(hasTwoViews);
  if (found !== undefined) return found;
  const folders = Object.values(FOLDERS).flat();
  const first = join(below[0] ?? "", folders[0] ?? "");
  const hint = hasTwoViews(root)
    ? "; this is its folder with the views: name the one above it"
    : `; ${contentsOf(root)}`;
  throw new UserError(`${root}: not ${title}: expected ${first}, ${folders.slice(1).join(", ")} below it${hint}`);
}

/**
 * The tasks of both directions, or of the one that is asked for. Without a wish, a direction is left out when one of
 * its folders is missing.
 *
 * @throws UserError when a folder of the wanted direction is missing, or no direction is complete
 */
export function twoViewTasks(
  views: TwoViews,
  wanted: Direction | undefined,
): { tasks: TaskSource[]; leftOut: string[] } {
  const tasks: TaskSource[] = [];
  const leftOut: string[] = [];
  for (const direction of wanted === undefined ? DIRECTIONS : [wanted]) {
    const folders = FOLDERS[direction].map((name) => join(views.folder, name));
    const missing = folders.filter((folder) => !isFolder(folder));
    const name = `${views.prefix}${TITLES[direction]}`;
    if (missing.length > 0) {
      leftOut.push(`${name}: no folder ${missing.join(" and ")}`);
      continue;
    }
    const [queries, gallery] = folders.map(placeFolders);
    const task = labelledTask(queries ?? [], gallery ?? [], views);
    tasks.push({ name, open: async () => ({ task, close: () => {} }) });
  }
  if (tasks.length === 0) throw new UserError(`nothing to evaluate: ${leftOut.join("; ")}`);
  return { tasks, leftOut };
}

/** Queries and gallery belong together by the number of their place. */
function labelledTask(
  queries: readonly LabelledImage[],
  gallery: readonly LabelledImage[],
  { view, positions }: TwoViews,
): EvalTask {
  const byLabel = new Map<number, number[]>();
  const junk = new Set<number>();
  gallery.forEach(({ label }, index) => {
    if (label === JUNK) junk.add(index);
    else byLabel.set(label, [...(byLabel.get(label) ?? []), index]);
  });
  return {
    queries: queries.map(({ path, label }) => ({ path, view, positives: byLabel.get(label) ?? [] })),
    gallery,
    junk,
    precision: "trapezoid",
    positions: positions?.(queries, gallery) ?? null,
  };
}
