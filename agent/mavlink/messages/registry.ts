import { ardupilotmega, common, type MavLinkData, type MavLinkDataConstructor, minimal, standard } from "node-mavlink";
import { EstimatorSensorFusionStatus } from "./estimator-sensor-fusion-status.js";
import { GlobalPositionSensor } from "./global-position-sensor.js";
import { ParamError } from "./param-error.js";

/** A message class of mavlink-mappings, or one of ours built like them. */
export type MessageClass<T extends MavLinkData = MavLinkData> = MavLinkDataConstructor<T>;

/** What framer and codec need to know of a message. */
export interface MessageDefinition {
  readonly msgid: number;
  /** As in the XML definitions, e.g. GLOBAL_POSITION_SENSOR. */
  readonly name: string;
  readonly crcExtra: number;
  /** Payload bytes without extension fields: the length of the message in MAVLink 1. */
  readonly baseLength: number;
  /** Some field is long enough to hold a whole frame of something else (tunnels, file transfer, texts). */
  readonly carriesBytes: boolean;
  readonly messageClass: MessageClass;
}

/** The shortest MAVLink 2 frame. */
const SHORTEST_FRAME_BYTES = 12;

/** Known messages by id. */
export type MessageTable = ReadonlyMap<number, MessageDefinition>;

/** Definition of a message class. */
export function definitionOf(messageClass: MessageClass): MessageDefinition {
  let baseLength = 0;
  for (const field of messageClass.FIELDS) {
    if (!field.extension) baseLength = Math.max(baseLength, field.offset + field.size * Math.max(field.length, 1));
  }
  return {
    msgid: messageClass.MSG_ID,
    name: messageClass.MSG_NAME,
    crcExtra: messageClass.MAGIC_NUMBER,
    baseLength,
    carriesBytes: messageClass.FIELDS.some(({ size, length }) => size === 1 && length >= SHORTEST_FRAME_BYTES),
    messageClass,
  };
}

/** A table of these classes; of two with one id the later counts. */
export function messageTable(classes: Iterable<MessageClass>): MessageTable {
  const table = new Map<number, MessageDefinition>();
  for (const messageClass of classes) table.set(messageClass.MSG_ID, definitionOf(messageClass));
  return table;
}

/** All messages of the minimal, standard, common and ardupilotmega dialects, and those of our own. */
export const MESSAGES: MessageTable = messageTable([
  ...Object.values(minimal.REGISTRY),
  ...Object.values(standard.REGISTRY),
  ...Object.values(common.REGISTRY),
  ...Object.values(ardupilotmega.REGISTRY),
  GlobalPositionSensor,
  EstimatorSensorFusionStatus,
  ParamError,
]);
