import { join } from "node:path";
import { parseConfig } from "../../agent/config/load.js";
import { assembleParts, daemonSettings } from "../../agent/daemon/assemble.js";
import { SkylinkDaemon } from "../../agent/daemon/daemon.js";
import { openLog } from "../../agent/daemon/log.js";
import { NO_NOTIFIER } from "../../agent/daemon/notify.js";
import { MavlinkVehicleModel } from "../../agent/vehicle/vehicle-model.js";
import { STEP_US, type TwinKind } from "../../sim/autopilot/kinds.js";
import type { TwinOptions } from "../../sim/autopilot/options.js";
import { Twin } from "../../sim/autopilot/twin.js";
import { distance_m, offsetToLonLat } from "../../tiles/geodesy/index.js";
import { intrinsicsFromHfov } from "../../tiles/geometry/intrinsics.js";
import type { Place } from "./place.js";
import { SimulatedTime } from "./simulated-time.js";
import { TwinCamera } from "./twin-camera.js";
import { Wire } from "./wire.js";

/** The agent's clock runs this much ahead of the autopilot's. */
const AHEAD_US = 500_000_000;
const FRAME_EVERY_US = 250_000;
/** What a small computer takes: vision looks at half of the frames. */
const VISION_US = 350_000;
const ODOMETRY_US = 60_000;

/** A position that was published, every half second, and how far it was off, metres. */
export interface Published {
  readonly t_s: number;
  readonly error_m: number | null;
}

/** How a flight with a seeing agent is made. */
export interface SeeingFlight {
  readonly kind: TwinKind;
  readonly place: Place;
  /** Where the route begins, metres from the middle of the place. */
  readonly home: { readonly north_m: number; readonly east_m: number };
  readonly options: Partial<TwinOptions>;
  /** Lines of the agent's `[autopilot]`. */
  readonly autopilot?: string;
  readonly until_s: number;
}

/**
 * Flies a twin with the whole agent on board, as `skylink-agent run` puts it together: its networks on pictures rendered
 * where the twin is, its odometry, its navigation, its publishers. Only sockets and the clock are replaced: the flight goes
 * on in simulated time, and the networks are waited for.
 */
export async function flySeeing(flight: SeeingFlight): Promise<{ twin: Twin; published: Published[] }> {
  const { place } = flight;
  const home = { ...offsetToLonLat(place.centre, flight.home.north_m, flight.home.east_m), alt_m: 400 };
  const twin = new Twin({ kind: flight.kind, start: "air", home, ...flight.options });
  const time = new SimulatedTime(AHEAD_US);
  const lens = intrinsicsFromHfov(640, 480, 66);
  const rig = { intrinsics: lens, mount: { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 } };
  const camera = new TwinCamera(twin, rig, place.imagery, time);
  const wire = new Wire(twin, () => time.now_us());
  const loaded = parseConfig(configOf(flight, lens), join(place.folder, "agent.toml"));
  const log = openLog({ level: "error", format: "text", out: process.stderr });
  const { openStatus: _none, ...parts } = await assembleParts(loaded, log, NO_NOTIFIER);
  const { navigator } = parts;
  const daemon = new SkylinkDaemon(
    {
      ...parts,
      scheduler: time,
      camera,
      vehicle: new MavlinkVehicleModel({ clock: () => time.now_us(), clockMap: wire.clockMap }),
      openLinks: () => Promise.resolve(wire),
      openVision: async () => {
        const vision = await parts.openVision();
        const { died, info } = vision;
        const localise: typeof vision.localise = (frame, near) => time.late(VISION_US, vision.localise(frame, near));
        return { died, info, kill: () => vision.kill(), localise };
      },
      openOdometry: async () => {
        const odometry = await parts.openOdometry();
        const observe: typeof odometry.observe = (frame) => time.late(ODOMETRY_US, odometry.observe(frame));
        return { died: odometry.died, kill: () => odometry.kill(), observe };
      },
    },
    daemonSettings(loaded.config),
  );
  // A worker that ends no longer keeps this process alive, and no other clock runs here that would.
  const alive = setInterval(() => undefined, 1000);
  const published: Published[] = [];
  try {
    await daemon.start();
    while (twin.t_us < flight.until_s * 1e6) {
      twin.step();
      await time.advance(twin.t_us + AHEAD_US);
      wire.listen();
      if (twin.t_us % FRAME_EVERY_US === 0) await camera.shoot();
      if (twin.t_us % (50 * STEP_US) === 0) {
        const { position } = navigator.solutionAt(time.now_us());
        const error_m = position === null ? null : distance_m(position, twin.vehicle.trueLatLon);
        published.push({ t_s: twin.t_us / 1e6, error_m });
      }
    }
  } finally {
    await daemon.stop();
    clearInterval(alive);
  }
  return { twin, published };
}

function configOf({ place, autopilot = "" }: SeeingFlight, lens: ReturnType<typeof intrinsicsFromHfov>): string {
  const { width_px, height_px, fx, fy, cx, cy } = lens;
  const optics = Object.entries({ width_px, height_px, fx, fy, cx, cy });
  return [
    "[agent]\nthreads = 1",
    `[pack]\npath = ${JSON.stringify(place.pack)}`,
    `[camera]\nsource = "simulated"\n${optics.map(([key, value]) => `${key} = ${value}`).join("\n")}`,
    '[camera.simulated]\nvehicle = "tcp:127.0.0.1:1"\nimagery = "world:seed=1"',
    '[[link]]\nurl = "tcp:127.0.0.1:1"',
    `[autopilot]\n${autopilot}`,
    "[watchdog]\nenabled = false",
    "",
  ].join("\n");
}
