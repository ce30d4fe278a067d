import { MavLinkData, MavLinkPacketField } from "node-mavlink";

/** Places of the sources in the arrays of ESTIMATOR_SENSOR_FUSION_STATUS. */
export const FUSION_SOURCES = { gps: 0, optical_flow: 1, external_vision: 2, aux_global_position: 3, baro: 4 } as const;

/**
 * ESTIMATOR_SENSOR_FUSION_STATUS (514) of development.xml: which sensors PX4's EKF is told to use, and which it uses.
 * PX4 sends it since 1.18 beta. Layout and CRC_EXTRA (197) are those of 1.18.0-rc1, with nine sources; a development
 * message can change, and frames of another layout then fail their checksum.
 */
export class EstimatorSensorFusionStatus extends MavLinkData {
  static override MSG_ID = 514;
  static override MSG_NAME = "ESTIMATOR_SENSOR_FUSION_STATUS";
  static override PAYLOAD_LENGTH = 54;
  static override MAGIC_NUMBER = 197;
  static override FIELDS = [
    new MavLinkPacketField("test_ratio", "testRatio", 0, false, 4, "float[]", "", 9),
    new MavLinkPacketField("intended", "intended", 36, false, 1, "uint8_t[]", "", 9),
    new MavLinkPacketField("active", "active", 45, false, 1, "uint8_t[]", "", 9),
  ];

  /** Innovation over its gate by source, above 1 is rejected; NaN where there is none. */
  testRatio: number[] = new Array<number>(9).fill(Number.NaN);
  /** By source, a bit for each sensor that the EKF is meant to fuse. */
  intended: number[] = new Array<number>(9).fill(0);
  /** By source, a bit for each sensor that the EKF fuses. */
  active: number[] = new Array<number>(9).fill(0);
}
