import { common, MavLinkData, MavLinkPacketField } from "node-mavlink";

/**
 * PX4 writes integer parameters into the float field of PARAM_SET and PARAM_VALUE byte by byte. Read as a float some of
 * them are NaN, which JavaScript does not keep apart, so these two classes read and write the same messages with an
 * int32 in that place. ArduPilot sends the number itself as a float: use common.ParamSet and common.ParamValue there.
 */
function withInt32Value(fields: readonly MavLinkPacketField[]): MavLinkPacketField[] {
  return fields.map((field) =>
    field.name === "paramValue"
      ? new MavLinkPacketField(field.source, field.name, field.offset, field.extension, field.size, "int32_t", "")
      : field,
  );
}

/** PARAM_SET of an int32 parameter as PX4 wants it. */
export class ParamSetInt32 extends MavLinkData {
  static override MSG_ID = common.ParamSet.MSG_ID;
  static override MSG_NAME = common.ParamSet.MSG_NAME;
  static override PAYLOAD_LENGTH = common.ParamSet.PAYLOAD_LENGTH;
  static override MAGIC_NUMBER = common.ParamSet.MAGIC_NUMBER;
  static override FIELDS = withInt32Value(common.ParamSet.FIELDS);

  targetSystem = 0;
  targetComponent = 0;
  paramId = "";
  paramValue = 0;
  paramType: number = common.MavParamType.INT32;
}

/** PARAM_VALUE of an int32 parameter as PX4 sends it. */
export class ParamValueInt32 extends MavLinkData {
  static override MSG_ID = common.ParamValue.MSG_ID;
  static override MSG_NAME = common.ParamValue.MSG_NAME;
  static override PAYLOAD_LENGTH = common.ParamValue.PAYLOAD_LENGTH;
  static override MAGIC_NUMBER = common.ParamValue.MAGIC_NUMBER;
  static override FIELDS = withInt32Value(common.ParamValue.FIELDS);

  paramId = "";
  paramValue = 0;
  paramType: number = common.MavParamType.INT32;
  paramCount = 0;
  paramIndex = 0;
}
