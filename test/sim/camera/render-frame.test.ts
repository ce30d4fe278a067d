import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { GroundImage, GroundWindow, ImagerySource } from "../../../sim/camera/imagery.js";
import { mercatorImagery, worldImagery } from "../../../sim/camera/imagery.js";
import { rayTable } from "../../../sim/camera/lens.js";
import { PERFECT_SENSOR } from "../../../sim/camera/photometry.js";
import { type CameraModel, type CameraPose, type Frame, renderFrame } from "../../../sim/camera/render-frame.js";
import { makeEpoch } from "../../../sim/world/epoch.js";
import { World } from "../../../sim/world/world.js";
import { lonLatToMercator, mercatorToLonLat, offsetToLonLat } from "../../../tiles/geodesy/index.js";
import { GroundView } from "../../../tiles/geometry/ground.js";
import { type Intrinsics, intrinsicsFromHfov, pixelToRay } from "../../../tiles/geometry/intrinsics.js";

const LEVEL = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };
const reference = { lat_deg: 48, lon_deg: 11 };

interface Post {
  readonly north_m: number;
  readonly east_m: number;
  readonly half_m: number;
  readonly height_m: number;
}

/** Black ground with white squares, which may stand up. */
function posts(list: readonly Post[], tallest_m = 0): ImagerySource {
  return {
    reference,
    tallest_m,
    async window(w: GroundWindow): Promise<GroundImage> {
      const rgb = new Uint8Array(w.width_px * w.height_px * 3);
      const height_m = new Float32Array(w.width_px * w.height_px);
      for (let row = 0; row < w.height_px; row++) {
        for (let col = 0; col < w.width_px; col++) {
          const north = w.north_m - (row + 0.5) * w.gsd_m;
          const east = w.east_m + (col + 0.5) * w.gsd_m;
          for (const p of list) {
            const share = overlap(north - p.north_m, p.half_m, w.gsd_m) * overlap(east - p.east_m, p.half_m, w.gsd_m);
            if (share <= 0) continue;
            rgb.fill(255 * share, (row * w.width_px + col) * 3, (row * w.width_px + col) * 3 + 3);
            if (share < 0.5) continue;
            height_m[row * w.width_px + col] = p.height_m;
          }
        }
      }
      return tallest_m > 0 ? { rgb, height_m } : { rgb };
    },
  };
}

/** Share of a pixel of the given size at distance d from the middle of a strip that the strip covers. */
function overlap(d: number, half: number, pixel: number): number {
  return Math.max(0, Math.min(d + pixel / 2, half) - Math.max(d - pixel / 2, -half)) / pixel;
}

function brightCentre(frame: Frame, above = 60): { x: number; y: number; count: number } {
  let x = 0;
  let y = 0;
  let total = 0;
  let count = 0;
  for (let i = 0; i < frame.width * frame.height; i++) {
    const v = frame.rgb[3 * i] ?? 0;
    if (v < above) continue;
    x += (i % frame.width) * v;
    y += Math.floor(i / frame.width) * v;
    total += v;
    count++;
  }
  return { x: x / total, y: y / total, count };
}

const lens: Intrinsics = { ...intrinsicsFromHfov(320, 240, 66), k1: -0.12, k2: 0.03, p1: 0.001, p2: -0.0015 };
const camera = (over: Partial<CameraModel> = {}): CameraModel => ({
  intrinsics: lens,
  mount: LEVEL,
  sensor: PERFECT_SENSOR,
  ...over,
});

describe("renderFrame", () => {
  it("shows a point of the ground where the geometry says, at any attitude, mount and lens", async () => {
    const cases: { pose: Omit<CameraPose, "agl_m">; mount: CameraModel["mount"] }[] = [
      { pose: { north_m: 0, east_m: 0, attitude: LEVEL }, mount: LEVEL },
      { pose: { north_m: 310.3, east_m: -20.7, attitude: { roll_deg: 8, pitch_deg: -5, yaw_deg: 130 } }, mount: LEVEL },
      {
        pose: { north_m: -40, east_m: 77, attitude: { roll_deg: -4, pitch_deg: 3, yaw_deg: -60 } },
        mount: { roll_deg: 0, pitch_deg: 25, yaw_deg: 10 },
      },
    ];
    for (const { pose, mount } of cases) {
      const view = new GroundView(lens, { attitude: pose.attitude, mount, agl_m: 100 });
      for (const [px, py] of [
        [160, 120],
        [60, 40],
        [270, 190],
      ] as const) {
        const ground = view.pixelToGround(px, py);
        assert.ok(ground !== null);
        const spot: Post = {
          north_m: pose.north_m + ground.north_m,
          east_m: pose.east_m + ground.east_m,
          half_m: 1.2,
          height_m: 0,
        };
        const frame = await renderFrame(posts([spot]), camera({ mount }), { ...pose, agl_m: 100 });
        const seen = brightCentre(frame);
        assert.ok(seen.count > 4);
        assert.ok(Math.hypot(seen.x - px, seen.y - py) < 0.3, `${seen.x}, ${seen.y} instead of ${px}, ${py}`);
      }
    }
  });

  it("leans tall things away from the point below the camera, by the tangent of the view angle", async () => {
    const pose: CameraPose = { north_m: 0, east_m: 0, agl_m: 100, attitude: LEVEL };
    const ideal = intrinsicsFromHfov(320, 240, 66);
    const place: Post = { north_m: 0, east_m: 30, half_m: 2, height_m: 20 };
    const frame = await renderFrame(posts([place], 25), camera({ intrinsics: ideal }), pose);
    const seen = brightCentre(frame, 240);
    // The roof at (30 m, height 20 m) is seen where ground at 30 * 100 / (100 - 20) m would be.
    const expected = ideal.cx + (ideal.fx * 30) / 80;
    assert.ok(Math.abs(seen.x - expected) < 1.2, `${seen.x} instead of ${expected}`);
    assert.ok(Math.abs(seen.y - ideal.cy) < 0.7);
    const below = await renderFrame(posts([{ ...place, east_m: 0 }], 25), camera({ intrinsics: ideal }), pose);
    assert.ok(Math.abs(brightCentre(below, 240).x - ideal.cx) < 0.7);
  });

  it("hardly changes a frame when only every second line of sight is followed", async () => {
    const town = worldImagery(new World({ seed: 3, size_m: 200, style: { landUse: "suburban" } }), makeEpoch(3, 0));
    const pose: CameraPose = {
      north_m: 5,
      east_m: -9,
      agl_m: 70,
      attitude: { roll_deg: 6, pitch_deg: -4, yaw_deg: 35 },
    };
    const odd = camera({ intrinsics: { ...lens, width_px: 319, height_px: 239 } });
    const exact = (await renderFrame(town, odd, pose)).rgb;
    const quick = (await renderFrame(town, odd, pose, { sights: 2 })).rgb;
    let sum = 0;
    let far = 0;
    for (let i = 0; i < exact.length; i++) {
      const difference = Math.abs((exact[i] ?? 0) - (quick[i] ?? 0));
      sum += difference;
      if (difference > 30) far++;
    }
    assert.ok(sum / exact.length < 1, `${sum / exact.length} levels`);
    assert.ok(far / exact.length < 0.002, `${far / exact.length} of the pixels`);
  });

  it("fills the sky, and the ground where the imagery ends", async () => {
    const oblique = camera({ mount: { roll_deg: 0, pitch_deg: 85, yaw_deg: 0 } });
    const frame = await renderFrame(posts([]), oblique, { north_m: 0, east_m: 0, agl_m: 50, attitude: LEVEL });
    assert.ok((frame.rgb[3 * 160] ?? 0) > 150, "the top of the image is sky");
    assert.equal(frame.rgb[3 * (239 * 320 + 160)], 0, "the bottom is ground");
    const nothing = mercatorImagery({ read: () => Promise.resolve(null) }, reference);
    const blind = await renderFrame(nothing, camera(), { north_m: 0, east_m: 0, agl_m: 50, attitude: LEVEL });
    assert.ok(blind.rgb.every((v) => v === 0));
  });

  it("gives the same frame for the same seed, with noise, and serves a world from its blocks", async () => {
    const world = new World({ seed: 3, size_m: 200, style: { landUse: "suburban" } });
    const small = camera({ intrinsics: intrinsicsFromHfov(120, 90, 66), sensor: {} });
    const pose: CameraPose = {
      north_m: 5,
      east_m: 9,
      agl_m: 60,
      attitude: { roll_deg: 3, pitch_deg: 2, yaw_deg: 200 },
    };
    const render = (): Promise<Frame> =>
      renderFrame(worldImagery(world, makeEpoch(3, 1)), small, pose, { seed: 5, finest_gsd_m: 0.5 });
    const a = await render();
    const b = await render();
    assert.deepEqual(a.rgb, b.rgb);
    const mean = a.rgb.reduce((sum, v) => sum + v, 0) / a.rgb.length;
    const spread = Math.sqrt(a.rgb.reduce((sum, v) => sum + (v - mean) ** 2, 0) / a.rgb.length);
    assert.ok(mean > 30 && mean < 230 && spread > 8, `mean ${mean}, spread ${spread}`);
  });
});

describe("rayTable", () => {
  it("is the exact inverse of the lens to a hundredth of a pixel", () => {
    const table = rayTable(lens);
    for (const [x, y] of [
      [0, 0],
      [319, 239],
      [13, 201],
      [160, 119],
    ] as const) {
      const exact = pixelToRay(lens, x, y);
      assert.ok(exact !== null);
      assert.ok(Math.abs((table[(y * 320 + x) * 2] ?? 0) - exact.x) * lens.fx < 1e-2);
      assert.ok(Math.abs((table[(y * 320 + x) * 2 + 1] ?? 0) - exact.y) * lens.fy < 1e-2);
    }
  });
});

describe("mercatorImagery", () => {
  it("reads the right place of a map", async () => {
    // A map whose red is the offset north and whose green is the offset east of the reference, by geodesy alone.
    const imagery = mercatorImagery(
      {
        read(window) {
          const rgb = new Uint8Array(window.width * window.height * 3);
          const centre = lonLatToMercator(reference.lon_deg, reference.lat_deg);
          for (let row = 0; row < window.height; row++) {
            for (let col = 0; col < window.width; col++) {
              const i = (row * window.width + col) * 3;
              rgb[i] = 128 + (window.y0_merc_m - (row + 0.5) * window.pixel_merc_m - centre.y) * 0.5;
              rgb[i + 1] = 128 + (window.x0_merc_m + (col + 0.5) * window.pixel_merc_m - centre.x) * 0.5;
            }
          }
          return Promise.resolve({ rgb, valid: new Uint8Array(window.width * window.height).fill(1) });
        },
      },
      reference,
    );
    const image = await imagery.window({ north_m: 60, east_m: -40, gsd_m: 1, width_px: 100, height_px: 90 });
    for (const [row, col] of [
      [0, 0],
      [45, 50],
      [89, 99],
    ] as const) {
      const p = offsetToLonLat(reference, 60 - row - 0.5, -40 + col + 0.5);
      const m = lonLatToMercator(p.lon_deg, p.lat_deg);
      const centre = lonLatToMercator(reference.lon_deg, reference.lat_deg);
      assert.ok(Math.abs((image.rgb[(row * 100 + col) * 3] ?? 0) - (128 + (m.y - centre.y) * 0.5)) < 1.2);
      assert.ok(Math.abs((image.rgb[(row * 100 + col) * 3 + 1] ?? 0) - (128 + (m.x - centre.x) * 0.5)) < 1.2);
      assert.ok(mercatorToLonLat(m.x, m.y).lat_deg > 47);
    }
  });
});
