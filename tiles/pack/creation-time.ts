import { UserError } from "../errors.js";
import type { LayerManifest } from "./manifest.js";

/**
 * The time written as `created`: SOURCE_DATE_EPOCH when it is set (reproducible-builds.org), otherwise the newest
 * imagery's date, otherwise 1970. Never the clock: the same map gives the same pack.
 */
export function creationTime(layers: readonly LayerManifest[]): string {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  if (epoch !== undefined && epoch !== "") {
    if (!/^\d{1,11}$/.test(epoch)) {
      throw new UserError(`SOURCE_DATE_EPOCH is "${epoch}": it must be a whole number of seconds since 1970`);
    }
    return new Date(Number(epoch) * 1000).toISOString().replace(".000Z", "Z");
  }
  const dates = layers.flatMap((layer) => (layer.imagery_date === null ? [] : [layer.imagery_date])).sort();
  return `${dates[dates.length - 1] ?? "1970-01-01"}T00:00:00Z`;
}
