import type { Land, Relief, WindowRequest } from "./land.js";
import { hash01 } from "./random.js";
import type { Sea } from "./sea.js";

/** Land with a sea along one side, as a map shows it: the waves of one moment, which follows from the epoch. */
export class CoastLand implements Land {
  constructor(
    private readonly land: Land,
    private readonly sea: Sea,
  ) {}

  get size_m(): number {
    return this.land.size_m;
  }

  get origin(): Land["origin"] {
    return this.land.origin;
  }

  get tallest_m(): number {
    return this.land.tallest_m;
  }

  render(request: WindowRequest): Uint8Array {
    const rgb = this.land.render(request);
    this.sea.paint({ ...request, rgb }, momentOf(request));
    return rgb;
  }

  renderWithHeights(request: WindowRequest): { rgb: Uint8Array } & Relief {
    const out = this.land.renderWithHeights(request);
    this.sea.paint({ ...request, ...out }, momentOf(request));
    return out;
  }
}

function momentOf(request: WindowRequest): number {
  return 600 + 3600 * hash01(request.epoch.seed, 0x3a);
}
