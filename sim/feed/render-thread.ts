/**
 * The thread that paints ground, renders pictures and writes them out, so that the main thread hears every message of the
 * vehicle when it arrives: their time of arrival is the time of the pose.
 */
import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { stepBack } from "../../tiles/thread-priority.js";
import { gdpCaps } from "./gdp-writer.js";
import { type OpenFile, openImagery } from "./imagery-spec.js";
import { FeedRenderer, type RendererOptions } from "./renderer.js";
import type { TruePose } from "./true-pose.js";

export interface ThreadData {
  readonly imagery: string;
  readonly renderer: RendererOptions;
}

/** One picture to render; `before` and `after` are poses around it, for what the movement does to it. */
export interface CaptureRequest {
  readonly kind: "capture";
  readonly t_us: number;
  readonly ground_amsl_m: number;
  readonly pose: TruePose;
  readonly before: TruePose | null;
  readonly after: TruePose | null;
}

/** Ground to paint ahead of the vehicle, until the time is over. */
export interface PrepareRequest {
  readonly kind: "prepare";
  readonly ground_amsl_m: number;
  readonly pose: TruePose;
  readonly until_us: number;
}

export type ThreadReply =
  | { readonly kind: "ready" }
  | { readonly kind: "written" }
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly message: string; readonly userError: boolean };

/** Decoded blocks of a map that are kept. */
const FILE_CACHE_BYTES = 128 * 2 ** 20;

/** Opens a map with the readers of the map builder: only here, where the process is put together. */
async function openMapFile(path: string): Promise<OpenFile> {
  const { openSource } = await import("../../flash/sources/open.js");
  const { BlockCache } = await import("../../flash/sources/block-cache.js");
  const reader = await openSource(path, new BlockCache(FILE_CACHE_BYTES));
  const { west, south, east, north } = reader.bbox;
  return { reader, centre: { lat_deg: (south + north) / 2, lon_deg: (west + east) / 2 } };
}

/** Writes all of it to the standard output, waiting for a reader that is slow: nothing queues. False = nobody reads. */
function writeAll(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (thrown) {
      const code = thrown instanceof Error && "code" in thrown ? thrown.code : "";
      if (code === "EPIPE") return false;
      if (code !== "EAGAIN") throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
  return true;
}

/** A real camera takes no time of the computer that it is plugged into: this one takes it after the agent's links. */
const BEHIND = 5;

const port = parentPort;
if (port !== null) {
  stepBack(BEHIND);
  const reply = (message: ThreadReply): void => port.postMessage(message);
  const fail = (thrown: unknown): void =>
    reply({ kind: "failed", message: errorMessage(thrown), userError: thrown instanceof UserError });
  const { imagery, renderer: options } = workerData as ThreadData;
  openImagery(imagery, openMapFile)
    .then((source) => {
      const renderer = new FeedRenderer(source, options);
      const { width_px, height_px } = options.camera.intrinsics;
      const { pixels } = options;
      const handle = async (request: CaptureRequest | PrepareRequest): Promise<void> => {
        const { pose, ground_amsl_m } = request;
        if (request.kind === "prepare") {
          const now_us = (): number => Number(process.hrtime.bigint() / 1000n);
          await renderer.prepare(pose, ground_amsl_m, () => now_us() < request.until_us);
          return;
        }
        const { t_us, before, after } = request;
        const packet = await renderer.packet(t_us, ground_amsl_m, pose, before, after);
        reply({ kind: writeAll(packet) ? "written" : "ended" });
      };
      // One after the other: a picture waits for the piece of ground that is being painted, and no longer.
      let last = Promise.resolve();
      port.on("message", (request: CaptureRequest | PrepareRequest) => {
        last = last.then(() => handle(request)).catch(fail);
      });
      reply({ kind: writeAll(gdpCaps({ pixels, width_px, height_px })) ? "ready" : "ended" });
    })
    .catch(fail);
}
