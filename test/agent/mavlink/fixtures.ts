import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";

/** test/fixtures/mavlink of the source tree, from wherever the tests were compiled to. */
function fixtureFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, "test", "fixtures", "mavlink");
    if (existsSync(join(folder, "package.json")) && existsSync(candidate)) return candidate;
    assert.notEqual(folder, dirname(folder), "test/fixtures/mavlink not found");
  }
}

const FOLDER = fixtureFolder();

const scalar = z.union([z.number(), z.string()]);
const fields = z.record(z.string(), z.union([scalar, z.array(scalar)]));
const vectorsSchema = z.object({
  messages: z.array(
    z.object({
      name: z.string(),
      msgid: z.int(),
      crc_extra: z.int(),
      payload_length_min: z.int(),
      payload_length_max: z.int(),
      fields: z.array(z.object({ name: z.string(), type: z.string(), array_length: z.int(), extension: z.boolean() })),
    }),
  ),
  cases: z.array(
    z.object({
      name: z.string(),
      message: z.string(),
      msgid: z.int(),
      fields,
      sysid: z.int(),
      compid: z.int(),
      seq: z.int(),
      payload_length: z.int(),
      hex: z.string(),
      hex_mavlink1: z.string().optional(),
      bytewise_int32: z.int().optional(),
      signed: z.object({ key_hex: z.string(), link_id: z.int(), timestamp: z.string(), hex_signed: z.string() }),
    }),
  ),
  bad_frames: z.array(
    z.object({
      name: z.string(),
      reason: z.string(),
      accept: z.boolean(),
      decodes: z.array(z.string()),
      hex: z.string(),
      key_hex: z.string().optional(),
      fields: fields.optional(),
      true_msgid: z.int().optional(),
    }),
  ),
  chunked_texts: z.array(z.object({ text: z.string(), severity: z.int(), id: z.int(), cases: z.array(z.string()) })),
  signing_sequences: z.array(
    z.object({
      name: z.string(),
      key_hex: z.string(),
      reader_timestamp: z.string(),
      frames: z.array(z.object({ timestamp: z.string(), hex: z.string(), accept: z.boolean(), reason: z.string() })),
    }),
  ),
});

export type Vectors = z.infer<typeof vectorsSchema>;
export type VectorCase = Vectors["cases"][number];

/** mavlink.json: frames encoded and signed by pymavlink. */
export const VECTORS: Vectors = vectorsSchema.parse(JSON.parse(readFileSync(join(FOLDER, "mavlink.json"), "utf8")));

/** A scalar of the vectors as the number it stands for. */
export function vectorNumber(value: number | string): number {
  if (typeof value === "number") return value;
  return value === "-0" ? -0 : Number(value);
}

/** One read or write of a recorded link. */
export interface RecordedChunk {
  readonly t_us: number;
  readonly direction: "from" | "to";
  readonly bytes: Buffer;
}

export type Recording = "ardupilot-copter" | "ardupilot-plane" | "ardupilot-signed" | "px4-quad" | "px4-quad-dropout";

/** The chunks of a .mavraw file (its README describes the format). */
export function readRecording(name: Recording): RecordedChunk[] {
  const file = readFileSync(join(FOLDER, `${name}.mavraw`));
  assert.equal(file.toString("latin1", 0, 8), "MAVRAW1\n");
  const chunks: RecordedChunk[] = [];
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32LE(at + 8);
    chunks.push({
      t_us: Number(file.readBigUInt64LE(at)),
      direction: file.readUInt8(at + 12) === 0 ? "from" : "to",
      bytes: file.subarray(at + 13, at + 13 + length),
    });
    at += 13 + length;
  }
  return chunks;
}

/** All bytes of one direction of a recording. */
export function recordedBytes(name: Recording, direction: RecordedChunk["direction"]): Buffer {
  return Buffer.concat(
    readRecording(name)
      .filter((chunk) => chunk.direction === direction)
      .map((chunk) => chunk.bytes),
  );
}

/** A frame of a recording, and when it was complete. */
export interface RecordedFrame {
  readonly t_us: number;
  readonly direction: RecordedChunk["direction"];
  readonly frame: MavlinkFrame;
}

/** The frames of a recording, both directions in order of time. */
export function readFrames(name: Recording): RecordedFrame[] {
  const framers = { from: new MavlinkFramer(), to: new MavlinkFramer() };
  return readRecording(name).flatMap(({ t_us, direction, bytes }) =>
    framers[direction].push(bytes).map((frame) => ({ t_us, direction, frame })),
  );
}

export const RECORDINGS: readonly Recording[] = [
  "ardupilot-copter",
  "ardupilot-plane",
  "ardupilot-signed",
  "px4-quad",
  "px4-quad-dropout",
];

const indexSchema = z.object({
  frames: z.object({ from_autopilot: z.int(), to_autopilot: z.int() }),
  counts: z.array(
    z.object({
      direction: z.enum(["from_autopilot", "to_autopilot"]),
      msgid: z.int(),
      sysid: z.int(),
      compid: z.int(),
      count: z.int(),
    }),
  ),
  param_values: z.array(z.object({ param_id: z.string(), param_type: z.int(), param_value: scalar })),
  timesync: z.object({
    requests_of_the_autopilot: z.int(),
    answered_by_the_agent: z.int(),
    answers_of_the_autopilot: z.int(),
    best_first_10_s: z.object({ rtt_us: z.number(), offset_us: z.number(), t_s: z.number() }),
    windows: z.array(z.object({ from_s: z.number(), answers: z.int(), min_rtt_us: z.number(), offset_us: z.number() })),
  }),
});

/** The index of a recording: what pymavlink found in it. */
export function readIndex(name: Recording): z.infer<typeof indexSchema> {
  return indexSchema.parse(JSON.parse(readFileSync(join(FOLDER, `${name}.idx.json`), "utf8")));
}
