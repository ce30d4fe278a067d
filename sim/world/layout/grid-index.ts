import type { Box } from "../plane.js";

/** Finds the boxes that touch a window: a uniform grid of lists. Answers come in insertion order, each item once. */
export class GridIndex {
  private readonly cells = new Map<number, number[]>();
  private stamps = new Uint32Array(1024);
  private stamp = 0;
  private readonly boxes: Box[] = [];

  constructor(private readonly cell_m: number) {}

  insert(id: number, box: Box): void {
    this.boxes[id] = box;
    if (id >= this.stamps.length) {
      const grown = new Uint32Array(Math.max(id + 1, this.stamps.length * 2));
      grown.set(this.stamps);
      this.stamps = grown;
    }
    this.visit(box, (key) => {
      const list = this.cells.get(key);
      if (list === undefined) this.cells.set(key, [id]);
      else list.push(id);
    });
  }

  query(box: Box): number[] {
    const found: number[] = [];
    this.stamp++;
    this.visit(box, (key) => {
      for (const id of this.cells.get(key) ?? []) {
        if (this.stamps[id] === this.stamp) continue;
        this.stamps[id] = this.stamp;
        const b = this.boxes[id];
        if (b !== undefined && b.x0 <= box.x1 && b.x1 >= box.x0 && b.y0 <= box.y1 && b.y1 >= box.y0) found.push(id);
      }
    });
    return found.sort((a, b) => a - b);
  }

  private visit(box: Box, each: (key: number) => void): void {
    const c = this.cell_m;
    const col1 = Math.floor(box.x1 / c);
    const row1 = Math.floor(box.y1 / c);
    for (let row = Math.floor(box.y0 / c); row <= row1; row++) {
      for (let col = Math.floor(box.x0 / c); col <= col1; col++) each(row * 65536 + col);
    }
  }
}
