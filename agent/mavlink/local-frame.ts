import { minimal } from "node-mavlink";

/**
 * Local positions mean what the autopilot makes of them. Each autopilot turns its local north/east into latitude and
 * longitude with a formula of its own, and they differ by 0.1 % (a metre per kilometre from the origin). To put the
 * vehicle where the fix is, the publisher must use the very formula that the autopilot will use backwards.
 */
export interface LocalFrame {
  /** Metres north and east of the origin. */
  toLocal(origin: LatLon, position: LatLon): NorthEast;
  toGlobal(origin: LatLon, offset: NorthEast): LatLon;
}

export interface LatLon {
  readonly lat_deg: number;
  readonly lon_deg: number;
}

export interface NorthEast {
  readonly north_m: number;
  readonly east_m: number;
}

const RAD = Math.PI / 180;

/** A difference or a sum of longitudes brought into [-180, 180). */
function wrapLongitude(lon_deg: number): number {
  // The sum can be rounded up to the next turn: then the difference is a hair below -180.
  return Math.max(-180, lon_deg - 360 * Math.floor((lon_deg + 180) / 360));
}

/**
 * ArduPilot (Location::get_distance_NE, offset_latlng): a flat map on which a degree of latitude has 111318.845 m
 * everywhere and a degree of longitude that times the cosine of the middle latitude.
 */
export const ARDUPILOT_FRAME: LocalFrame = (() => {
  const metresPerDegree = 0.011131884502145034 * 1e7;
  const longitudeScale = (lat_deg: number) => Math.max(Math.cos(lat_deg * RAD), 0.01);
  return {
    toLocal(origin, position) {
      const middle_deg = (origin.lat_deg + position.lat_deg) / 2;
      const dlon_deg = wrapLongitude(position.lon_deg - origin.lon_deg);
      return {
        north_m: (position.lat_deg - origin.lat_deg) * metresPerDegree,
        east_m: dlon_deg * metresPerDegree * longitudeScale(middle_deg),
      };
    },
    toGlobal(origin, { north_m, east_m }) {
      const dlat_deg = north_m / metresPerDegree;
      const dlon_deg = east_m / metresPerDegree / longitudeScale(origin.lat_deg + dlat_deg / 2);
      return { lat_deg: origin.lat_deg + dlat_deg, lon_deg: wrapLongitude(origin.lon_deg + dlon_deg) };
    },
  };
})();

/**
 * PX4 (MapProjection): azimuthal equidistant on a sphere of 6371000 m.
 * https://mathworld.wolfram.com/AzimuthalEquidistantProjection.html
 */
export const PX4_FRAME: LocalFrame = (() => {
  const radius_m = 6371000;
  return {
    toLocal(origin, position) {
      const lat0 = origin.lat_deg * RAD;
      const lat = position.lat_deg * RAD;
      const dlon = wrapLongitude(position.lon_deg - origin.lon_deg) * RAD;
      const north = Math.cos(lat0) * Math.sin(lat) - Math.sin(lat0) * Math.cos(lat) * Math.cos(dlon);
      const east = Math.cos(lat) * Math.sin(dlon);
      const cosine = Math.sin(lat0) * Math.sin(lat) + Math.cos(lat0) * Math.cos(lat) * Math.cos(dlon);
      // hypot(north, east) is the sine of the angle: atan2 keeps millimetres where acos of nearly 1 loses metres.
      const sine = Math.hypot(north, east);
      const scale = sine > 0 ? (Math.atan2(sine, cosine) / sine) * radius_m : radius_m;
      return { north_m: north * scale, east_m: east * scale };
    },
    toGlobal(origin, { north_m, east_m }) {
      const lat0 = origin.lat_deg * RAD;
      const x = north_m / radius_m;
      const y = east_m / radius_m;
      const angle = Math.hypot(x, y);
      if (angle === 0) return { lat_deg: origin.lat_deg, lon_deg: wrapLongitude(origin.lon_deg) };
      const sine = Math.sin(angle);
      const cosine = Math.cos(angle);
      const lat = Math.asin(cosine * Math.sin(lat0) + (x * sine * Math.cos(lat0)) / angle);
      const dlon = Math.atan2(y * sine, angle * Math.cos(lat0) * cosine - x * Math.sin(lat0) * sine);
      return { lat_deg: lat / RAD, lon_deg: wrapLongitude(origin.lon_deg + dlon / RAD) };
    },
  };
})();

/** The frame of an autopilot (MAV_AUTOPILOT); ArduPilot's for all but PX4, because local positions are meant for it. */
export function localFrameOf(autopilot: number | undefined): LocalFrame {
  return autopilot === minimal.MavAutopilot.PX4 ? PX4_FRAME : ARDUPILOT_FRAME;
}
