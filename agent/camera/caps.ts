import type { FrameImage } from "../vision/frame.js";

/** Formats of pixels that are taken, with the number of their channels. */
export const PIXEL_FORMATS = { GRAY8: 1, RGB: 3 } as const;
export type PixelFormat = keyof typeof PIXEL_FORMATS;

/** What a raw video stream carries. */
export interface VideoFormat {
  readonly format: PixelFormat;
  readonly width_px: number;
  readonly height_px: number;
}

/** Larger pictures come from no camera; smaller ones show nothing. */
const MAX_SIDE_PX = 16384;

/** The stream carries what the agent cannot read; the message says what to change in the pipeline. */
export class CapsError extends Error {
  override readonly name = "CapsError";
}

/**
 * Reads the caps of a stream, such as `video/x-raw, format=(string)GRAY8, width=(int)640, height=(int)480`.
 *
 * @throws CapsError when it is not raw video in system memory, grey or RGB, of a sensible size
 */
export function parseCaps(caps: string): VideoFormat {
  const [media = "", ...fields] = splitFields(caps);
  if (media.startsWith("video/x-raw(") && media !== "video/x-raw(memory:SystemMemory)") {
    throw new CapsError(`the pictures are in ${media.slice(11)}: copy them out of it (nvvidconv ! video/x-raw)`);
  }
  if (!media.startsWith("video/x-raw")) throw new CapsError(`the stream is ${media || "empty"}, not video/x-raw`);
  const values = new Map<string, string>();
  for (const field of fields) {
    const match = /^([\w-]+)\s*=\s*(?:\([\w/]+\)\s*)?"?([^"]*?)"?$/.exec(field);
    if (match !== null) values.set(match[1] ?? "", match[2] ?? "");
  }
  const format = values.get("format") ?? "";
  if (!isPixelFormat(format)) {
    const names = Object.keys(PIXEL_FORMATS).join(" or ");
    throw new CapsError(`pixels come as ${format || "nothing"}, not as ${names}: add ! videoconvert`);
  }
  return { format, width_px: sideOf(values, "width"), height_px: sideOf(values, "height") };
}

/**
 * Takes the picture out of a buffer: GStreamer begins every row at a multiple of four bytes.
 *
 * @throws CapsError when the buffer is not as large as its caps say
 */
export function imageOf({ format, width_px, height_px }: VideoFormat, data: Uint8Array): FrameImage {
  const channels = PIXEL_FORMATS[format];
  const row_bytes = width_px * channels;
  const stride_bytes = (row_bytes + 3) & ~3;
  const image = { kind: "raw", width_px, height_px, channels } as const;
  if (data.length === row_bytes * height_px) return { ...image, data };
  if (data.length !== stride_bytes * height_px) {
    throw new CapsError(
      `a buffer of ${data.length} bytes is no ${format} picture of ${width_px}x${height_px} (${stride_bytes * height_px} bytes)`,
    );
  }
  const packed = new Uint8Array(row_bytes * height_px);
  for (let row = 0; row < height_px; row++) {
    packed.set(data.subarray(row * stride_bytes, row * stride_bytes + row_bytes), row * row_bytes);
  }
  return { ...image, data: packed };
}

function isPixelFormat(text: string): text is PixelFormat {
  return Object.hasOwn(PIXEL_FORMATS, text);
}

function sideOf(values: ReadonlyMap<string, string>, name: "width" | "height"): number {
  const text = values.get(name) ?? "";
  const side = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (side < 1 || side > MAX_SIDE_PX) throw new CapsError(`the stream's ${name} is ${text || "missing"}`);
  return side;
}

/** Splits at the commas that stand in no quotes, brackets or lists. */
function splitFields(caps: string): string[] {
  const fields: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < caps.length; i++) {
    const c = caps[i] ?? "";
    if (c === '"') quoted = !quoted;
    else if (quoted) continue;
    else if ("([{<".includes(c)) depth++;
    else if (")]}>".includes(c)) depth--;
    else if (c === "," && depth <= 0) {
      fields.push(caps.slice(start, i).trim());
      start = i + 1;
    }
  }
  fields.push(caps.slice(start).trim());
  return fields;
}
