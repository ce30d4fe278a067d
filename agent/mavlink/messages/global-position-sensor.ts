import { MavLinkData, MavLinkPacketField } from "node-mavlink";

/** Where a global position comes from (GLOBAL_POSITION_SRC of common.xml). */
export const GLOBAL_POSITION_SRC_VISION = 2;

/**
 * GLOBAL_POSITION_SENSOR (296) of common.xml since 2026-02: a measured or estimated global position. mavlink-mappings
 * does not have it. Field names are theirs (camel case of the definition), the order is that of the wire.
 */
export class GlobalPositionSensor extends MavLinkData {
  static override MSG_ID = 296;
  static override MSG_NAME = "GLOBAL_POSITION_SENSOR";
  static override PAYLOAD_LENGTH = 41;
  static override MAGIC_NUMBER = 158;
  static override FIELDS = [
    new MavLinkPacketField("time_usec", "timeUsec", 0, false, 8, "uint64_t", "us"),
    new MavLinkPacketField("processing_time", "processingTime", 8, false, 4, "uint32_t", "us"),
    new MavLinkPacketField("lat", "lat", 12, false, 4, "int32_t", "degE7"),
    new MavLinkPacketField("lon", "lon", 16, false, 4, "int32_t", "degE7"),
    new MavLinkPacketField("alt_ellipsoid", "altEllipsoid", 20, false, 4, "float", "m"),
    new MavLinkPacketField("alt", "alt", 24, false, 4, "float", "m"),
    new MavLinkPacketField("eph", "eph", 28, false, 4, "float", "m"),
    new MavLinkPacketField("epv", "epv", 32, false, 4, "float", "m"),
    new MavLinkPacketField("target_system", "targetSystem", 36, false, 1, "uint8_t", ""),
    new MavLinkPacketField("target_component", "targetComponent", 37, false, 1, "uint8_t", ""),
    new MavLinkPacketField("id", "id", 38, false, 1, "uint8_t", ""),
    new MavLinkPacketField("source", "source", 39, false, 1, "uint8_t", ""),
    new MavLinkPacketField("flags", "flags", 40, false, 1, "uint8_t", ""),
  ];

  /** Time of sending, or the time at which the position is true: microseconds since boot or since 1970. */
  timeUsec = 0n;
  /** Time between the measurement and `timeUsec`, microseconds. */
  processingTime = 0;
  /** Latitude, degrees x 1e7 (WGS84). */
  lat = 0;
  /** Longitude, degrees x 1e7 (WGS84). */
  lon = 0;
  /** Height above the WGS84 ellipsoid in metres, NaN if unknown. */
  altEllipsoid = Number.NaN;
  /** Height above mean sea level in metres, NaN if unknown. */
  alt = Number.NaN;
  /** 1-sigma horizontal error, metres. */
  eph = Number.NaN;
  /** 1-sigma vertical error, metres. */
  epv = Number.NaN;
  targetSystem = 0;
  targetComponent = 0;
  /** Number of the sensor: PX4 binds one of its slots to it. */
  id = 0;
  source = 0;
  flags = 0;
}
