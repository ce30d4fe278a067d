import assert from "node:assert/strict";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { UserError } from "../../../tiles/errors.js";
import { exactDot } from "../../../tiles/index/dot.js";
import { FlatIndex, type IndexMemory, type SearchOptions } from "../../../tiles/index/flat-index.js";
import { IndexWriter } from "../../../tiles/index/writer.js";
import { random, temporaryFolder, unitVector } from "../fixtures.js";

const folder = temporaryFolder();
after(folder.remove);
let files = 0;

/** Writes rows to an index file. */
function write(rows: readonly Float32Array[], width: number): string {
  const path = join(folder.path, `${files++}.bin`);
  const writer = new IndexWriter(folder.path, width);
  for (const row of rows) writer.append(row);
  writer.finish(path);
  return path;
}

/** Does something with an index over rows. */
function withIndex<T>(
  rows: readonly Float32Array[],
  width: number,
  memory: IndexMemory,
  use: (index: FlatIndex) => T,
): T {
  const index = FlatIndex.open(write(rows, width), memory);
  try {
    return use(index);
  } finally {
    index.close();
  }
}

/** The definition: every row's float32 score, sorted. */
function bruteForce(rows: readonly Float32Array[], query: Float32Array, k: number, options: SearchOptions = {}) {
  const { from = 0, to = rows.length, subset } = options;
  const members = subset === undefined ? undefined : new Set(subset);
  const scored = rows
    .map((row, at) => ({ at, score: exactDot(row, query) }))
    .filter(({ at }) => at >= from && at < to && (members?.has(at) ?? true))
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .slice(0, k);
  return {
    rows: Uint32Array.from(scored, ({ at }) => at),
    scores: Float32Array.from(scored, ({ score }) => score),
  };
}

/** Everything in memory; float rows from the file; the scan rows streamed through a small slab as well. */
const memories: Record<string, IndexMemory> = {
  resident: {},
  "float rows from disk": { float_bytes: 0 },
  streamed: { float_bytes: 0, scan_bytes: 0 },
};

// Rows that make the bounds work: a few directions, copies of them, copies with the last bit changed, opposites, zeros.
const nearTies = fc
  .record({
    width: fc.integer({ min: 1, max: 40 }),
    count: fc.integer({ min: 1, max: 300 }),
    directions: fc.integer({ min: 1, max: 4 }),
    jitter: fc.constantFrom(0, 1e-8, 1e-6, 1e-4, 1e-2, 1),
    seed: fc.integer(),
  })
  .map(({ width, count, directions, jitter, seed }) => {
    const next = random(seed);
    const bases = Array.from({ length: directions }, () => unitVector(width, next));
    const rows = Array.from({ length: count }, () => {
      if (next() < 0.02) return new Float32Array(width);
      const sign = next() < 0.1 ? -1 : 1;
      const base = bases[Math.floor(next() * directions)] as Float32Array;
      return base.map((value) => sign * value + jitter * (next() - 0.5));
    });
    const query = next() < 0.5 ? (rows[0] as Float32Array).slice() : unitVector(width, next);
    return { width, rows, query };
  });

const options = (count: number) =>
  fc.record(
    {
      from: fc.integer({ min: 0, max: count + 2 }),
      to: fc.integer({ min: 0, max: count + 2 }),
      subset: fc.uint32Array({ minLength: 0, maxLength: 60, max: count - 1 }),
    },
    { requiredKeys: [] },
  );

for (const [name, memory] of Object.entries(memories)) {
  test(`search equals float brute force bit for bit, near ties included (${name})`, () => {
    const input = nearTies.chain(({ rows, ...rest }) =>
      fc.record({
        rows: fc.constant(rows),
        width: fc.constant(rest.width),
        query: fc.constant(rest.query),
        k: fc.integer({ min: 1, max: 40 }),
        options: options(rows.length),
      }),
    );
    fc.assert(
      fc.property(input, ({ rows, width, query, k, options }) => {
        withIndex(rows, width, memory, (index) => {
          assert.deepEqual(index.search(query, k, options), bruteForce(rows, query, k, options));
        });
      }),
      { numRuns: 80 },
    );
  });

  test(`search equals float brute force on any finite numbers (${name})`, () => {
    const magnitude = fc.constantFrom(1e-44, 1e-38, 1e-20, 1e-6, 1, 1e6, 1e14);
    const input = fc.record({ a: magnitude, b: magnitude, seed: fc.integer(), width: fc.integer({ min: 1, max: 33 }) });
    fc.assert(
      fc.property(input, ({ a, b, seed, width }) => {
        const next = random(seed);
        const rows = Array.from({ length: 40 }, () =>
          unitVector(width, next).map((value) => (next() < 0.5 ? a : b) * value),
        );
        const query = unitVector(width, next).map((value) => value * b);
        withIndex(rows, width, memory, (index) => {
          assert.deepEqual(index.search(query, 7), bruteForce(rows, query, 7));
        });
      }),
      { numRuns: 60 },
    );
  });

  test(`several pieces: 20,000 rows in rising, falling and random order of score (${name})`, () => {
    const next = random(3);
    const width = 24;
    const query = unitVector(width, next);
    const shuffled = Array.from({ length: 20_000 }, () => unitVector(width, next));
    const rising = shuffled.slice().sort((a, b) => exactDot(a, query) - exactDot(b, query));
    for (const rows of [shuffled, rising, rising.slice().reverse()]) {
      withIndex(rows, width, memory, (index) => {
        for (const range of [{}, { from: 3, to: 19_998 }, { from: 17_001, to: 17_003 }]) {
          assert.deepEqual(index.search(query, 50, range), bruteForce(rows, query, 50, range));
        }
      });
    }
  });
}

// Rows whose quantisation error is parallel to the query, so that Cauchy-Schwarz is met with equality: half of them are
// truly better than their int8 copies say by the full bound, the other half worse. Any smaller bound loses rows.
test("the bound is needed in full: rows whose int8 copies mislead as far as they can", () => {
  const input = fc.record({
    half: fc.integer({ min: 4, max: 12 }),
    seed: fc.integer(),
    k: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(input, ({ half, seed, k }) => {
      const next = random(seed);
      const width = 2 * half;
      const signs = Array.from({ length: width }, () => (next() < 0.5 ? -1 : 1));
      // The first element sets the step and is not seen by the query.
      const query = Float32Array.from([0, ...signs]);
      const rows = Array.from({ length: 1500 }, () => {
        // int8 copy: base, or base - sign; truth: nearly the same for both.
        const error = next() < 0.5 ? -0.49 : 0.49;
        const shift = error > 0 ? error - 1 : error;
        return Float32Array.from([127, ...signs.map((sign) => Math.round(2 * next() - 1) + shift * sign)]);
      });
      withIndex(rows, width + 1, {}, (index) => {
        assert.deepEqual(index.search(query, k), bruteForce(rows, query, k));
        assert.ok(index.rescored < 1500);
      });
    }),
    { numRuns: 40 },
  );
});

test("no row is found twice where pieces of the scan meet", () => {
  const next = random(8);
  const best = unitVector(16, next);
  // All of the best rows lie around row 256, where the first piece ends.
  const rows = Array.from({ length: 600 }, (_, at) => (at > 235 && at < 280 ? best : unitVector(16, next)));
  withIndex(rows, 16, {}, (index) => {
    for (let from = 0; from < 8; from++) {
      assert.deepEqual(index.search(best, 60, { from }), bruteForce(rows, best, 60, { from }));
      const subset = Uint32Array.from({ length: 500 }, (_, at) => at + from);
      assert.deepEqual(index.search(best, 60, { subset }), bruteForce(rows, best, 60, { subset }));
    }
  });
});

test("30,000 equal rows: the smallest rows win", () => {
  const row = unitVector(16, random(1));
  const rows = Array.from({ length: 30_000 }, () => row);
  withIndex(rows, 16, { float_bytes: 0 }, (index) => {
    assert.deepEqual([...index.search(row, 5).rows], [0, 1, 2, 3, 4]);
    assert.deepEqual([...index.search(row, 3, { from: 20_001 }).rows], [20_001, 20_002, 20_003]);
  });
});

test("searchMany equals the single searches, more queries than fit at once included", () => {
  const next = random(5);
  const rows = Array.from({ length: 700 }, () => unitVector(20, next));
  const queries = Array.from({ length: 70 }, () => unitVector(20, next));
  withIndex(rows, 20, {}, (index) => {
    const subset = Uint32Array.from({ length: 300 }, () => Math.floor(next() * 700));
    for (const range of [{}, { from: 100 }, { subset }]) {
      const together = index.searchMany(queries, 9, range);
      assert.deepEqual(
        together,
        queries.map((query) => bruteForce(rows, query, 9, range)),
      );
    }
    assert.deepEqual(index.searchMany([], 3), []);
  });
});

test("few rows re-scored: the scan leaves out nearly all of a random index", () => {
  const next = random(11);
  const rows = Array.from({ length: 20_000 }, () => unitVector(64, next));
  withIndex(rows, 64, { float_bytes: 0 }, (index) => {
    for (let i = 0; i < 10; i++) index.search(unitVector(64, next), 10);
    assert.ok(index.rescored >= 100 && index.rescored < 10 * 400, String(index.rescored));
  });
});

test("rows come back as they were written", () => {
  const next = random(2);
  const rows = Array.from({ length: 10 }, () => unitVector(13, next));
  for (const memory of Object.values(memories)) {
    withIndex(rows, 13, memory, (index) => {
      assert.equal(index.rows, 10);
      assert.equal(index.width, 13);
      for (const [at, row] of rows.entries()) assert.deepEqual(index.row(at), row);
      assert.throws(() => index.row(10), RangeError);
    });
  }
});

test("an empty index finds nothing", () => {
  withIndex([], 8, {}, (index) => {
    assert.deepEqual(index.search(new Float32Array(8), 3), { rows: new Uint32Array(0), scores: new Float32Array(0) });
  });
});

test("wrong questions throw", () => {
  const rows = [unitVector(8, random(1))];
  withIndex(rows, 8, {}, (index) => {
    assert.throws(() => index.search(new Float32Array(7), 1), RangeError);
    assert.throws(() => index.search(new Float32Array(8).fill(Number.NaN), 1), RangeError);
    assert.throws(() => index.search(new Float32Array(8), 0), RangeError);
    assert.throws(() => index.search(new Float32Array(8), 1.5), RangeError);
    assert.throws(() => index.search(new Float32Array(8), 1, { subset: Uint32Array.of(1) }), RangeError);
    assert.throws(() => index.search(new Float32Array(8), 1, { from: 0.5 }), RangeError);
    index.close();
    assert.throws(() => index.search(new Float32Array(8), 1), /is closed/);
  });
  const writer = new IndexWriter(folder.path, 4);
  assert.throws(() => writer.append(new Float32Array(5)), RangeError);
  assert.throws(() => writer.append(Float32Array.of(0, 0, 0, Number.NaN)), RangeError);
  assert.throws(() => writer.append(Float32Array.of(0, 0, 0, Number.POSITIVE_INFINITY)), RangeError);
  writer.abort();
  assert.ok(readdirSync(folder.path).every((name) => !name.endsWith(".part")));
});

test("damaged index files are UserErrors", () => {
  const whole = readFileSync(write([unitVector(8, random(1)), unitVector(8, random(2))], 8));
  const cases: [string, (bytes: Buffer) => unknown, RegExp][] = [
    ["magic", (bytes) => bytes.write("NOTINDEX"), /not an index file/],
    ["version", (bytes) => bytes.writeUInt32LE(2, 8), /version 2/],
    ["rows", (bytes) => bytes.writeBigUInt64LE(3n, 16), /damaged index header/],
    ["offset", (bytes) => bytes.writeBigUInt64LE(2n ** 60n, 56), /damaged index header/],
    ["norm", (bytes) => bytes.writeFloatLE(Number.NaN, 72), /damaged index header/],
    ["short", (bytes) => bytes.subarray(0, bytes.length - 1), /truncated/],
    ["long", (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]), /too long/],
    ["tiny", (bytes) => bytes.subarray(0, 20), /truncated/],
    ["empty", () => Buffer.alloc(0), /truncated/],
  ];
  for (const [name, damage, message] of cases) {
    const path = join(folder.path, `damaged-${name}.bin`);
    const bytes = Buffer.from(whole);
    const damaged = damage(bytes);
    writeFileSync(path, damaged instanceof Buffer ? damaged : bytes);
    const isRight = (error: unknown) =>
      error instanceof UserError && message.test(error.message) && error.message.includes(path);
    assert.throws(() => FlatIndex.open(path), isRight, name);
  }
  assert.throws(() => FlatIndex.open(join(folder.path, "none.bin")), UserError);
});

test("a file that shrinks while it is open is told", () => {
  const next = random(4);
  const path = write(
    Array.from({ length: 50 }, () => unitVector(8, next)),
    8,
  );
  const index = FlatIndex.open(path, { float_bytes: 0 });
  truncateSync(path, 200);
  assert.throws(
    () => index.search(unitVector(8, next), 3),
    (error) => error instanceof UserError && /truncated/.test(error.message),
  );
  index.close();
});
