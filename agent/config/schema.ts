import { z } from "zod";
import { PROVIDERS } from "../../models/runtime/session.js";
import { MOUNT_SCHEMA } from "../flight/flight-toml.js";
import { CAMERA_SCHEMA } from "./camera.js";

/** Levels of the log, the most talkative first. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error"] as const;

/** Who is at the other end of a link. */
export const LINK_ROLES = ["autopilot", "ground_station"] as const;

/** Autopilots by family; `auto` takes what the vehicle's HEARTBEAT says. */
export const AUTOPILOT_KINDS = ["auto", "px4", "ardupilot"] as const;

/** Ways of feeding an autopilot; `auto` takes what this vehicle fuses. */
export const PUBLISHER_CHOICES = [
  "auto",
  "global_position_sensor",
  "odometry",
  "vision_position_estimate",
  "external_position_estimate",
  "gps_input",
] as const;

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
});

const Mavlink = z.strictObject({
  system_id: z.int().min(0).max(255).default(0),
  component_id: z.int().min(2).max(255).default(197),
  answer_timesync: z.boolean().default(true),
});

const Link = z.strictObject({
  url: z.string().min(1),
  role: z.enum(LINK_ROLES).default("autopilot"),
  signing_key_file: z.string().min(1).optional(),
  signing_link_id: z.int().min(0).max(255).default(0),
  accept_unsigned: z.boolean().default(false),
});

const Autopilot = z.strictObject({
  kind: z.enum(AUTOPILOT_KINDS).default("auto"),
  publisher: z.enum(PUBLISHER_CHOICES).default("auto"),
  rate_hz: z.number().min(1).max(50).optional(),
  source_set_switch: z.boolean().default(false),
  gps_source_set: z.int().min(1).max(3).default(1),
  vision_source_set: z.int().min(1).max(3).default(2),
});

const Navigation = z.strictObject({
  max_speed_mps: z.number().positive().max(300).default(30),
  integrity_risk: z.number().min(1e-9).max(0.1).default(1e-4),
  initial_heading_sigma_deg: z.number().positive().max(180).default(10),
  pose_wait_ms: z.number().min(0).max(150).default(150),
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
  link: z.array(Link).min(1, "the agent needs at least one [[link]]: the autopilot's"),
  autopilot: Autopilot.prefault({}),
  navigation: Navigation.prefault({}),
  status: Status.prefault({}),
  watchdog: Watchdog.prefault({}),
});

export type DaemonConfig = z.infer<typeof CONFIG_SCHEMA>;
export type LinkConfig = DaemonConfig["link"][number];
