import type { PictureFix } from "./picture.js";

/** The published positions in the table that `replay --frames-csv` writes. */
export function publishedFixes(csv: string): PictureFix[] {
  const [head = "", ...lines] = csv.trim().split("\n");
  const names = head.split(",");
  return lines.flatMap((line) => {
    const fields = line.split(",");
    const text = (name: string): string => fields[names.indexOf(name)] ?? "";
    if (text("published") !== "1") return [];
    return [{ lat_deg: Number(text("lat_deg")), lon_deg: Number(text("lon_deg")), eph_m: Number(text("eph_m")) }];
  });
}
