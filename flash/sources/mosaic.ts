import { mercatorToLonLat } from "../../tiles/geodesy/index.js";
import {
  type ImagerySource,
  type LonLatBox,
  type MercatorBox,
  type MercatorWindow,
  type Raster,
  unionBox,
} from "./source.js";

/** Several inputs as one: where they overlap, the later one wins wherever it has imagery. */
export class Mosaic implements ImagerySource {
  readonly name: string;
  readonly extent: MercatorBox;
  readonly bbox: LonLatBox;
  readonly nativeGsd_m: number;

  /** @param layers bottom first, at least one; closed together with the mosaic */
  constructor(readonly layers: readonly ImagerySource[]) {
    this.name = layers.map((layer) => layer.name).join("+");
    this.extent = unionBox(layers.map((layer) => layer.extent));
    const southWest = mercatorToLonLat(this.extent.minX, this.extent.minY);
    const northEast = mercatorToLonLat(this.extent.maxX, this.extent.maxY);
    this.bbox = {
      west: southWest.lon_deg,
      south: southWest.lat_deg,
      east: northEast.lon_deg,
      north: northEast.lat_deg,
    };
    this.nativeGsd_m = Math.min(...layers.map((layer) => layer.nativeGsd_m));
  }

  async read(window: MercatorWindow): Promise<Raster | null> {
    let composed: Raster | null = null;
    // From the top down, so that what is covered need not be read.
    for (const layer of [...this.layers].reverse()) {
      const raster = await layer.read(window);
      if (raster === null) continue;
      composed = composed === null ? raster : fillFrom(composed, raster);
      if (!composed.valid.includes(0)) break;
    }
    return composed;
  }

  async close(): Promise<void> {
    for (const layer of this.layers) await layer.close();
  }
}

/** Fills the top raster's gaps from the one below, in place. */
function fillFrom(top: Raster, below: Raster): Raster {
  for (let pixel = 0; pixel < top.valid.length; pixel++) {
    if (top.valid[pixel] !== 0 || below.valid[pixel] === 0) continue;
    top.valid[pixel] = 1;
    for (let at = pixel * 3; at < pixel * 3 + 3; at++) top.rgb[at] = below.rgb[at] as number;
  }
  return top;
}
