import type { Vehicle } from "../../identity.js";
import type { FeedToEkf } from "./ekf-watch.js";
import { AGP_CONTROL } from "./global-position-sensor.js";
import { GPS_TYPES, SECOND_GPS_TYPES } from "./gps-input.js";
import {
  AGP_ID,
  px4ControlProblems,
  px4SlotProblems,
  VISION_NOISE,
  visionNoiseProblems,
  visionSetKnown,
  visionSetParameters,
  visionSetProblems,
} from "./parameter-problems.js";
import type { ParameterReader } from "./parameter-reader.js";
import { EV_CONTROL } from "./px4-velocity.js";
import { isArdupilot, isPx4 } from "./vehicle-kind.js";

/** PX4 uses no GPS with 0. */
const PX4_GPS_CONTROL = "EKF2_GPS_CTRL";

/** What the autopilot's parameters say about the feed as a whole. */
export class FeedParameters {
  readonly #reader: ParameterReader;
  readonly #visionSet: number;
  readonly #sensorId: number;

  /** `visionSet`: the ArduPilot source set that is to fuse the feed. */
  constructor(reader: ParameterReader, visionSet: number, sensorId: number) {
    this.#reader = reader;
    this.#visionSet = visionSet;
    this.#sensorId = sensorId;
  }

  /** Has read what `suspects` looks at. */
  want(feed: FeedToEkf): void {
    if (feed === "ardupilot_vision") this.#reader.want([...visionSetParameters(this.#visionSet), VISION_NOISE]);
    if (feed === "px4_global") this.#reader.want([AGP_CONTROL, AGP_ID]);
    if (feed === "px4_vision") this.#reader.want([EV_CONTROL]);
  }

  /**
   * Why the EKF may not use the feed, the most likely cause first, with the value to set.
   *
   * @param selected the vision set is selected; null where sets are not switched
   */
  suspects(feed: FeedToEkf, selected: boolean | null): readonly string[] {
    const reader = this.#reader;
    if (feed === "px4_global") {
      return [...px4ControlProblems(reader, AGP_CONTROL), ...px4SlotProblems(reader, this.#sensorId)];
    }
    if (feed === "px4_vision") return px4ControlProblems(reader, EV_CONTROL);
    const problems = visionSetProblems(reader, this.#visionSet);
    if (problems.length > 0) return problems;
    return selected === false ? [`source set ${this.#visionSet} is not selected`] : visionNoiseProblems(reader);
  }

  /** The vision set takes vision, and no GPS beside it. */
  get setTakesVision(): boolean {
    return (
      visionSetKnown(this.#reader, this.#visionSet) && visionSetProblems(this.#reader, this.#visionSet).length === 0
    );
  }

  /** By its parameters the EKF has no GPS to use: whatever a receiver says is then beside the point. */
  gpsUnused(vehicle: Vehicle | null): boolean {
    if (vehicle === null) return false;
    const reader = this.#reader;
    if (isPx4(vehicle)) {
      reader.want([PX4_GPS_CONTROL]);
      return reader.value(PX4_GPS_CONTROL) === 0;
    }
    if (!isArdupilot(vehicle)) return false;
    reader.want([...GPS_TYPES, ...SECOND_GPS_TYPES]);
    const none = GPS_TYPES.some((name) => reader.value(name) === 0);
    return none && SECOND_GPS_TYPES.every((name) => (reader.value(name) ?? 0) === 0);
  }
}
