import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { type Epoch, makeEpoch, sunPosition } from "../../../sim/world/epoch.js";
import { World } from "../../../sim/world/world.js";

const SEED = 21;
const place = (seed = SEED): World => new World({ seed, size_m: 260, style: { landUse: "urban" } });
const upright = (epoch: Epoch): Epoch => ({ ...epoch, lean_east: 0, lean_north: 0 });
const sunny = (index: number): Epoch => upright(makeEpoch(SEED, index, 48, { snow: 0, cloud: 0.1 }));

function luminance(rgb: Uint8Array): Float32Array {
  const out = new Float32Array(rgb.length / 3);
  for (let i = 0; i < out.length; i++) out[i] = (rgb[3 * i] ?? 0) + (rgb[3 * i + 1] ?? 0) + (rgb[3 * i + 2] ?? 0);
  return out;
}

/** Gradient magnitudes, saturated so that a few strong shadow edges do not decide alone. */
function edges(rgb: Uint8Array, width: number): Float32Array {
  const l = luminance(rgb);
  const out = new Float32Array(l.length);
  for (let i = width + 1; i < l.length - width - 1; i++) {
    const dx = (l[i + 1] ?? 0) - (l[i - 1] ?? 0);
    const dy = (l[i + width] ?? 0) - (l[i - width] ?? 0);
    out[i] = Math.min(80, Math.hypot(dx, dy));
  }
  return out;
}

function correlation(a: Float32Array, b: Float32Array, width: number, dx: number, dy: number): number {
  let sab = 0;
  let sa = 0;
  let sb = 0;
  let saa = 0;
  let sbb = 0;
  let n = 0;
  const height = a.length / width;
  for (let row = 8; row < height - 8; row++) {
    for (let col = 8; col < width - 8; col++) {
      const u = a[row * width + col] ?? 0;
      const v = b[(row + dy) * width + col + dx] ?? 0;
      sab += u * v;
      sa += u;
      sb += v;
      saa += u * u;
      sbb += v * v;
      n++;
    }
  }
  return (sab / n - (sa / n) * (sb / n)) / Math.sqrt((saa / n - (sa / n) ** 2) * (sbb / n - (sb / n) ** 2));
}

describe("World", () => {
  const world = place();
  const window = { north_m: 50, east_m: -50, width_px: 200, height_px: 200, gsd_m: 0.5 };

  it("gives the same pixels for the same seed, and others for another seed", () => {
    const epoch = makeEpoch(SEED, 1);
    const hash = (w: World): string =>
      createHash("sha256")
        .update(w.render({ epoch, ...window }))
        .digest("hex");
    assert.equal(hash(world), hash(place()));
    assert.notEqual(hash(world), hash(place(SEED + 1)));
  });

  it("agrees where windows overlap on one pixel grid, across the pieces it is painted in", () => {
    const epoch = makeEpoch(SEED, 0);
    const wide = world.render({ epoch, north_m: 60, east_m: -110, width_px: 440, height_px: 120, gsd_m: 0.5 });
    const part = world.render({
      epoch,
      north_m: 60 - 15,
      east_m: -110 + 150,
      width_px: 130,
      height_px: 70,
      gsd_m: 0.5,
    });
    let different = 0;
    for (let row = 0; row < 70; row++) {
      for (let i = 0; i < 130 * 3; i++) {
        const a = wide[((row + 30) * 440 + 300) * 3 + i] ?? 0;
        const b = part[row * 130 * 3 + i] ?? 0;
        if (Math.abs(a - b) > 1) different++;
      }
    }
    assert.ok(different <= 70 * 130 * 3 * 2e-4, `${different} samples differ`);
  });

  it("shows the same place at another scale", () => {
    const epoch: Epoch = { ...sunny(0), sensor: { ...sunny(0).sensor, noise_levels: 0, blur_px: 0 } };
    const fine = world.render({ epoch, ...window });
    const coarse = world.render({ epoch, north_m: 50, east_m: -50, width_px: 100, height_px: 100, gsd_m: 1 });
    let total = 0;
    for (let row = 0; row < 100; row++) {
      for (let col = 0; col < 100; col++) {
        let sum = 0;
        for (const [r, c] of [
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ] as const) {
          sum += fine[((2 * row + r) * 200 + 2 * col + c) * 3 + 1] ?? 0;
        }
        total += Math.abs(sum / 4 - (coarse[(row * 100 + col) * 3 + 1] ?? 0));
      }
    }
    assert.ok(total / 10000 < 8, `mean difference ${total / 10000} levels`);
  });

  it("differs between dates but keeps its edges in place", () => {
    const a = world.render({ epoch: sunny(0), ...window });
    const b = world.render({ epoch: sunny(1), ...window });
    let difference = 0;
    for (let i = 0; i < a.length; i++) difference += Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    assert.ok(difference / a.length > 6, `mean difference ${difference / a.length} levels`);
    const ea = edges(a, 200);
    const eb = edges(b, 200);
    const aligned = correlation(ea, eb, 200, 0, 0);
    for (const [dx, dy] of [
      [5, 0],
      [-5, 0],
      [0, 5],
      [0, -5],
    ] as const) {
      assert.ok(aligned > correlation(ea, eb, 200, dx, dy) + 0.05, `shift ${dx},${dy} is as good as none`);
    }
  });

  it("paints roads where it says that there are roads, at every date", () => {
    for (const index of [0, 1]) {
      const epoch = sunny(index);
      const { rgb, height_m } = world.renderWithHeights({ epoch, ...window });
      let road = 0;
      let grey = 0;
      for (let row = 0; row < 200; row += 3) {
        for (let col = 0; col < 200; col += 3) {
          const i = row * 200 + col;
          if ((height_m[i] ?? 0) > 0.5 || !world.onRoad(50 - (row + 0.5) * 0.5, -50 + (col + 0.5) * 0.5)) continue;
          road++;
          const c = [rgb[3 * i] ?? 0, rgb[3 * i + 1] ?? 0, rgb[3 * i + 2] ?? 0];
          if (Math.max(...c) - Math.min(...c) < 45) grey++;
        }
      }
      assert.ok(road > 100, `${road} samples of road`);
      assert.ok(grey / road > 0.85, `${grey} of ${road} are grey`);
    }
  });

  it("knows the heights of what it shows", () => {
    const epoch = sunny(0);
    const { height_m, crown } = world.renderWithHeights({ epoch, ...window });
    let roofs = 0;
    let agree = 0;
    for (let row = 2; row < 198; row += 4) {
      for (let col = 2; col < 198; col += 4) {
        const i = row * 200 + col;
        const h = height_m[i] ?? 0;
        if (h < 3 || crown[i] === 1) continue;
        roofs++;
        const top = world.heightAt(epoch, 50 - (row + 0.5) * 0.5, -50 + (col + 0.5) * 0.5);
        if (top > 0 && h < top + 4) agree++;
      }
    }
    assert.ok(roofs > 50, `${roofs} roof samples`);
    assert.ok(agree / roofs > 0.93, `${agree} of ${roofs} roofs stand on a building`);
    assert.ok(world.tallest_m >= Math.max(...height_m));
  });

  it("turns shadows with the sun", () => {
    const morning = { ...sunny(0), sun_azimuth_deg: 100, sun_elevation_deg: 30, cloud: 0 };
    const evening = { ...morning, sun_azimuth_deg: 260 };
    const a = luminance(world.render({ epoch: morning, ...window }));
    const b = luminance(world.render({ epoch: evening, ...window }));
    let darker = 0;
    let brighter = 0;
    for (let i = 0; i < a.length; i++) {
      const d = (a[i] ?? 0) - (b[i] ?? 0);
      if (d > 60) brighter++;
      if (d < -60) darker++;
    }
    assert.ok(darker > 300 && brighter > 300, `${darker} darker, ${brighter} brighter`);
  });

  it("changes the share of buildings that was asked for", () => {
    const still = world.renderWithHeights({ epoch: { ...sunny(0), change: 0 }, ...window });
    const moved = world.renderWithHeights({ epoch: { ...sunny(0), change: 0.9 }, ...window });
    const built = (h: Float32Array): number => h.filter((v) => v > 3).length;
    assert.ok(built(moved.height_m) < built(still.height_m) * 0.8);
  });
});

describe("sunPosition", () => {
  it("has the sun in the south at noon, as high as the declination says", () => {
    const june = sunPosition(48, 172, 12);
    assert.ok(Math.abs(june.azimuth_deg - 180) < 0.01);
    assert.ok(Math.abs(june.elevation_deg - (90 - 48 + 23.44)) < 0.05);
    assert.ok(sunPosition(48, 172, 9).azimuth_deg < 140);
    assert.ok(sunPosition(48, 355, 12).elevation_deg < 19);
  });
});
