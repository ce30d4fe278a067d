import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Fourier2d } from "../../../../agent/navigation/odometry/fourier.js";

const side = 8;
const fourier = new Fourier2d(side);
const image = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 64, maxLength: 64 });

describe("the two-dimensional Fourier transform", () => {
  test("comes back to the image", () => {
    fc.assert(
      fc.property(image, (values) => {
        const back = fourier.inverse(fourier.forward(Float64Array.from(values)));
        values.forEach((value, i) => {
          assert.ok(Math.abs((back[i] as number) / (side * side) - value) < 1e-9);
        });
      }),
    );
  });

  test("is the sum that defines it", () => {
    fc.assert(
      fc.property(image, fc.nat(side - 1), fc.nat(side - 1), (values, u, v) => {
        let re = 0;
        let im = 0;
        values.forEach((value, i) => {
          const angle = (-2 * Math.PI * (u * (i % side) + v * Math.floor(i / side))) / side;
          re += value * Math.cos(angle);
          im += value * Math.sin(angle);
        });
        const spectrum = fourier.forward(Float64Array.from(values));
        // Kept transposed: column frequency first.
        assert.ok(Math.abs((spectrum.re[u * side + v] as number) - re) < 1e-9);
        assert.ok(Math.abs((spectrum.im[u * side + v] as number) - im) < 1e-9);
      }),
    );
  });

  test("takes only sides that are powers of two", () => {
    assert.throws(() => new Fourier2d(12), RangeError);
  });
});
