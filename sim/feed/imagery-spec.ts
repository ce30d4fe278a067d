import { UserError } from "../../tiles/errors.js";
import { type ImagerySource, type MercatorReader, mercatorImagery, worldImagery } from "../camera/imagery.js";
import { epochOf, Options, PLACE_OPTIONS, worldOf } from "../options.js";
import { blockImagery } from "./block-imagery.js";

/** A file of imagery that is open: how to read it, and the middle of what it shows. */
export interface OpenFile {
  readonly reader: MercatorReader;
  readonly centre: { readonly lat_deg: number; readonly lon_deg: number };
}

/** Painted blocks of a world that are kept, of about 1 MB each: all of a place of 1.4 km in the coarser pixels of turns. */
const KEPT_BLOCKS = 240;
const FORMS =
  "world:seed=1,size=1000,epoch=1 (also lat=, lon=, land-use=, relief=off) or file:MAP.tif or file:MAP.mbtiles";

/**
 * The imagery that a camera flies over, by its description: `world:KEY=VALUE,…` or `file:PATH`.
 *
 * @param openFile opens GeoTIFF and MBTiles: the simulator knows no file formats of maps
 * @throws UserError for what it does not understand
 */
export async function openImagery(spec: string, openFile: (path: string) => Promise<OpenFile>): Promise<ImagerySource> {
  const [, kind = "", rest = ""] = /^(\w+):(.*)$/s.exec(spec) ?? [];
  if (kind === "world") return worldOfSpec(rest);
  if (kind === "file" && rest !== "") {
    const { reader, centre } = await openFile(rest);
    return blockImagery(mercatorImagery(reader, centre));
  }
  throw new UserError(`--imagery ${spec}: give ${FORMS}`);
}

function worldOfSpec(text: string): ImagerySource {
  const args = text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const [, name = "", value = ""] = /^([\w-]+)=(.+)$/.exec(part) ?? [];
      if (name === "") throw new UserError(`--imagery world: "${part}" is not KEY=VALUE; give ${FORMS}`);
      return `--${name === "size" ? "size-m" : name}=${value}`;
    });
  const options = new Options({ ...PLACE_OPTIONS, epoch: "1", relief: "on" }, args);
  const relief = options.choice("relief", ["on", "off"]) === "on";
  return worldImagery(worldOf(options), epochOf(options), relief, KEPT_BLOCKS);
}
