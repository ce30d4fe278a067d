import { MavLinkData, MavLinkPacketField } from "node-mavlink";

/**
 * PARAM_ERROR (345), which PX4 answers for a parameter that it does not have. mavlink-mappings has no such message; the
 * layout and CRC_EXTRA are those of the recorded PX4 traffic. To an agent that does not know it either it is a good case
 * of an unknown message.
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

  paramIndex = -1;
  targetSystem = 0;
  targetComponent = 0;
  paramId = "";
  error = 0;
}
