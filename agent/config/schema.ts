import { z } from "zod";
import { PROVIDERS } from "../../models/runtime/session.js";
import { MOUNT_SCHEMA } from "../flight/flight-toml.js";
import type { LinkRole } from "../mavlink/hub.js";
import { feedOptionsSchema } from "../mavlink/publishers/flight/feed-options.js";
import { UNSIGNED_RULES } from "../mavlink/signing-files.js";
import { DEFAULT_NAVIGATION_CONFIG } from "../navigation/config.js";
import { DEFAULT_VEHICLE_CONFIG } from "../vehicle/config.js";
import { CAMERA_SCHEMA } from "./camera.js";

/** Levels of the log, the most talkative first. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error"] as const;

/** Who is at the other end of a link: the autopilot, or a ground station. */
export const LINK_ROLES = ["autopilot", "gcs"] as const satisfies readonly LinkRole[];

/** Autopilots by family; `auto` takes either. */
export const AUTOPILOT_KINDS = ["auto", "px4", "ardupilot"] as const;

const Agent = z.strictObject({
  state_dir: z.string().min(1).default("/var/lib/skylink-agent"),
  log_level: z.enum(LOG_LEVELS).default("info"),
  log_format: z.enum(["auto", "json", "text"]).default("auto"),
  threads: z.int().min(1).max(64).default(2),
  providers: z.array(z.enum(PROVIDERS)).min(1).default(["cpu"]),
});

const Pack = z.strictObject({ path: z.string().min(1) });

const Models = z.strictObject({
  encoder: z.string().min(1).default("shipped"),
  reranker: z.string().min(1).default("shipped"),
  registrar: z.string().min(1).default("shipped"),
  retriever: z.string().min(1).default("none"),
});

const Mavlink = z.strictObject({
  system_id: z.int().min(0).max(255).default(0),
  component_id: z.int().min(2).max(255).default(197),
  answer_timesync: z.boolean().default(false),
});

const Link = z.strictObject({
  url: z.string().min(1),
  role: z.enum(LINK_ROLES).default("autopilot"),
  signed: z.boolean().default(true),
  signing_link_id: z.int().min(0).max(255).optional(),
});

const Signing = z.strictObject({
  key_file: z.string().min(1).optional(),
  unsigned: z.enum(UNSIGNED_RULES).default("refuse"),
});

const feed = feedOptionsSchema.shape;
const Autopilot = z.strictObject({
  kind: z.enum(AUTOPILOT_KINDS).default("auto"),
  publisher: feed.publisher,
  rate_hz: feed.rate_hz.unwrap().unwrap().optional(),
  latency_ms: feed.latency_ms.unwrap().unwrap().optional(),
  refresh_s: feed.refresh_s,
  sensor_id: feed.sensorId,
  eph_floor_m: feed.eph_floor_m,
  not_fused_after_s: feed.notFusedAfter_s,
  ground_alt_m: feed.ground_alt_m.unwrap().unwrap().optional(),
  origin: feed.origin.unwrap().unwrap().optional(),
  source_sets: feed.sourceSets.unwrap().unwrap().optional(),
  external_position: feed.externalPosition,
});

const { integrity, estimator } = DEFAULT_NAVIGATION_CONFIG;
const Navigation = z.strictObject({
  max_speed_mps: z.number().positive().max(300).default(integrity.max_speed_mps),
  integrity_risk: z.number().min(1e-9).max(0.1).default(integrity.risk),
  alert_limit_m: z.number().min(1).max(10_000).default(integrity.alert_limit_m),
  initial_heading_sigma_deg: z.number().positive().max(180).default(estimator.heading_sigma_deg),
  pose_wait_ms: z.number().min(0).max(150).default(150),
  near_gps_m: z.number().min(0).max(10_000).default(0),
  start: z
    .strictObject({
      lat_deg: z.number().min(-85).max(85),
      lon_deg: z.number().min(-180).max(180),
      radius_m: z.number().positive().max(100_000),
    })
    .optional(),
});

const { tilt } = DEFAULT_VEHICLE_CONFIG;
const Attitude = z.strictObject({
  per_lean: z.number().min(0).max(1).default(tilt.per_lean),
  per_lean_unaided: z.number().min(0).max(1).default(tilt.per_lean_unaided),
  clock_sigma_ms: z.number().min(0).max(1000).default(tilt.clock_sigma_ms),
});

const Status = z.strictObject({
  enabled: z.boolean().default(true),
  host: z.string().min(1).default("127.0.0.1"),
  port: z.int().min(0).max(65535).default(8080),
});

const Watchdog = z.strictObject({
  enabled: z.boolean().default(true),
  link_silence_s: z.number().min(1).max(3600).default(10),
  frame_silence_s: z.number().min(1).max(3600).default(10),
  startup_grace_s: z.number().min(0).max(3600).default(120),
});

/** The daemon's configuration file. `systemd/agent.toml` documents every key. */
export const CONFIG_SCHEMA = z.strictObject({
  agent: Agent.prefault({}),
  pack: Pack,
  models: Models.prefault({}),
  camera: CAMERA_SCHEMA,
  mount: MOUNT_SCHEMA.optional(),
  mavlink: Mavlink.prefault({}),
  signing: Signing.prefault({}),
  link: z.array(Link).min(1, "the agent needs at least one [[link]]: the autopilot's"),
  autopilot: Autopilot.prefault({}),
  navigation: Navigation.prefault({}),
  attitude: Attitude.prefault({}),
  status: Status.prefault({}),
  watchdog: Watchdog.prefault({}),
});

export type DaemonConfig = z.infer<typeof CONFIG_SCHEMA>;
export type LinkConfig = DaemonConfig["link"][number];
