import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import sharp from "sharp";
import { readUnregistered } from "../../../bench/datasets/unregistered.js";

describe("unregistered pairs", () => {
  let data = "";
  const picture = async (width: number, height: number, ...path: string[]): Promise<void> => {
    const image = sharp({ create: { width, height, channels: 3, background: { r: 90, g: 120, b: 60 } } });
    await image.toFile(join(data, ...path));
  };

  before(async () => {
    data = mkdtempSync(join(tmpdir(), "skylink-unregistered-test-"));
    const rs = join("change_pairs", "starainj_rs");
    for (const folder of [
      "deepaerial_pairs",
      join(rs, "CrossSeason"),
      join(rs, "Optical_Optical"),
      join(rs, "DayNight"),
    ])
      mkdirSync(join(data, folder), { recursive: true });
    await picture(600, 500, "deepaerial_pairs", "03_src.jpg");
    await picture(500, 700, "deepaerial_pairs", "03_tgt.jpg");
    await picture(500, 500, "deepaerial_pairs", "isprs_src_1.jpg");
    await picture(500, 500, "deepaerial_pairs", "isprs_tgt_1.jpg");
    await picture(500, 500, "deepaerial_pairs", "07_src.jpg");
    await picture(508, 300, rs, "CrossSeason", "CS2a.png");
    await picture(508, 300, rs, "CrossSeason", "CS2b.png");
  });
  after(() => rmSync(data, { recursive: true }));

  it("puts two pictures of a place together, leaves out one without its other, and enlarges small ones", async () => {
    const pairs = await readUnregistered(data);
    assert.deepEqual(
      pairs.map(({ name, set, first, second }) => [name, set, first.width, first.height, second.width, second.height]),
      [
        ["deepaerial 03", "deepaerial", 600, 500, 500, 700],
        ["deepaerial isprs_1", "deepaerial", 500, 500, 500, 500],
        ["cross-season CS2", "cross-season", 1016, 600, 1016, 600],
      ],
    );
    assert.ok(pairs.every(({ heldOut }) => heldOut));
  });
});
