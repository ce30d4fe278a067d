import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { common } from "node-mavlink";
import {
  decodeParam,
  encodeParam,
  encodingOf,
  sameParamValue,
  shortestFloat,
} from "../../../agent/mavlink/param-encoding.js";
import { ARDUPILOT_COPTER, PX4_QUAD } from "./fake-port.js";
import { VECTORS, vectorNumber } from "./fixtures.js";

const { MavParamType } = common;

describe("parameters on the wire", () => {
  test("PX4 puts integers in byte by byte: the vectors", () => {
    const cases = VECTORS.cases.filter((entry) => entry.bytewise_int32 !== undefined);
    assert.ok(cases.length > 3);
    for (const entry of cases) {
      // param_value is the first field of both messages.
      const payload = Buffer.alloc(32);
      Buffer.from(entry.hex, "hex").copy(payload, 0, 10, 10 + entry.payload_length);
      const value = entry.bytewise_int32 ?? 0;
      assert.equal(decodeParam(payload.readInt32LE(0), MavParamType.INT32, "bytewise"), value, entry.name);
      assert.equal(
        encodeParam(value, MavParamType.INT32, "bytewise").readInt32LE(0),
        payload.readInt32LE(0),
        entry.name,
      );
    }
  });

  test("ArduPilot sends numbers as floats: the vectors", () => {
    const cases = VECTORS.cases.filter(
      (entry) => entry.message === "PARAM_VALUE" && entry.bytewise_int32 === undefined,
    );
    assert.ok(cases.length > 0);
    for (const entry of cases) {
      const payload = Buffer.alloc(32);
      Buffer.from(entry.hex, "hex").copy(payload, 0, 10, 10 + entry.payload_length);
      const type = Number(entry.fields.param_type);
      const value = entry.fields.param_value;
      assert.ok(typeof value === "number" || typeof value === "string");
      const expected = vectorNumber(value);
      assert.ok(Object.is(decodeParam(payload.readInt32LE(0), type, "c_cast"), expected), entry.name);
    }
  });

  test("every value of every type comes back, in both encodings", () => {
    const ranges = [
      [MavParamType.UINT8, 0, 0xff],
      [MavParamType.INT8, -0x80, 0x7f],
      [MavParamType.UINT16, 0, 0xffff],
      [MavParamType.INT16, -0x8000, 0x7fff],
      [MavParamType.UINT32, 0, 0xffffffff],
      [MavParamType.INT32, -0x80000000, 0x7fffffff],
    ] as const;
    for (const [type, min, max] of ranges) {
      fc.assert(
        fc.property(
          fc.integer({ min, max }),
          fc.constantFrom("bytewise" as const, "c_cast" as const),
          (value, encoding) => {
            const back = decodeParam(encodeParam(value, type, encoding).readInt32LE(0), type, encoding);
            assert.ok(sameParamValue(back, value, type, encoding), `${value} became ${back}`);
            if (encoding === "bytewise") assert.equal(back, value);
          },
        ),
        { numRuns: 30 },
      );
      assert.throws(() => encodeParam(max + 1, type, "bytewise"), RangeError);
      assert.throws(() => encodeParam(min - 1, type, "c_cast"), RangeError);
    }
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (value) => {
        const back = decodeParam(
          encodeParam(value, MavParamType.REAL32, "bytewise").readInt32LE(0),
          MavParamType.REAL32,
          "bytewise",
        );
        assert.ok(Object.is(back, value));
      }),
    );
  });

  test("a float reads as the shortest decimal that stands for it", () => {
    for (const value of [0.1, 5, -0.2, 1e-6, 123456.7, 16777216])
      assert.equal(shortestFloat(Math.fround(value)), value);
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (value) => {
        assert.ok(Object.is(Math.fround(shortestFloat(value)), value) || value === 0);
      }),
    );
    assert.ok(Number.isNaN(shortestFloat(Number.NaN)));
  });

  test("which encoding an autopilot has", () => {
    assert.equal(encodingOf(PX4_QUAD), "bytewise");
    assert.equal(encodingOf(ARDUPILOT_COPTER), "c_cast");
    assert.equal(encodingOf(null), "c_cast");
  });

  test("a float that cannot be held exactly is the same; an integer that differs is not", () => {
    assert.ok(sameParamValue(Math.fround(0.2), 0.2, MavParamType.REAL32, "bytewise"));
    assert.ok(!sameParamValue(0.21, 0.2, MavParamType.REAL32, "bytewise"));
    assert.ok(!sameParamValue(16777216, 16777217, MavParamType.INT32, "bytewise"));
  });
});
