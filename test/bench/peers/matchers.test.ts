import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { cutView, type Raster, seeded } from "../../../bench/datasets/raster.js";
import { type PeerMatch, peersMissing, runPeers } from "../../../bench/matching/peers.js";
import { writeMask, writePng } from "../../../bench/matching/windows.js";

const python = process.env.SKYLINK_PEERS_PYTHON ?? "python3";
const missing = peersMissing(python);

/** Blobs of all sizes: something to find for every detector. */
function texture(side: number): Raster {
  const random = seeded(11);
  const blobs = Array.from({ length: 900 }, () => ({
    x: random() * side,
    y: random() * side,
    r: 2 + random() * 9,
    v: random() * 120 - 60,
  }));
  const grey = new Float32Array(side * side).fill(128);
  for (const { x, y, r, v } of blobs) {
    for (let j = Math.max(0, Math.floor(y - r)); j < Math.min(side, y + r); j++) {
      for (let i = Math.max(0, Math.floor(x - r)); i < Math.min(side, x + r); i++) {
        if (Math.hypot(i - x, j - y) < r) grey[j * side + i] = (grey[j * side + i] ?? 0) + v;
      }
    }
  }
  const data = new Uint8Array(side * side * 3);
  for (const [i, value] of grey.entries()) {
    data.fill(Math.max(0, Math.min(255, Math.round(value))), i * 3, i * 3 + 3);
  }
  return { width: side, height: side, data };
}

describe("peers, on a query cut from its own window", { skip: missing ?? false }, () => {
  test("each finds the query's centre to half a pixel, turned by 6 degrees", async () => {
    const folder = mkdtempSync(join(tmpdir(), "skylink-peers-"));
    try {
      const window = texture(288);
      // As rectified with a heading that is 6 degrees too small.
      const view = { x: 150, y: 137, heading_deg: 6, step: 1, width: 224, height: 224 };
      await writePng(join(folder, "w.png"), window);
      await writePng(join(folder, "q.png"), cutView(window, view));
      await writeMask(join(folder, "m.png"), new Uint8Array(224 * 224).fill(1), 224);
      const pair = { id: "a", query: "q.png", mask: "m.png", window: "w.png", heading_sigma_deg: 5, scale_sigma: 0.03 };
      const queries = [{ id: "b", query: "q.png", mask: "m.png" }];
      const matches = runPeers(python, folder, { pairs: [pair], map: { image: "w.png", queries } });
      assert.deepEqual(
        matches.filter(({ kind }) => kind === "pair").map(({ method }) => method),
        [
          "sift similarity",
          "sift homography",
          "orb similarity",
          "orb homography",
          "akaze similarity",
          "akaze homography",
          "gradient-orientation",
        ],
      );
      // Pixel centres are whole numbers in the answers: 150, 137 is 149.5, 136.5 there.
      const off = ({ x, y }: PeerMatch): number => Math.hypot((x ?? 1e9) - 149.5, (y ?? 1e9) - 136.5);
      for (const match of matches) {
        assert.ok(off(match) < 0.5, `${match.kind} ${match.method}: ${match.x}, ${match.y}`);
        assert.ok(match.cpu_ms > 0);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("its Python parts: steps cover the reach, a blank picture gives no fit", () => {
    const code = [
      "import numpy as np",
      "from matchers import LocalFeatures, steps",
      "assert steps(10, 2.5) == [-10, -7.5, -5, -2.5, 0, 2.5, 5, 7.5, 10], steps(10, 2.5)",
      "assert steps(0, 2.5) == [0]",
      "blank = np.zeros((224, 224), np.uint8)",
      "for kind in ('sift', 'orb', 'akaze'):",
      "    m = LocalFeatures(kind, 'similarity')",
      "    f = m.features(blank)",
      "    assert m.match(f, f, (111.5, 111.5)).x is None, kind",
    ].join("\n");
    const done = spawnSync(python, ["-c", code], { encoding: "utf8", cwd: "bench/peers" });
    assert.equal(done.status, 0, done.stderr);
  });
});
