import { readFully } from "../files.js";
import type { IndexLayout } from "./format.js";

/** Float32 rows per piece of memory: no single array grows with the index. */
const PIECE_BYTES = 64 * 2 ** 20;

/** The float32 section of an index: in memory when it fits the allowance, otherwise one read per row. */
export class FloatRows {
  private readonly pieces: Float32Array[] = [];
  private readonly rowsPerPiece: number;
  private readonly single: Float32Array;

  constructor(
    private readonly fd: number,
    private readonly path: string,
    private readonly layout: IndexLayout,
    allowance_bytes: number,
  ) {
    const { rows, width } = layout;
    this.single = new Float32Array(width);
    this.rowsPerPiece = Math.max(1, Math.floor(PIECE_BYTES / (width * 4)));
    if (rows * width * 4 > allowance_bytes) return;
    for (let first = 0; first < rows; first += this.rowsPerPiece) {
      const piece = new Float32Array(Math.min(this.rowsPerPiece, rows - first) * width);
      this.read(piece, first);
      this.pieces.push(piece);
    }
  }

  /** A row; valid until the next call. */
  get(row: number): Float32Array {
    const piece = this.pieces[Math.floor(row / this.rowsPerPiece)];
    if (piece === undefined) {
      this.read(this.single, row);
      return this.single;
    }
    const at = (row % this.rowsPerPiece) * this.layout.width;
    return piece.subarray(at, at + this.layout.width);
  }

  private read(target: Float32Array, first: number): void {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    const position = this.layout.floats_offset + first * this.layout.width * 4;
    readFully(this.fd, this.path, bytes, 0, bytes.length, position);
  }
}
