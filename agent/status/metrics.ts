import { Gauge, Registry } from "prom-client";
import type { DaemonSnapshot } from "../daemon/snapshot.js";
import { STAGES } from "../vision/result.js";

const COMPONENT_STATES = ["stopped", "starting", "running", "degraded", "failed"] as const;
const PUBLISHER_STATES = ["stopped", "starting", "active"] as const;

/** What is read off a snapshot: nothing counts here, so that a page that is never asked costs nothing. */
type Reading = (
  snapshot: DaemonSnapshot,
) => Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly read: Reading;
}

const one = (read: (snapshot: DaemonSnapshot) => number | null): Reading =>
  function* (snapshot) {
    const value = read(snapshot);
    if (value !== null) yield [{}, value];
  };

const METRICS: readonly Metric[] = [
  { name: "uptime_seconds", help: "Time since the start of the agent", read: one((s) => s.uptime_s) },
  {
    name: "component_state",
    help: "1 for the state that a component is in",
    labels: ["component", "state"],
    *read({ components }) {
      for (const { name, state } of components) {
        for (const each of COMPONENT_STATES) yield [{ component: name, state: each }, each === state ? 1 : 0];
      }
    },
  },
  {
    name: "component_restarts",
    help: "Times that a component was started again",
    labels: ["component"],
    *read({ components }) {
      for (const { name, restarts } of components) yield [{ component: name }, restarts];
    },
  },
  {
    name: "link_up",
    help: "1 when frames can leave on the link",
    labels: ["link"],
    *read({ links }) {
      for (const { url, up } of links) yield [{ link: url }, up ? 1 : 0];
    },
  },
  {
    name: "link_received_frames",
    help: "MAVLink frames received",
    labels: ["link"],
    *read({ links }) {
      for (const { url, received } of links) yield [{ link: url }, received];
    },
  },
  {
    name: "link_sent_frames",
    help: "MAVLink frames sent",
    labels: ["link"],
    *read({ links }) {
      for (const { url, sent } of links) yield [{ link: url }, sent];
    },
  },
  {
    name: "link_round_trip_seconds",
    help: "Round trip of TIMESYNC",
    labels: ["link"],
    *read({ links }) {
      for (const { url, round_trip_us } of links)
        if (round_trip_us !== null) yield [{ link: url }, round_trip_us / 1e6];
    },
  },
  { name: "vehicle_alive", help: "1 when HEARTBEATs of the vehicle come", read: one((s) => (s.vehicle.alive ? 1 : 0)) },
  {
    name: "vehicle_gps_fix_type",
    help: "Fix type of the autopilot's own GPS; 3 and more is a position",
    read: one((s) => s.vehicle.gps_fix_type),
  },
  { name: "camera_frames", help: "Frames delivered by the camera", read: one((s) => s.camera.frames) },
  {
    name: "camera_dropped_frames",
    help: "Frames that came damaged or out of order",
    read: one((s) => s.camera.dropped),
  },
  {
    name: "camera_frame_age_seconds",
    help: "Time since the newest frame's capture",
    read: one((s) => (s.camera.last_t_us === null ? null : (s.t_us - s.camera.last_t_us) / 1e6)),
  },
  { name: "vision_frames", help: "Frames that vision finished", read: one((s) => s.vision.frames) },
  {
    name: "vision_skipped_frames",
    help: "Frames left out because vision was busy",
    read: one((s) => s.vision.skipped),
  },
  {
    name: "vision_stage_seconds",
    help: "Time that each stage took on the newest frame",
    labels: ["stage"],
    *read({ frame }) {
      if (frame !== null) for (const stage of STAGES) yield [{ stage }, frame.stage_ms[stage] / 1000];
    },
  },
  {
    name: "position_valid",
    help: "1 while there is a position that may be flown on",
    read: one((s) => (s.navigation.position === null ? 0 : 1)),
  },
  {
    name: "position_eph_metres",
    help: "1-sigma horizontal error of the position",
    read: one((s) => s.navigation.position?.eph_m ?? null),
  },
  {
    name: "position_protection_level_metres",
    help: "Radius that the error exceeds with at most the stated risk",
    read: one((s) => s.navigation.position?.protection_level_m ?? null),
  },
  {
    name: "position_fix_age_seconds",
    help: "Time since the capture of the newest fix in the position",
    read: one(({ navigation: { position }, t_us }) => (position === null ? null : (t_us - position.fix_t_us) / 1e6)),
  },
  {
    name: "position_fixes",
    help: "Fixes that entered the position",
    read: one((s) => s.navigation.position?.fix_count ?? null),
  },
  {
    name: "gate_holds",
    help: "1 when a condition for a position holds",
    labels: ["gate"],
    *read({ navigation }) {
      for (const { name, holds } of navigation.gates) yield [{ gate: name }, holds ? 1 : 0];
    },
  },
  {
    name: "publisher_state",
    help: "1 for the state that a publisher is in",
    labels: ["publisher", "state"],
    *read({ publishers }) {
      for (const { name, state } of publishers) {
        for (const each of PUBLISHER_STATES) yield [{ publisher: name, state: each }, each === state ? 1 : 0];
      }
    },
  },
  {
    name: "publisher_sent_messages",
    help: "Messages sent to the autopilot",
    labels: ["publisher"],
    *read({ publishers }) {
      for (const { name, sent } of publishers) yield [{ publisher: name }, sent];
    },
  },
  {
    name: "publisher_fused",
    help: "1 when the autopilot's EKF uses the feed, 0 when not; absent while that is not known",
    labels: ["publisher"],
    *read({ publishers }) {
      for (const { name, fused } of publishers) if (fused !== null) yield [{ publisher: name }, fused ? 1 : 0];
    },
  },
];

/** The agent's metrics in Prometheus' text format, read off a snapshot whenever they are asked for. */
export class Metrics {
  readonly contentType: string;
  readonly #registry = new Registry();

  constructor(snapshot: () => DaemonSnapshot) {
    this.contentType = this.#registry.contentType;
    for (const { name, help, labels = [], read } of METRICS) {
      new Gauge({
        name: `skylink_${name}`,
        help,
        labelNames: [...labels],
        registers: [this.#registry],
        collect() {
          this.reset();
          // Without labels `reset` leaves a 0, which would be a value that nobody has measured.
          if (labels.length === 0) this.remove();
          for (const [values, value] of read(snapshot())) this.set({ ...values }, value);
        },
      });
    }
  }

  /** The text of all metrics now. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
