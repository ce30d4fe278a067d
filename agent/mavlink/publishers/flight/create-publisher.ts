import type { Vehicle } from "../../identity.js";
import type { FlightPublisher } from "../flight-publisher.js";
import { ArdupilotLocalFlight } from "./ardupilot-local.js";
import type { FeedName } from "./choose.js";
import { ExternalPositionFlight } from "./external-position.js";
import { FEED_RATES, type FeedSettings, NORMAL_LATENCY_MS, PX4_LOCAL_RATE } from "./feed-options.js";
import { GlobalPositionSensorFlight } from "./global-position-sensor.js";
import type { GpsHealth } from "./gps-health.js";
import { GpsInputFlight } from "./gps-input.js";
import type { ParameterReader } from "./parameter-reader.js";
import { Px4LocalFlight } from "./px4-local.js";
import { isPx4 } from "./vehicle-kind.js";

/** The publisher of this name for this vehicle. Rates outside what works there are brought to the nearest that does. */
export function createPublisher(
  feed: FeedName,
  vehicle: Vehicle,
  settings: FeedSettings,
  parts: { readonly parameters: ParameterReader; readonly gps: GpsHealth },
): FlightPublisher {
  const px4 = isPx4(vehicle);
  const { min, max, normal } = FEED_RATES[feed];
  const rate_hz = Math.min(max, Math.max(min, settings.rate_hz ?? normal));
  const { latency_ms, origin } = settings;
  switch (feed) {
    case "global_position_sensor":
      return new GlobalPositionSensorFlight({ ...settings, rate_hz }, parts.parameters);
    case "odometry":
    case "vision_position_estimate":
      if (px4) {
        const px4Rate_hz = Math.max(PX4_LOCAL_RATE.min, settings.rate_hz ?? PX4_LOCAL_RATE.normal);
        const { answersTimesync } = settings;
        return new Px4LocalFlight(
          {
            message: feed,
            rate_hz: px4Rate_hz,
            latency_ms: latency_ms ?? NORMAL_LATENCY_MS.px4,
            answersTimesync,
            origin,
          },
          parts.parameters,
        );
      }
      return new ArdupilotLocalFlight(
        {
          message: feed,
          rate_hz: Math.min(rate_hz, 10),
          latency_ms,
          refresh_s: settings.refresh_s,
          origin,
        },
        parts.parameters,
      );
    case "external_position_estimate":
      return new ExternalPositionFlight(
        { ...settings.externalPosition, ownComponent: settings.ownComponent },
        parts.gps,
      );
    case "gps_input":
      return new GpsInputFlight(
        { rate_hz, latency_ms: latency_ms ?? NORMAL_LATENCY_MS.gps_input, ground_alt_m: settings.ground_alt_m },
        parts.parameters,
      );
  }
}
