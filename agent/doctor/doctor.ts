import type { Provider } from "../../models/runtime/session.js";
import type { CameraSource } from "../camera/source.js";
import type { ModelFolders } from "../config/load.js";
import type { ConnectionOptions } from "../mavlink/connection.js";
import { ParamClient } from "../mavlink/param-client.js";
import type { CameraRig } from "../vision/frame.js";
import { checkCamera } from "./camera-check.js";
import { type Area, type Check, checksOf } from "./checks.js";
import { checkModels } from "./models-check.js";
import { checkPack } from "./pack-check.js";
import { type FixResult, type ParamFix, ParamReadings, writeParameters } from "./parameters.js";
import type { SetupChoice } from "./setups.js";
import { checkSystem, type SystemOptions } from "./system-check.js";
import { checkVehicle, silence } from "./vehicle-check.js";
import { VehicleLink } from "./vehicle-link.js";
import { checkVehicleParameters, type VehicleParameters } from "./vehicle-parameters.js";

/** What is looked at; null where there is nothing to look at. */
export interface DoctorPlan {
  readonly areas: ReadonlySet<Area>;
  readonly system: SystemOptions;
  readonly pack: string | null;
  readonly models: ModelFolders;
  readonly providers: readonly Provider[];
  readonly engines?: string;
  readonly threads: number;
  readonly camera: {
    readonly open: () => Promise<CameraSource>;
    readonly rig: CameraRig;
    readonly wait_ms: number;
  } | null;
  readonly link: {
    readonly url: string;
    readonly compid: number;
    readonly sysid: number | null;
    readonly signing?: NonNullable<ConnectionOptions["signing"]>;
    readonly wait_s: number;
    /** The agent is configured with an origin to offer. */
    readonly hasOrigin: boolean;
    /** How long the vehicle's messages are listened to, and how long an answer may take; seconds of a slow link. */
    readonly listen_ms?: number;
    readonly answer_ms?: number;
  } | null;
  readonly choice: SetupChoice;
  /** Write what is wrong, after `confirm` said yes. */
  readonly fix: boolean;
}

/** Those who follow while it works. */
export interface DoctorListener {
  readonly check: (check: Check) => void;
  /** Shall these be written? Asked once, before the first. */
  readonly confirm: (fixes: readonly ParamFix[]) => Promise<boolean>;
  readonly fixed: (result: FixResult) => void;
}

/** The whole of what was found. */
export interface DoctorReport {
  /** No problem is left, and nothing waits for a reboot. */
  readonly ok: boolean;
  readonly checks: readonly Check[];
  /** Id of the setup that the parameters were held against; null where there was none. */
  readonly setup: string | null;
  readonly fixes: readonly FixResult[];
  /** Parameters that were written and are read by the autopilot only at boot. */
  readonly reboot_for: readonly string[];
}

/** The vehicle's messages are asked for and listened to for at most this long. */
const LISTEN_MS = 6000;
const ANSWER_MS = 500;

/** Looks at everything of the plan, in order. Faults of what is looked at are findings; only faults of the program throw. */
export async function runDoctor(plan: DoctorPlan, listener: DoctorListener): Promise<DoctorReport> {
  const checks: Check[] = [];
  const add = (found: readonly Check[]) => {
    for (const one of found) {
      checks.push(one);
      listener.check(one);
    }
  };
  const wants = (area: Area) => plan.areas.has(area);
  if (wants("system")) add(await checkSystem(plan.system));
  if (wants("pack")) add(packChecks(plan));
  if (wants("models")) add(await checkModels({ ...plan, folders: plan.models }));
  if (wants("camera")) add(await cameraChecks(plan));
  const vehicle = wants("vehicle") || wants("parameters") ? await vehicleChecks(plan, listener, add) : NOTHING;
  const final = replaced(checks, vehicle.after);
  const problems = final.some(({ verdict }) => verdict === "problem");
  return {
    ok: !problems && vehicle.reboot_for.length === 0,
    checks: final,
    setup: vehicle.setup,
    fixes: vehicle.fixes,
    reboot_for: vehicle.reboot_for,
  };
}

interface VehiclePart {
  readonly setup: string | null;
  readonly fixes: readonly FixResult[];
  readonly reboot_for: readonly string[];
  /** The parameters as they are after fixing; null where nothing was fixed. */
  readonly after: readonly Check[] | null;
}

const NOTHING: VehiclePart = { setup: null, fixes: [], reboot_for: [], after: null };

function packChecks({ pack, models, system }: DoctorPlan): Check[] {
  if (pack !== null) return checkPack(pack, models, (system.now_ms ?? Date.now)());
  return [checksOf("pack")("opens", "skipped", "no pack named (--pack or --config)")];
}

async function cameraChecks({ camera }: DoctorPlan): Promise<Check[]> {
  if (camera !== null) return checkCamera(camera.open, camera.rig, camera.wait_ms);
  return [checksOf("camera")("opens", "skipped", "no camera named (--config)")];
}

async function vehicleChecks(
  plan: DoctorPlan,
  listener: DoctorListener,
  add: (checks: readonly Check[]) => void,
): Promise<VehiclePart> {
  if (plan.link === null) {
    add([checksOf("vehicle")("autopilot", "skipped", "no link named (--link or --config)")]);
    return NOTHING;
  }
  const { wait_s, sysid } = plan.link;
  const link = await VehicleLink.open(plan.link);
  try {
    if (!(await link.waitFor(() => link.vehicle !== null, wait_s * 1000))) {
      add([silence(link, sysid, wait_s)]);
      return NOTHING;
    }
    await link.waitFor(() => link.ready, plan.link.listen_ms ?? LISTEN_MS);
    if (plan.areas.has("vehicle")) add(checkVehicle(link, plan.link.hasOrigin));
    return plan.areas.has("parameters") ? await parameterChecks(plan, listener, add, link) : NOTHING;
  } finally {
    await link.close();
  }
}

async function parameterChecks(
  plan: DoctorPlan,
  listener: DoctorListener,
  add: (checks: readonly Check[]) => void,
  link: VehicleLink,
): Promise<VehiclePart> {
  const client = new ParamClient(link.port, { timeout_ms: plan.link?.answer_ms ?? ANSWER_MS });
  try {
    const found = await checkVehicleParameters(link, plan.choice, new ParamReadings(client));
    add(found.checks);
    const { setup } = found;
    if (setup === null) return NOTHING;
    if (!plan.fix || found.fixes.length === 0) return { ...NOTHING, setup: setup.id };
    return await fix(found, setup, listener, add, link, client);
  } finally {
    client.close();
  }
}

async function fix(
  found: VehicleParameters,
  setup: NonNullable<VehicleParameters["setup"]>,
  listener: DoctorListener,
  add: (checks: readonly Check[]) => void,
  link: VehicleLink,
  client: ParamClient,
): Promise<VehiclePart> {
  const nothing = { ...NOTHING, setup: setup.id };
  const { armed, alive } = link.model.status;
  if (armed !== false || !alive) {
    const why = alive ? "the vehicle is armed" : "the vehicle has fallen silent";
    add([checksOf("parameters")("fix", "problem", `nothing was written: ${why}`)]);
    return nothing;
  }
  if (!(await listener.confirm(found.fixes))) return nothing;
  // It may have been armed while the question stood there.
  if (link.model.status.armed !== false) {
    add([checksOf("parameters")("fix", "problem", "nothing was written: the vehicle is armed")]);
    return nothing;
  }
  const { results, after } = await writeParameters(setup, found.fixes, client, listener.fixed);
  const reboot_for = results.filter(({ ok, reboot }) => ok && reboot).map(({ name }) => name);
  return { setup: setup.id, fixes: results, reboot_for, after: after.checks };
}

/** The checks with those of parameters as they are after fixing. */
function replaced(checks: readonly Check[], after: readonly Check[] | null): readonly Check[] {
  if (after === null) return checks;
  const byName = new Map(after.map((one) => [one.name, one]));
  const kept = checks.map((one) => (one.area === "parameters" ? (byName.get(one.name) ?? one) : one));
  const known = new Set(checks.filter(({ area }) => area === "parameters").map(({ name }) => name));
  return [...kept, ...after.filter(({ name }) => !known.has(name))];
}
