import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seaImagery } from "../../../sim/camera/sea-imagery.js";
import { CoastLand } from "../../../sim/world/coast-land.js";
import { makeEpoch } from "../../../sim/world/epoch.js";
import { Sea } from "../../../sim/world/sea.js";
import { World } from "../../../sim/world/world.js";

const sea = new Sea({ seed: 3, seaward_deg: 90, shore_m: 20 });

/** Land everywhere, grey and 9 m high, 100 m wide around the origin. */
function canvas() {
  const side = 100;
  return {
    north_m: 50,
    east_m: -50 + 20,
    gsd_m: 1,
    width_px: side,
    height_px: side,
    rgb: new Uint8Array(side * side * 3).fill(120),
    height_m: new Float32Array(side * side).fill(9),
    crown: new Uint8Array(side * side).fill(1),
  };
}

describe("Sea", () => {
  it("covers what lies beyond the shore and nothing else", () => {
    const c = canvas();
    sea.paint(c, 0);
    let water = 0;
    for (let row = 0; row < 100; row++) {
      for (let col = 0; col < 100; col++) {
        const i = row * 100 + col;
        const beyond = sea.beyondShore_m(c.north_m - row - 0.5, c.east_m + col + 0.5);
        if (beyond < -15) assert.equal(c.rgb[i * 3], 120);
        if (beyond > 0) {
          water++;
          assert.equal(c.height_m[i], 0);
          assert.equal(c.crown[i], 0);
        }
      }
    }
    assert.ok(water > 2000 && water < 8000, `${water} of 10000 pixels are sea`);
  });

  it("moves with time, and stands still at one time", () => {
    const at = (t_s: number): Uint8Array => {
      const c = { ...canvas(), east_m: 200 };
      sea.paint(c, t_s);
      return c.rgb;
    };
    assert.deepEqual(at(7), at(7));
    const spread = (a: Uint8Array, b: Uint8Array): number =>
      a.reduce((sum, v, i) => sum + Math.abs(v - (b[i] ?? 0)), 0) / a.length;
    assert.ok(spread(at(7), at(7.5)) > 2, "half a second later the surface is another");
  });

  it("agrees wherever windows of one grid overlap", () => {
    const c = canvas();
    sea.paint(c, 4);
    const half = { ...canvas(), north_m: 20, height_px: 40, rgb: new Uint8Array(100 * 40 * 3).fill(120) };
    sea.paint({ ...half, height_m: undefined, crown: undefined }, 4);
    for (let k = 0; k < half.rgb.length; k++) {
      assert.ok(Math.abs((half.rgb[k] ?? 0) - (c.rgb[30 * 300 + k] ?? 0)) <= 1);
    }
  });
});

describe("a coast", () => {
  const world = new World({ seed: 4, size_m: 300, style: { landUse: "suburban" } });
  const coast = new CoastLand(world, sea);
  const window = { north_m: 20, east_m: 80, gsd_m: 1, width_px: 40, height_px: 40 };

  it("is on maps and in frames", async () => {
    const epoch = makeEpoch(4, 0);
    const map = coast.renderWithHeights({ ...window, epoch });
    assert.equal(Math.max(...map.height_m), 0);
    assert.deepEqual(coast.render({ ...window, epoch }), map.rgb);
    const imagery = seaImagery(
      {
        reference: world.origin,
        tallest_m: world.tallest_m,
        window: async () => world.renderWithHeights({ ...window, epoch }),
      },
      sea,
    );
    const [first, later] = [await imagery.window(window, 1), await imagery.window(window, 2)];
    assert.notDeepEqual(first.rgb, later.rgb);
    assert.equal(Math.max(...(first.height_m ?? [1])), 0);
  });
});
