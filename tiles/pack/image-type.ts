/** The compression of an image by its first bytes, named as MBTiles names it; undefined for anything else. */
export function imageType(image: Uint8Array): "jpg" | "png" | "webp" | undefined {
  const starts = (at: number, ...bytes: number[]) => bytes.every((byte, i) => image[at + i] === byte);
  if (starts(0, 0xff, 0xd8, 0xff)) return "jpg";
  if (starts(0, 0x89, 0x50, 0x4e, 0x47)) return "png";
  if (starts(0, 0x52, 0x49, 0x46, 0x46) && starts(8, 0x57, 0x45, 0x42, 0x50)) return "webp";
  return undefined;
}
