import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What an engine depends on, as far as the computer tells without a library of NVIDIA's. Unknown is null. */
export interface Machine {
  /** The GPU's name; on a Jetson the board's. */
  readonly gpu: string | null;
  /** Version of the driver; on a Jetson of L4T. */
  readonly driver: string | null;
  readonly tensorrt: string | null;
}

const LIBRARY_FOLDERS = ["/usr/lib/aarch64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/usr/local/lib", "/usr/lib"];

/**
 * Reads what the kernel and the file system tell: `/proc/driver/nvidia`, the device tree of a Jetson, `nv_tegra_release`,
 * and the version in the name of TensorRT's library.
 *
 * @param root folder that stands for `/`
 */
export function thisMachine(root = "/"): Machine {
  const card = folder(join(root, "proc/driver/nvidia/gpus"))
    .map((id) => text(join(root, "proc/driver/nvidia/gpus", id, "information")))
    .map((lines) => /^Model:\s*(.+)$/m.exec(lines)?.[1]?.trim())
    .find((model) => model !== undefined);
  const board = text(join(root, "proc/device-tree/model")).replaceAll("\0", "").trim();
  const version = /Kernel Module\s+(?:for \S+\s+)?(\d[\d.]+)/.exec(text(join(root, "proc/driver/nvidia/version")))?.[1];
  const l4t = text(join(root, "etc/nv_tegra_release")).split("\n")[0]?.trim();
  return {
    gpu: card ?? (board.includes("NVIDIA") ? board : null),
    driver: l4t === undefined || l4t === "" ? (version ?? null) : l4t,
    tensorrt: LIBRARY_FOLDERS.flatMap((path) => versionsIn(join(root, path)))[0] ?? null,
  };
}

function versionsIn(path: string): string[] {
  return folder(path).flatMap((name) => /^libnvinfer\.so\.(\d+\.\d+[\d.]*)$/.exec(name)?.[1] ?? []);
}

function folder(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
