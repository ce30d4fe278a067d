import { z } from "zod";
import { UserError } from "../../../../tiles/errors.js";
import { AGENT_COMPONENT } from "../../identity.js";
import { FEED_CHOICES, type FeedName } from "./choose.js";

/** Rates each way of feeding works at, Hz: at least, at most, and what is taken where nothing is configured. */
export const FEED_RATES = {
  global_position_sensor: { min: 2, max: 20, normal: 5 },
  /** On PX4 10 at least: see `px4`. */
  odometry: { min: 5, max: 30, normal: 10 },
  vision_position_estimate: { min: 5, max: 30, normal: 10 },
  external_position_estimate: { min: 10, max: 10, normal: 10 },
  gps_input: { min: 5, max: 10, normal: 5 },
} as const satisfies Record<FeedName, { min: number; max: number; normal: number }>;

/** Local positions for PX4: gaps of 200 ms keep it from starting. */
export const PX4_LOCAL_RATE = { min: 10, normal: 15 } as const;

/** ArduPilot buffers no more than this (VISO_DELAY_MS, GPS1_DELAY_MS). */
const MAX_LATENCY_MS = 250;
/** Ages where none is configured and no parameter tells one. */
export const NORMAL_LATENCY_MS = { px4: 200, gps_input: 250 } as const;

/** How the autopilot is fed; every key has a default but `answersTimesync`, which only the link can tell. */
export const feedOptionsSchema = z.strictObject({
  publisher: z.enum(FEED_CHOICES).default("auto"),
  /** null: the normal rate of the publisher. */
  rate_hz: z.number().min(2).max(30).nullable().default(null),
  /** Constant age of the positions that are sent; null: VISO_DELAY_MS on ArduPilot, 200 for stamped ones on PX4. */
  latency_ms: z.number().min(0).max(MAX_LATENCY_MS).nullable().default(null),
  /** Without a new fix a position carried on is sent as new information after this long (ArduPilot). */
  refresh_s: z.number().min(0.2).max(5).default(1),
  origin: z
    .strictObject({
      lat_deg: z.number().min(-90).max(90),
      lon_deg: z.number().min(-180).max(180),
      alt_m: z.number().min(-1000).max(10_000),
    })
    .nullable()
    .default(null),
  sensorId: z.int().min(0).max(255).default(1),
  eph_floor_m: z.number().min(0).max(50).default(5),
  answersTimesync: z.boolean(),
  /** ArduPilot source sets to switch between on GPS loss; null: no switching. */
  sourceSets: z
    .strictObject({
      gps: z.int().min(1).max(3).default(1),
      vision: z.int().min(1).max(3).default(2),
      back_after_s: z.number().min(1).max(120).default(10),
    })
    .refine(({ gps, vision }) => gps !== vision, "gps and vision are the same set")
    .nullable()
    .default(null),
  externalPosition: z
    .strictObject({
      interval_s: z.number().min(0.5).max(60).default(2),
      fixes: z.int().min(2).max(100).default(5),
      max_protection_level_m: z.number().positive().max(1000).default(50),
      max_fix_age_s: z.number().positive().max(30).default(3),
    })
    .prefault({}),
  /** Altitude of the take-off place for GPS_INPUT while the vehicle is disarmed and tells none. */
  ground_alt_m: z.number().min(-1000).max(10_000).nullable().default(null),
  /** The operator is told when the EKF has not used the feed for this long. */
  notFusedAfter_s: z.number().min(3).max(120).default(10),
  /** Our component on the link: acknowledgements for others are not ours; null takes all. */
  ownComponent: z.int().min(1).max(255).nullable().default(AGENT_COMPONENT),
});

export type FeedOptions = z.input<typeof feedOptionsSchema>;
export type FeedSettings = z.output<typeof feedOptionsSchema>;

/** Options with their defaults; a UserError for what is wrong in them. */
export function feedSettings(options: FeedOptions): FeedSettings {
  const parsed = feedOptionsSchema.safeParse(options);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UserError(`publisher: ${issue?.path.join(".") || "options"}: ${issue?.message ?? "not valid"}`);
  }
  const settings = parsed.data;
  if (settings.publisher !== "auto" && settings.rate_hz !== null) {
    const { min, max } = FEED_RATES[settings.publisher];
    if (settings.rate_hz < min || settings.rate_hz > max) {
      throw new UserError(
        `publisher: rate_hz: ${settings.publisher} goes at ${min} to ${max} Hz, not ${settings.rate_hz}`,
      );
    }
  }
  return settings;
}
