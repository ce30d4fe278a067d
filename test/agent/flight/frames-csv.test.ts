import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { csvField, splitCsvLine } from "../../../agent/flight/csv.js";
import { parseFramesCsv } from "../../../agent/flight/frames-csv.js";
import { UserError } from "../../../tiles/errors.js";

const HEADER = "t_us,file,roll_deg,pitch_deg,yaw_deg,agl_m";
const parse = (...lines: string[]) => parseFramesCsv(`${lines.join("\n")}\n`, "frames.csv");
const fails = (message: string | RegExp, ...lines: string[]): void => {
  assert.throws(
    () => parse(...lines),
    (thrown: unknown) => {
      assert.ok(thrown instanceof UserError, String(thrown));
      if (typeof message === "string") assert.equal(thrown.message, message);
      else assert.match(thrown.message, message);
      return true;
    },
  );
};

test("a minimal file gets the documented defaults", () => {
  const [row] = parse(HEADER, "1000,a.jpg,1,-2,350,120");
  assert.deepEqual(row, {
    line: 2,
    fileColumn: 6,
    t_us: 1000,
    file: "a.jpg",
    roll_deg: 1,
    pitch_deg: -2,
    yaw_deg: 350,
    agl_m: 120,
    yaw_sigma_deg: 5,
    agl_sigma_m: 6,
    truth: null,
  });
});

test("optional columns, any order, byte order mark, CRLF, blank lines and quotes are understood", () => {
  const text =
    "\uFEFFlon_deg,lat_deg,file,t_us,agl_m,yaw_deg,pitch_deg,roll_deg,agl_sigma_m,yaw_sigma_deg\r\n" +
    '7.5,46.25,"a, ""b"".png",5,80,10,0,0,,180\r\n\r\n' +
    ",,c.png,6,80,10,0,0,2.5,\r\n";
  const rows = parseFramesCsv(text, "f");
  assert.equal(rows[0]?.file, 'a, "b".png');
  assert.deepEqual(rows[0]?.truth, { lat_deg: 46.25, lon_deg: 7.5 });
  assert.equal(rows[0]?.yaw_sigma_deg, 180);
  assert.equal(rows[0]?.agl_sigma_m, 4);
  assert.equal(rows[1]?.truth, null);
  assert.equal(rows[1]?.line, 4);
  assert.equal(rows[1]?.agl_sigma_m, 2.5);
  assert.equal(rows[1]?.yaw_sigma_deg, 5);
});

test("errors name line and column", () => {
  fails('frames.csv:1:37: column "agl_m" is missing from the header', "t_us,file,roll_deg,pitch_deg,yaw_deg");
  fails(
    /^frames\.csv:1:38: unknown column "alg_m"; did you mean "agl_m"\?/,
    "t_us,file,roll_deg,pitch_deg,yaw_deg,alg_m",
  );
  fails(/^frames\.csv:1:44: column "agl_m" stands twice/, `${HEADER},agl_m`);
  fails(/^frames\.csv:1:44: column "lat_deg" stands without "lon_deg"/, `${HEADER},lat_deg`);
  fails(/^frames\.csv:2:9: roll_deg is "NaN", expected a number/, HEADER, "1,a.jpg,NaN,0,0,100");
  fails(/^frames\.csv:3:9: roll_deg is "inf"/, HEADER, "1,a.jpg,0,0,0,100", "2,a.jpg,inf,0,0,100");
  fails(/^frames\.csv:2:9: roll_deg is empty/, HEADER, "1,a.jpg,,0,0,100");
  fails(/^frames\.csv:2:15: agl_m is 0, expected a height above ground greater than 0/, HEADER, "1,a.jpg,0,0,0,0");
  fails(/^frames\.csv:2:15: agl_m is -5/, HEADER, "1,a.jpg,0,0,0,-5");
  fails(/^frames\.csv:3:1: t_us 1 is not later than 2/, HEADER, "2,a.jpg,0,0,0,9", "1,a.jpg,0,0,0,9");
  fails(/^frames\.csv:3:1: t_us 2 is not later than 2/, HEADER, "2,a.jpg,0,0,0,9", "2,b.jpg,0,0,0,9");
  fails(/^frames\.csv:2:1: t_us is "1\.5"/, HEADER, "1.5,a.jpg,0,0,0,9");
  fails(/^frames\.csv:2:13: this line has 5 fields, the header has 6/, HEADER, "1,a.jpg,0,0,0");
  fails(/^frames\.csv:2:17: this line has 7 fields/, HEADER, "1,a.jpg,0,0,0,9,9");
  fails(/^frames\.csv:2:3: file "\.\.\/a\.jpg" leaves the frames\/ folder/, HEADER, "1,../a.jpg,0,0,0,9");
  fails(/^frames\.csv:2:3: this quote is never closed/, HEADER, '1,"a.jpg,0,0,0,9');
  fails(/give both lat_deg and lon_deg/, `${HEADER},lat_deg,lon_deg`, "1,a.jpg,0,0,0,9,46,");
  fails(/^frames\.csv:1:1: no frame is listed/, HEADER);
  fails(/^frames\.csv:1:1: the header is missing/, "");
  fails(/yaw_sigma_deg is 0, expected/, `${HEADER},yaw_sigma_deg`, "1,a.jpg,0,0,0,9,0");
});

test("any text either parses or is a UserError", () => {
  const cell = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.integer().map(String),
    fc.constantFrom("", '"', "NaN", "1e3", "-0"),
  );
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 4, maxLength: 7 }), { maxLength: 5 }), (cells) => {
      try {
        parseFramesCsv([HEADER, ...cells.map((line) => line.join(","))].join("\n"), "f");
      } catch (thrown) {
        assert.ok(thrown instanceof UserError, String(thrown));
        assert.match(thrown.message, /^f:\d+:\d+: /);
      }
    }),
  );
});

test("valid rows come back with their values", () => {
  const row = fc.record({
    step: fc.integer({ min: 1, max: 1e9 }),
    file: fc.stringMatching(/^[a-z0-9 ,"_-]{1,10}\.jpg$/).filter((name) => name.trim() === name),
    roll: fc.double({ min: -180, max: 180, noNaN: true }),
    pitch: fc.double({ min: -90, max: 90, noNaN: true }),
    yaw: fc.double({ min: -360, max: 360, noNaN: true }),
    agl: fc.double({ min: 1e-3, max: 1e5, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), (given) => {
      let t = 0;
      const lines = given.map((one) => {
        t += one.step;
        return [t, csvField(one.file), one.roll, one.pitch, one.yaw, one.agl].join(",");
      });
      const rows = parse(HEADER, ...lines);
      assert.equal(rows.length, given.length);
      rows.forEach((got, i) => {
        assert.equal(got.file, given[i]?.file);
        assert.ok(Object.is(got.roll_deg + 0, (given[i]?.roll ?? 0) + 0));
        assert.equal(got.agl_m, given[i]?.agl);
      });
    }),
  );
});

test("fields survive quoting", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string().filter((text) => !/[\r\n]/.test(text)),
        { minLength: 1, maxLength: 5 },
      ),
      (texts) => {
        const line = texts.map(csvField).join(",");
        assert.deepEqual(
          splitCsvLine(line, "f", 1).map((field) => field.text),
          texts,
        );
      },
    ),
  );
});
