import assert from "node:assert/strict";
import { type IncomingHttpHeaders, request } from "node:http";
import { hostname } from "node:os";
import { after, before, beforeEach, describe, it } from "node:test";
import sharp from "sharp";
import type { StatusView, TrackPoint } from "../../../agent/status/api.js";
import { type StatusOptions, StatusServer } from "../../../agent/status/server.js";
import { FakeDaemon, fakePack, frame, PLACE, RIG, result, snapshot } from "./fakes.js";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const HOST = "127.0.0.1";
let tilePng: Buffer;
let daemon: FakeDaemon;
let server: StatusServer;
const asked: string[] = [];

/** A request as it is written, without a client's tidying up of its path. */
function get(path: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(server.url);
    const sent = request({ host: HOST, port, path, agent: false, ...options }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

async function view(): Promise<StatusView> {
  return JSON.parse((await get("/api/view")).body.toString()) as StatusView;
}

const options = (): StatusOptions => ({
  host: HOST,
  port: 0,
  daemon,
  rig: RIG,
  pack: fakePack((z, x, y) => {
    asked.push(`${z}/${x}/${y}`);
    return z === 18 ? tilePng : null;
  }),
  truth: () => ({ lat_deg: PLACE.lat_deg + 0.0001, lon_deg: PLACE.lon_deg }),
});

describe("StatusServer", () => {
  before(async () => {
    tilePng = await sharp({ create: { width: 256, height: 256, channels: 3, background: { r: 10, g: 200, b: 30 } } })
      .png()
      .toBuffer();
    daemon = new FakeDaemon();
    server = await StatusServer.start(options());
  });
  beforeEach(() => {
    daemon.now = snapshot();
  });
  after(() => server.close());

  it("serves the page, its scripts and leaflet from here, under a policy that lets nothing else in", async () => {
    const page = await get("/");
    assert.equal(page.status, 200);
    assert.match(page.headers["content-type"] ?? "", /^text\/html/);
    const html = page.body.toString();
    for (const [, url = ""] of html.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      assert.equal((await get(url)).status, 200, url);
    }
    assert.ok(!/https?:\/\//.test(html), "nothing comes from elsewhere");
    assert.ok(!/<script(?![^>]*src=)|\son\w+=|style="/.test(html), "nothing that the policy forbids");
    for (const script of ["page.js", "map.js", "dom.js"]) assert.equal((await get(`/page/${script}`)).status, 200);
    assert.match((await get("/vendor/leaflet/leaflet-src.esm.js")).headers["content-type"] ?? "", /javascript/);
    const policy = String(page.headers["content-security-policy"]);
    assert.match(policy, /default-src 'none'/);
    assert.ok(!policy.includes("unsafe"));
    assert.equal(page.headers["x-content-type-options"], "nosniff");
  });

  it("finds no file by its path, however it is written", async () => {
    const paths = [
      "/../package.json",
      "/page/../../../package.json",
      "/page/..%2f..%2f..%2fpackage.json",
      "/page/%2e%2e/server.js",
      "/vendor/leaflet/../../package.json",
      "/vendor/leaflet/package.json",
      "//etc/passwd",
      "/tiles/18/1/../../x",
      "/tiles/18/1/-1",
      "/tiles/999/1/1",
      "/page/",
      "/page/page.js.map",
      "/constructor",
      "/__proto__",
      "/%00",
    ];
    for (const path of paths) assert.equal((await get(path)).status, 404, path);
  });

  it("answers GET and HEAD only", async () => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const answer = await get("/api/state", { method });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.allow, "GET, HEAD");
    }
    for (const path of ["/", "/api/state", "/api/events", "/metrics"]) {
      const head = await get(path, { method: "HEAD" });
      assert.equal(head.status, 200, path);
      assert.equal(head.body.length, 0);
    }
  });

  it("answers only to this computer's names, so that no web site can read it", async () => {
    for (const host of ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "10.0.0.1"]) {
      assert.equal((await get("/api/state", { headers: { host } })).status, 403, host);
    }
    for (const host of ["localhost:8080", "127.0.0.1", "[::1]:80"]) {
      assert.equal((await get("/api/state", { headers: { host } })).status, 200, host);
    }
  });

  it("answers to addresses and to its own name where it listens for everybody, and not to others", async () => {
    const open = await StatusServer.start({ ...options(), host: "0.0.0.0" });
    const { port } = new URL(open.url);
    const status = (host: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const sent = request({ host: HOST, port, path: "/api/map", agent: false, headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        sent.on("error", reject);
        sent.end();
      });
    try {
      for (const host of ["192.168.1.7:8080", "[fe80::1]", "vehicle", `${hostname()}.lan`]) {
        assert.equal(await status(host), 200, host);
      }
      assert.equal(await status("evil.example"), 403);
    } finally {
      await open.close();
    }
  });

  it("tells the snapshot as it is, and the truth beside it", async () => {
    const state = JSON.parse((await get("/api/state")).body.toString());
    assert.equal(state.navigation.position.fix_count, 12);
    assert.equal(state.truth.lat_deg, PLACE.lat_deg + 0.0001);
    const map = JSON.parse((await get("/api/map")).body.toString());
    assert.deepEqual([map.name, map.imagery_date, map.zoom.max], ["area", "2024-06-01", 18]);
  });

  it("sends the view again and again, and stops when the page is closed", async () => {
    const events = await new Promise<StatusView[]>((resolve, reject) => {
      const { port } = new URL(server.url);
      const sent = request({ host: HOST, port, path: "/api/events", agent: false }, (response) => {
        assert.match(response.headers["content-type"] ?? "", /text\/event-stream/);
        let text = "";
        response.on("data", (part: Buffer) => {
          text += part.toString();
          const found = [...text.matchAll(/^data: (.*)$/gm)].map(([, line = ""]) => JSON.parse(line) as StatusView);
          if (found.length < 3) return;
          sent.destroy();
          resolve(found);
        });
      });
      sent.on("error", reject);
      sent.end();
    });
    assert.equal(events[0]?.headline, "Position ± 3.6 m");
    assert.ok(Math.abs((events[0]?.truth?.error_m ?? 0) - 11.1) < 0.1);
  });

  it("refuses pages beyond a limit", async () => {
    const { port } = new URL(server.url);
    const open = Array.from({ length: 16 }, () => {
      const sent = request({ host: HOST, port, path: "/api/events", agent: false });
      sent.on("error", () => undefined);
      sent.end();
      return sent;
    });
    await Promise.all(open.map((sent) => new Promise((resolve) => sent.once("response", resolve))));
    assert.equal((await get("/api/events")).status, 503);
    for (const sent of open) sent.destroy();
  });

  it("serves tiles with the pack's type, and 404 where there is none", async () => {
    const tile = await get("/tiles/18/136000/92000");
    assert.equal(tile.headers["content-type"], "image/png");
    assert.deepEqual(tile.body, tilePng);
    assert.equal((await get("/tiles/17/68000/46000")).status, 404);
  });

  it("shows the newest frame beside the map as it would be seen from there", async () => {
    assert.equal((await get("/frame.jpg")).status, 404);
    assert.equal((await get("/candidate.jpg")).status, 404);
    const verdict = { accepted: true, reason: null };
    daemon.finish(result(1, PLACE.lat_deg, PLACE.lon_deg), frame(1, 60), verdict);
    const picture = await sharp((await get("/frame.jpg?t=1")).body).stats();
    assert.ok(Math.abs((picture.channels[0]?.mean ?? 0) - 60) < 2);
    const seen = await sharp((await get("/candidate.jpg?t=1")).body).stats();
    assert.ok(Math.abs((seen.channels[1]?.mean ?? 0) - 200) < 3, "the green of the tiles");
    daemon.finish({ ...result(2, 0, 0), estimate: null }, frame(2, 200), { accepted: false, reason: "featureless" });
    assert.equal((await get("/candidate.jpg?t=2")).status, 404);
    const next = await sharp((await get("/frame.jpg?t=2")).body).stats();
    assert.ok(Math.abs((next.channels[0]?.mean ?? 0) - 200) < 2);
  });

  it("says in plain words why a frame gave no fix, as navigation has it", async () => {
    daemon.finish(result(9_500_000, 0, 0), frame(1), { accepted: false, reason: "awaiting-agreement" });
    assert.equal((await view()).frame?.text, "a plausible place; more frames must agree first");
    daemon.finish(result(9_500_000, 0, 0), frame(1), { accepted: true, reason: null });
    assert.equal((await view()).frame?.text, "a fix");
  });

  it("gives metrics that Prometheus reads, without the values that are not known", async () => {
    const { headers, body } = await get("/metrics");
    assert.match(headers["content-type"] ?? "", /^text\/plain; version=0\.0\.4/);
    const text = body.toString();
    assert.match(text, /^skylink_position_valid 1$/m);
    assert.match(text, /^skylink_component_state\{component="vision",state="running"\} 1$/m);
    assert.match(text, /^skylink_vision_stage_seconds\{stage="encode"\} 0\.031$/m);
    assert.match(text, /^skylink_position_protection_level_metres 17\.4$/m);
    daemon.now = snapshot({ navigation: { ...snapshot().navigation, position: null, state: "starting" } });
    const without = (await get("/metrics")).body.toString();
    assert.match(without, /^skylink_position_valid 0$/m);
    assert.doesNotMatch(without, /^skylink_position_eph_metres \d/m);
  });

  it("keeps the way for pages that are opened later", { timeout: 10_000 }, async () => {
    let points: TrackPoint[] = [];
    for (let i = 0; i < 50 && points.length < 2; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      points = JSON.parse((await get("/api/track")).body.toString());
    }
    assert.deepEqual(points[0]?.position, PLACE);
  });

  it("says which port is taken, and leaves nothing behind when it is closed", async () => {
    const port = Number(new URL(server.url).port);
    await assert.rejects(StatusServer.start({ ...options(), port }), {
      name: "UserError",
      message: /127.0.0.1:\d+.*port/,
    });
    const another = new FakeDaemon();
    const second = await StatusServer.start({ ...options(), daemon: another });
    assert.equal(another.listeners, 1);
    await second.close();
    assert.equal(another.listeners, 0);
  });
});
