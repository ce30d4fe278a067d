/**
 * The camera of a simulated vehicle: follows its true pose over MAVLink and writes what a camera there sees as a GDP
 * stream, as gst-launch-1.0 … ! gdppay does. PTS are CLOCK_MONOTONIC.
 *
 * `node dist/sim/feed/main.js --vehicle udpin:127.0.0.1:14560 --imagery world:seed=1,size=1000,epoch=1 --hfov 66`
 */
import { Worker } from "node:worker_threads";
import { UserError } from "../../tiles/errors.js";
import { Options, runCommand } from "../options.js";
import { CAMERA_OPTIONS, cameraOf } from "./camera-options.js";
import { type FeedCounts, runFeed } from "./feed.js";
import type { CaptureRequest, PrepareRequest, ThreadData, ThreadReply } from "./render-thread.js";
import { carriedOn, SHUTTER_STEP_US } from "./renderer.js";
import { POSE_SOURCES, TruePoseTrack } from "./true-pose.js";
import { listenToVehicle } from "./vehicle-link.js";

/** How far ahead of the vehicle ground is painted when there is time, and over what time its movement is taken. */
const AHEAD_S = 3;
const MOVEMENT_S = 0.5;
/** Painting ends this long before the next picture. */
const PREPARE_MARGIN_US = 60_000;
const REPORT_MS = 10_000;

const monotonic_us = (): number => Number(process.hrtime.bigint() / 1000n);

/** The rendering thread as the feed uses it. */
class RenderThread {
  readonly #worker: Worker;
  #answer: { resolve(reply: ThreadReply): void; reject(reason: unknown): void } | null = null;
  readonly ready: Promise<void>;

  constructor(data: ThreadData, whenEnded: () => void) {
    this.#worker = new Worker(new URL("render-thread.js", import.meta.url), { workerData: data });
    this.ready = this.#next().then(() => undefined);
    const fail = (reason: unknown): void => this.#answer?.reject(reason);
    this.#worker.on("error", fail);
    this.#worker.on("exit", () => fail(new Error("the rendering thread has ended")));
    this.#worker.on("message", (reply: ThreadReply) => {
      if (reply.kind === "ended") whenEnded();
      if (reply.kind !== "failed") this.#answer?.resolve(reply);
      else fail(reply.userError ? new UserError(reply.message) : new Error(reply.message));
    });
  }

  async capture(request: CaptureRequest): Promise<void> {
    const answer = this.#next();
    this.#worker.postMessage(request);
    await answer;
  }

  prepare(request: PrepareRequest): void {
    this.#worker.postMessage(request);
  }

  async close(): Promise<void> {
    this.#answer = null;
    await this.#worker.terminate();
  }

  #next(): Promise<ThreadReply> {
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
    });
  }
}

runCommand(async () => {
  const options = new Options({
    ...CAMERA_OPTIONS,
    vehicle: undefined,
    imagery: undefined,
    pixels: "RGB",
    "rate-hz": "5",
    "ground-amsl": undefined,
    "exposure-ms": "2",
    "readout-ms": "0",
    gsd: "0.2",
  });
  const track = new TruePoseTrack(
    options.optional("ground-amsl") === undefined ? null : options.number("ground-amsl", -500, 9000),
  );
  const period_us = Math.round(1e6 / options.number("rate-hz", 0.05, 120));
  const vehicle = options.text("vehicle");
  const end = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => end.abort());
  const thread = new RenderThread(
    {
      imagery: options.text("imagery"),
      renderer: {
        camera: cameraOf(options),
        pixels: options.choice("pixels", ["GRAY8", "RGB"]),
        shutter: {
          exposure_ms: options.number("exposure-ms", 0, 100),
          readout_ms: options.number("readout-ms", 0, 200),
        },
        gsd_m: options.number("gsd", 0.02, 20),
      },
    },
    () => end.abort(),
  );
  const counts: FeedCounts = { frames: 0, late: 0, blind: 0 };
  const report = setInterval(() => {
    const { source } = track;
    const from = source === POSE_SOURCES[2] ? `${source}, which is not the truth` : (source ?? "nothing yet");
    process.stderr.write(
      `${counts.frames} frames, ${counts.late} left out, ${counts.blind} without a pose; pose from ${from}\n`,
    );
  }, REPORT_MS);
  let link: { close(): Promise<void> } | null = null;
  try {
    await thread.ready;
    link = await listenToVehicle(vehicle, track);
    await runFeed(
      {
        period_us,
        now_us: monotonic_us,
        newestPose_us: () => track.newest_us,
        poseAt: (t_us) => (track.ground_amsl_m === null ? null : track.at(t_us)),
        deliver: (pose, t_us) =>
          thread.capture({
            kind: "capture",
            t_us,
            pose,
            ground_amsl_m: track.ground_amsl_m ?? 0,
            before: track.at(t_us - SHUTTER_STEP_US),
            after: track.at(t_us + SHUTTER_STEP_US),
          }),
        prepare(pose, t_us, next_us) {
          const before = track.at(t_us - MOVEMENT_S * 1e6);
          if (before === null) return;
          const later = carriedOn(before, pose, AHEAD_S / MOVEMENT_S);
          const until_us = next_us - PREPARE_MARGIN_US;
          thread.prepare({ kind: "prepare", pose: later, ground_amsl_m: track.ground_amsl_m ?? 0, until_us });
        },
      },
      counts,
      end.signal,
    );
  } finally {
    clearInterval(report);
    await link?.close();
    await thread.close();
  }
});
