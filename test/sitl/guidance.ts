import { common } from "node-mavlink";
import { decodeAs } from "../../agent/mavlink/codec.js";
import { type GeoPoint, lonLatToOffset, offsetToLonLat } from "../../tiles/geodesy/index.js";
import { type Cockpit, FlightEnded, until } from "./cockpit.js";
import { FRAME_RELATIVE, globalTarget, localTarget } from "./targets.js";

const REPOSITION = 192;

/** Leads a vehicle from place to place, each kind in its own way. */
export interface Guidance {
  to(place: GeoPoint): Promise<void>;
  /** Called often while under way. */
  again(place: GeoPoint): Promise<void>;
  end(): void;
}

/** To be ended with `end`. */
export function guidance(cockpit: Cockpit): Guidance {
  if (cockpit.scenario.vehicle === "px4-copter") return new OffboardGuidance(cockpit);
  return cockpit.scenario.vehicle === "ardupilot-plane" ? planeGuidance(cockpit) : copterGuidance(cockpit);
}

function copterGuidance({ station, scenario }: Cockpit): Guidance {
  let next_ms = 0;
  const send = (place: GeoPoint): Promise<void> => {
    if (performance.now() >= next_ms) {
      station.send(globalTarget(station.vehicle?.sysid ?? 1, place, scenario.route.agl_m));
      next_ms = performance.now() + 1000;
    }
    return Promise.resolve();
  };
  return {
    to(place) {
      next_ms = 0;
      return send(place);
    },
    again: send,
    end: () => undefined,
  };
}

function planeGuidance({ station, scenario }: Cockpit): Guidance {
  return {
    async to(place) {
      // -1: speed as it is; 1: change the mode if need be.
      const { ok, outcome } = await station.commands.int({
        command: REPOSITION,
        frame: FRAME_RELATIVE,
        params: [-1, 1, 0, 0],
        x: Math.round(place.lat_deg * 1e7),
        y: Math.round(place.lon_deg * 1e7),
        z: scenario.route.agl_m,
      });
      if (!ok) throw new FlightEnded(`the plane does not take a target: ${outcome}`);
    },
    again: () => Promise.resolve(),
    end: () => undefined,
  };
}

/** PX4 is led by a target that moves along the leg at the speed of the route, ten times a second. */
class OffboardGuidance implements Guidance {
  readonly #cockpit: Cockpit;
  readonly #timer: NodeJS.Timeout;
  readonly #stop: () => void;
  /** Where the vehicle's local frame lies, by its own words. */
  #origin: GeoPoint | null = null;
  #target: { north_m: number; east_m: number } | null = null;
  #goal: GeoPoint | null = null;

  constructor(cockpit: Cockpit) {
    this.#cockpit = cockpit;
    this.#stop = cockpit.station.onFrame((frame) => {
      if (frame.msgid !== common.LocalPositionNed.MSG_ID) return;
      const { x, y } = decodeAs(frame, common.LocalPositionNed);
      const { estimate } = cockpit.box;
      if (estimate === null || !cockpit.box.positionOk) return;
      this.#origin = offsetToLonLat(estimate, -x, -y);
      this.#target ??= { north_m: x, east_m: y };
    });
    this.#timer = setInterval(() => this.#step(), 100);
  }

  async to(place: GeoPoint): Promise<void> {
    this.#goal = place;
    await until(this.#cockpit, "the local position is known", () => this.#origin !== null, 30);
  }

  again(): Promise<void> {
    return Promise.resolve();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#stop();
  }

  #step(): void {
    const { station, scenario } = this.#cockpit;
    const { vehicle } = station;
    if (vehicle === null || this.#origin === null || this.#target === null || this.#goal === null) return;
    const goal = lonLatToOffset(this.#origin, this.#goal);
    const north = goal.north_m - this.#target.north_m;
    const east = goal.east_m - this.#target.east_m;
    const left_m = Math.hypot(north, east);
    const share = left_m === 0 ? 0 : Math.min(1, (scenario.route.speed_mps * 0.1) / left_m);
    this.#target = {
      north_m: this.#target.north_m + share * north,
      east_m: this.#target.east_m + share * east,
    };
    station.send(localTarget(vehicle.sysid, this.#target.north_m, this.#target.east_m, scenario.route.agl_m));
  }
}
