import { MavLinkData, MavLinkPacketField } from "node-mavlink";

/** MAV_PARAM_ERROR: there is no parameter of this name. */
export const PARAM_ERROR_DOES_NOT_EXIST = 1;
/** What MAV_PARAM_ERROR says, in words. */
export const PARAM_ERRORS: readonly string[] = [
  "no error",
  "it does not exist",
  "the value is out of range",
  "permission denied",
  "no such component",
  "it is read-only",
  "its type is not supported",
  "the type does not match",
  "it cannot be read",
];

/**
 * PARAM_ERROR (345) of common.xml (work in progress there): why a parameter was not read or set. PX4 sends it since 2026.
 * mavlink-mappings does not have it.
 */
export class ParamError extends MavLinkData {
  static override MSG_ID = 345;
  static override MSG_NAME = "PARAM_ERROR";
  static override PAYLOAD_LENGTH = 21;
  static override MAGIC_NUMBER = 209;
  static override FIELDS = [
    new MavLinkPacketField("param_index", "paramIndex", 0, false, 2, "int16_t", ""),
    new MavLinkPacketField("target_system", "targetSystem", 2, false, 1, "uint8_t", ""),
    new MavLinkPacketField("target_component", "targetComponent", 3, false, 1, "uint8_t", ""),
    new MavLinkPacketField("param_id", "paramId", 4, false, 1, "char[]", "", 16),
    new MavLinkPacketField("error", "error", 20, false, 1, "uint8_t", ""),
  ];

  targetSystem = 0;
  targetComponent = 0;
  paramId = "";
  /** -1: `paramId` says which. */
  paramIndex = -1;
  /** MAV_PARAM_ERROR, see `PARAM_ERRORS`. */
  error = 0;
}
