import { createHash } from "node:crypto";
import { z } from "zod";
import { errorMessage, UserError } from "../errors.js";

/** The version of a pack whose descriptors are the encoder's, and of one with a retriever (docs/pack-format.md). */
export const PACK_VERSION = 1;
export const PACK_VERSION_WITH_RETRIEVER = 2;
/** The user_version of tiles.sqlite: its tables are the same in both. */
export const DATABASE_VERSION = 1;

/** Names of the files of a pack. */
export const PACK_FILES = {
  manifest: "pack.json",
  signature: "pack.sig",
  tiles: "tiles.sqlite",
  index: "index.bin",
  features: "features.bin",
} as const;

/** Pixels of the level grid for one feature, on a side. */
export const FEATURE_STRIDE_PX = 8;
/** Features on the side of a block of features.bin. */
export const FEATURE_BLOCK = 64;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hexadecimal digits");
const count = z.int().nonnegative();
const positive = z.number().positive();
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "must be a date, YYYY-MM-DD");
const file = z.strictObject({ bytes: count, sha256 });

const bbox = z
  .strictObject({
    west: z.number().gte(-180).lte(180),
    south: z.number().gte(-85.06).lte(85.06),
    east: z.number().gte(-180).lte(180),
    north: z.number().gte(-85.06).lte(85.06),
  })
  .refine((b) => b.west < b.east && b.south < b.north, "must have west < east and south < north");

const zoom = z
  .strictObject({ min: z.int().gte(0).lte(30), max: z.int().gte(0).lte(30) })
  .refine((value) => value.min <= value.max, "must have min <= max");

const levelGeometry = {
  level: count,
  gsd_m: positive,
  lat0_deg: z.number().gte(-85.06).lte(85.06),
  x0_merc_m: z.number(),
  y0_merc_m: z.number(),
  pixel_merc_m: positive,
  width_px: z.int().positive(),
  height_px: z.int().positive(),
  cell_px: z.int().positive().multipleOf(FEATURE_STRIDE_PX),
  stride_px: z.int().positive().multipleOf(FEATURE_STRIDE_PX),
};

/** The geometry of one level: the raster in which the map is encoded, and how cells lie on it. */
export const LevelGeometry = z.strictObject(levelGeometry);
export type LevelGeometry = z.infer<typeof LevelGeometry>;

/** A level as the manifest holds it: its geometry and how much of each file belongs to it. */
export const LevelManifest = z.strictObject({
  ...levelGeometry,
  cells: count,
  index_row0: count,
  feature_blocks: count,
});
export type LevelManifest = z.infer<typeof LevelManifest>;

/** One source of imagery. */
export const LayerManifest = z.strictObject({
  name: z.string().min(1),
  source: z.string(),
  imagery_date: date.nullable(),
  native_gsd_m: positive,
});
export type LayerManifest = z.infer<typeof LayerManifest>;

const encoder = z.strictObject({ id: z.string().min(1), sha256 });

/** What the caller of PackWriter.create says about the pack to be; everything else is counted while writing. */
export const PackSpec = z.strictObject({
  /** A short human name: the MBTiles `name`. */
  name: z.string().min(1),
  /** Program and version that writes, such as `flash 0.1.0`. */
  generator: z.string().min(1),
  description: z.string().optional(),
  attribution: z.string().optional(),
  /** The mapped area, degrees. */
  bbox,
  /** First and last zoom of the image tiles. */
  zoom,
  /** How the image tiles are compressed; putTile refuses anything else. */
  tile_format: z.enum(["jpg", "png", "webp"]),
  /** In the order in which putCell will deliver their cells. */
  levels: z
    .array(LevelGeometry)
    .min(1)
    .refine((levels) => new Set(levels.map((level) => level.level)).size === levels.length, "levels must differ"),
  layers: z.array(LayerManifest).min(1),
  encoder,
  /** Who made the descriptors, when it was not the encoder. */
  retriever: encoder.optional(),
  descriptor: z.strictObject({ width: z.int().positive().max(8192) }),
  features: z.strictObject({ channels: z.int().positive().max(4096), scale: positive }),
  /** Replace a pack that is already there. */
  overwrite: z.boolean().optional(),
});
export type PackSpec = z.infer<typeof PackSpec>;

const packManifest = z.strictObject({
  format: z.literal("skypack"),
  version: z.literal([PACK_VERSION, PACK_VERSION_WITH_RETRIEVER]),
  name: z.string().min(1),
  created: z.iso.datetime(),
  generator: z.string().min(1),
  bbox,
  zoom,
  levels: z.array(LevelManifest).min(1),
  layers: z.array(LayerManifest).min(1),
  encoder,
  /** Who made the descriptors, when it was not the encoder: version 2 has it, version 1 has not. */
  retriever: z.strictObject({ id: z.string().min(1), sha256, width: z.int().positive().max(8192) }).optional(),
  descriptor: z.strictObject({ width: z.int().positive().max(8192), dtype: z.literal("int8+float32") }),
  features: z.strictObject({
    channels: z.int().positive().max(4096),
    stride_px: z.literal(FEATURE_STRIDE_PX),
    dtype: z.literal("int8"),
    scale: positive,
    block: z.literal(FEATURE_BLOCK),
  }),
  counts: z.strictObject({ tiles: count, cells: count, feature_blocks: count }),
  files: z.strictObject({
    [PACK_FILES.tiles]: file,
    [PACK_FILES.index]: file,
    [PACK_FILES.features]: file,
  }),
  /** SHA-256 of pack.json itself with these 64 digits replaced by zeros: no byte of a pack is unprotected. */
  checksum: sha256,
});
/** pack.json. */
export const PackManifest = packManifest
  .refine(({ version, retriever }) => (version === PACK_VERSION_WITH_RETRIEVER) === (retriever !== undefined), {
    path: ["retriever"],
    message: `must be there in version ${PACK_VERSION_WITH_RETRIEVER}, and in no other`,
  })
  .refine(({ retriever, descriptor }) => retriever === undefined || retriever.width === descriptor.width, {
    path: ["retriever", "width"],
    message: "must be descriptor.width",
  });
export type PackManifest = z.infer<typeof PackManifest>;

const ZEROS = "0".repeat(64);

/** The bytes of pack.json for a manifest; its `checksum` is computed here, whatever was given. */
export function encodeManifest(manifest: Omit<PackManifest, "checksum">): { bytes: Buffer; manifest: PackManifest } {
  const draft = `${JSON.stringify({ ...manifest, checksum: ZEROS }, null, 2)}\n`;
  const checksum = sha256Hex(Buffer.from(draft));
  const at = draft.lastIndexOf(ZEROS);
  const text = draft.slice(0, at) + checksum + draft.slice(at + ZEROS.length);
  return { bytes: Buffer.from(text), manifest: PackManifest.parse({ ...manifest, checksum }) };
}

/**
 * Reads and judges the bytes of pack.json.
 * @param path how messages name the file
 * @throws UserError for what is not JSON, not a pack, of another version, altered, or against the schema
 */
export function decodeManifest(bytes: Buffer, path: string): PackManifest {
  let raw: unknown;
  try {
    raw = JSON.parse(bytes.toString("utf8"));
  } catch (thrown) {
    throw new UserError(`${path} is not valid JSON (${errorMessage(thrown)}): the pack is damaged, copy it again`);
  }
  const head = z.looseObject({ format: z.literal("skypack"), version: z.number() }).safeParse(raw);
  if (!head.success) throw new UserError(`${path} is not the manifest of a skypack`);
  if (head.data.version !== PACK_VERSION && head.data.version !== PACK_VERSION_WITH_RETRIEVER) {
    throw new UserError(
      `${path} has pack format version ${head.data.version}, this program reads versions ${PACK_VERSION} and ` +
        `${PACK_VERSION_WITH_RETRIEVER}: ` +
        `make the pack again with this release's flash pack`,
    );
  }
  const parsed = PackManifest.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
    throw new UserError(`${path} breaks the pack format${where}: ${issue?.message ?? "unknown fault"}`);
  }
  const text = bytes.toString("latin1");
  const at = text.lastIndexOf(parsed.data.checksum);
  const blanked = Buffer.from(text.slice(0, at) + ZEROS + text.slice(at + ZEROS.length), "latin1");
  if (sha256Hex(blanked) !== parsed.data.checksum) {
    throw new UserError(`${path} was altered: its checksum does not match its contents, copy the pack again`);
  }
  return parsed.data;
}

function sha256Hex(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
