import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../models/runtime/paths.js";
import { UserError } from "../../tiles/errors.js";

/** What one says to a ground station's parameter file: NAME,VALUE (ArduPilot), or five columns with tabs (PX4). */
export function parseParameters(text: string, file: string): Record<string, number> {
  const out: Record<string, number> = {};
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const columns = line.split(/[\s,]+/);
    const [name = "", value = ""] = columns.length === 5 ? columns.slice(2) : columns;
    if (!/^[A-Z][A-Z0-9_]*$/.test(name) || value === "" || !Number.isFinite(Number(value))) {
      throw new UserError(
        `${file}:${index + 1}: "${line}" is neither NAME,VALUE nor a line of QGroundControl's format`,
      );
    }
    out[name] = Number(value);
  }
  return out;
}

/** The parameters of a file in docs/params. */
export function shippedParameters(file: string): Record<string, number> {
  const path = join(packageRoot(), "docs", "params", file);
  return parseParameters(readFileSync(path, "utf8"), path);
}
