import assert from "node:assert/strict";
import { test } from "node:test";
import { common } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import { frameFromBytes } from "../../../agent/mavlink/frame.js";
import { LocalOrigin } from "../../../agent/mavlink/origin.js";

const CONFIGURED = { lat_deg: 49.1234567, lon_deg: -16.7654321, alt_m: 300.125 };

function told(latitude: number, longitude: number, altitude: number) {
  const message = Object.assign(new common.GpsGlobalOrigin(), { latitude, longitude, altitude, timeUsec: 0n });
  return frameFromBytes(encodeMessage(message, { sysid: 1, compid: 1, seq: 0 }));
}

test("without configuration the vehicle's word is waited for, and 0/0 is none", () => {
  const origin = new LocalOrigin();
  assert.equal(origin.current(false), null);
  assert.equal(origin.request(1), null);
  origin.observe(told(0, 0, 0));
  assert.equal(origin.current(true), null);
  origin.observe(told(490000000, 160000000, 300100));
  assert.deepEqual(origin.current(true), { lat_deg: 49, lon_deg: 16, alt_m: 300.1 });
  assert.equal(origin.confirmed, true);
});

test("a configured origin counts alone only where no vehicle is heard", () => {
  const origin = new LocalOrigin(CONFIGURED);
  assert.deepEqual(origin.current(false), CONFIGURED);
  assert.equal(origin.current(true), null);
});

test("a configured origin is offered until the vehicle tells one, which then counts", () => {
  const origin = new LocalOrigin(CONFIGURED);
  const request = origin.request(8);
  assert.deepEqual(
    { ...request },
    {
      targetSystem: 8,
      latitude: 491234567,
      longitude: -167654321,
      altitude: 300125,
      timeUsec: 0n,
    },
  );
  origin.observe(told(491234567, -167654321, 300125));
  assert.equal(origin.request(8), null);
  assert.deepEqual(origin.current(true), CONFIGURED);
  origin.observe(told(490000000, 160000000, 0));
  assert.deepEqual(origin.current(false), { lat_deg: 49, lon_deg: 16, alt_m: 0 });
});

test("the first configuration stays", () => {
  const origin = new LocalOrigin();
  assert.equal(origin.configured, false);
  origin.configure(CONFIGURED);
  origin.configure({ lat_deg: 1, lon_deg: 1, alt_m: 1 });
  assert.deepEqual(origin.current(false), CONFIGURED);
});
