import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CellAssembler, type PanelGeometry } from "../../../flash/pack/cells.js";
import { type GridDescriber, PooledWindows } from "../../../flash/pack/describers.js";

/** Two channels; the descriptor is the pooled grid itself, so that its content tells what was pooled. */
const describer: GridDescriber = {
  grid: 2,
  coarseChannels: 2,
  descriptorWidth: 8,
  describe: async (grids) => grids.slice(),
};

/** A level of feature columns x rows with a feature vector that points to its position; holes are no imagery. */
async function assemble(
  columns: number,
  rows: number,
  stride: number,
  hole: (col: number, row: number) => boolean,
  panelBlocks = 99,
) {
  const found: { col: number; row: number; descriptor: Float32Array }[] = [];
  for (let first = 0; first < columns; first += panelBlocks * 64) {
    const end = Math.min(columns, first + (panelBlocks + 1) * 64);
    const panel: PanelGeometry = {
      first_col: first,
      end_col: end,
      end_cell_col: first + panelBlocks * 64,
      rows,
      cell: 28,
      stride,
    };
    const assembler = new CellAssembler(panel, new PooledWindows(describer));
    for (let by = 0; by < rows; by += 64) {
      for (let bx = first; bx < end; bx += 64) {
        const features = new Int8Array(64 * 64 * 2);
        const seen = new Uint8Array(64 * 64);
        for (let i = 0; i < 64; i++) {
          for (let j = 0; j < 64; j++) {
            if (bx + j >= columns || by + i >= rows || hole(bx + j, by + i)) continue;
            seen[i * 64 + j] = 1;
            features.set([(bx + j) % 101, (by + i) % 103], (i * 64 + j) * 2);
          }
        }
        // Blocks without imagery are never delivered.
        if (seen.includes(1)) assembler.add(bx, features, seen);
      }
      found.push(...(await assembler.endRow()));
    }
  }
  return found;
}

test("every complete window at the stride becomes a cell, wherever blocks and panels end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 28, max: 200 }),
      fc.integer({ min: 28, max: 200 }),
      fc.integer({ min: 1, max: 28 }),
      fc.integer({ min: 1, max: 3 }),
      async (columns, rows, step, blocks) => {
        const cells = await assemble(columns, rows, step, () => false, blocks);
        const wanted: string[] = [];
        for (let row = 0; row + 28 <= rows; row += step)
          for (let col = 0; col + 28 <= columns; col += step) wanted.push(`${col},${row}`);
        assert.deepEqual(cells.map(({ col, row }) => `${col},${row}`).sort(), wanted.sort());
        const inPanels = new Map(
          (await assemble(columns, rows, step, () => false)).map((cell) => [
            `${cell.col},${cell.row}`,
            cell.descriptor,
          ]),
        );
        for (const { col, row, descriptor } of cells) assert.deepEqual(descriptor, inPanels.get(`${col},${row}`));
      },
    ),
    { numRuns: 25 },
  );
});

test("a cell pools its own window", async () => {
  const cells = await assemble(90, 90, 7, () => false);
  const cell = cells.find(({ col, row }) => col === 35 && row === 49);
  const [x = 0, y = 0] = cell?.descriptor ?? [];
  // First square: columns 35..48 (mean 41.5), rows 49..62 (mean 55.5), as a unit vector.
  assert.ok(Math.abs(x / y - 41.5 / 55.5) < 1e-6);
});

test("cells on less than 90 % imagery are not made", async () => {
  // A strip of 3 of the 28 columns is 10.7 %, of 2 columns 7.1 %.
  const cellsAt = async (width: number) => (await assemble(28, 28, 7, (col) => col < width)).length;
  assert.equal(await cellsAt(2), 1);
  assert.equal(await cellsAt(3), 0);
  const around = await assemble(192, 192, 7, (col, row) => col >= 64 && col < 128 && row >= 64 && row < 128);
  assert.ok(around.every(({ col, row }) => !(col > 60 && col < 100 && row > 60 && row < 100)));
  assert.ok(around.length > 300);
});
