import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { imageType } from "../../tiles/pack/image-type.js";
import type { DaemonSnapshot } from "../daemon/snapshot.js";
import type { CameraRig, Frame } from "../vision/frame.js";
import type { FrameResult } from "../vision/result.js";
import type { MapInfo, Place } from "./api.js";
import { loadAssets } from "./assets.js";
import { EventStream } from "./event-stream.js";
import type { TileSource } from "./map-view.js";
import { Metrics } from "./metrics.js";
import { Pictures } from "./pictures.js";
import { TrackLog } from "./track-log.js";
import { type FrameVerdict, statusView } from "./view.js";

/** The daemon, as the status page sees it: `SkylinkDaemon`. */
export interface StatusDaemon {
  snapshot(): DaemonSnapshot;
  onResult(
    listener: (
      result: FrameResult,
      frame: Frame,
      verdict: { readonly accepted: boolean; readonly reason: string | null },
    ) => void,
  ): () => void;
}

/** The pack, as the status page sees it: `PackReader`. */
export interface StatusPack extends TileSource {
  readonly manifest: TileSource["manifest"] & {
    readonly name: string;
    readonly attribution?: string | undefined;
    readonly bbox: MapInfo["bbox"];
    readonly layers: readonly { readonly imagery_date: string | null }[];
  };
}

export interface StatusOptions {
  /** Address to listen on: 127.0.0.1 unless the page is meant for other computers too. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly daemon: StatusDaemon;
  readonly pack: StatusPack;
  readonly rig: CameraRig;
  /** Where a simulated vehicle really is (`SimulatedTruth`); absent in real flight. */
  readonly truth?: (t_us: number) => Place | null;
}

const EVENTS_MS = 250;
const TRACK_MS = 1000;
const TILE_TYPES = { jpg: "image/jpeg", png: "image/png", webp: "image/webp" } as const;
const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

const SECURITY_HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
} as const;

/**
 * The status page and what it shows, over HTTP: `/`, `/api/state` (the daemon's snapshot), `/api/events` (what the page
 * shows, as server-sent events), `/api/track`, `/api/map`, `/tiles/z/x/y`, `/frame.jpg`, `/candidate.jpg`, `/metrics`.
 * It answers GET and HEAD, changes nothing and knows no secret.
 */
export class StatusServer {
  readonly #options: StatusOptions;
  readonly #server: Server;
  readonly #assets = loadAssets();
  readonly #metrics: Metrics;
  readonly #pictures: Pictures;
  readonly #events: EventStream;
  readonly #track = new TrackLog();
  readonly #offResult: () => void;
  readonly #sampler: NodeJS.Timeout;
  #verdict: FrameVerdict | null = null;

  private constructor(options: StatusOptions) {
    this.#options = options;
    const { daemon, pack, rig } = options;
    this.#metrics = new Metrics(() => daemon.snapshot());
    this.#pictures = new Pictures(pack, rig);
    this.#events = new EventStream(EVENTS_MS, () => JSON.stringify(this.#view()));
    this.#offResult = daemon.onResult((result, frame, { accepted, reason }) => {
      this.#verdict = { t_us: result.t_us, accepted, reason };
      this.#pictures.take(frame, result);
    });
    this.#sampler = setInterval(() => this.#sample(), TRACK_MS);
    this.#sampler.unref();
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((thrown: unknown) => {
        // What went wrong inside is for the log of whoever asks, in a word; the page goes on without it.
        if (response.headersSent) response.destroy();
        else text(response, 500, `error: ${errorMessage(thrown)}`);
      });
    });
    this.#server.requestTimeout = 10_000;
    this.#server.headersTimeout = 5_000;
    this.#server.maxHeadersCount = 100;
  }

  /** Listens; @throws UserError when the address cannot be had */
  static async start(options: StatusOptions): Promise<StatusServer> {
    const status = new StatusServer(options);
    try {
      await new Promise<void>((resolve, reject) => {
        status.#server.once("error", reject);
        status.#server.listen({ host: options.host, port: options.port }, resolve);
      });
    } catch (thrown) {
      await status.close();
      throw new UserError(
        `status page: cannot listen on ${options.host}:${options.port} (${errorMessage(thrown)}); choose another [status] port`,
      );
    }
    return status;
  }

  /** Where the page is. */
  get url(): string {
    const address = this.#server.address();
    const port = typeof address === "object" && address !== null ? address.port : this.#options.port;
    const { host } = this.#options;
    return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}/`;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    clearInterval(this.#sampler);
    this.#offResult();
    this.#events.close();
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return text(response, 405, "only GET and HEAD");
    }
    if (!this.#isForUs(request.headers.host)) return text(response, 403, "this page is for this computer only");
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const asset = this.#assets.get(path);
    if (asset !== undefined) return send(response, asset.type, asset.bytes, "no-cache");
    switch (path) {
      case "/api/state":
        return json(response, { ...this.#options.daemon.snapshot(), truth: this.#truth() });
      case "/api/view":
        return json(response, this.#view());
      case "/api/events":
        if (request.method === "HEAD") text(response, 200, "");
        else if (!this.#events.add(response)) text(response, 503, "too many pages are open");
        return;
      case "/api/track":
        return json(response, this.#track.points);
      case "/api/map":
        return json(response, this.#mapInfo());
      case "/metrics":
        return send(response, this.#metrics.contentType, Buffer.from(await this.#metrics.text()));
      case "/frame.jpg":
        return picture(response, await this.#pictures.frame());
      case "/candidate.jpg":
        return picture(response, await this.#pictures.candidate());
    }
    const tile = /^\/tiles\/(\d{1,2})\/(\d{1,8})\/(\d{1,8})$/.exec(path);
    if (tile === null) return text(response, 404, "not found");
    const { pack } = this.#options;
    const bytes = pack.tile(Number(tile[1]), Number(tile[2]), Number(tile[3]));
    if (bytes === null) return text(response, 404, "no such tile");
    const type = imageType(bytes);
    if (type === undefined) return text(response, 404, "no such tile");
    send(response, TILE_TYPES[type], bytes, "max-age=300");
  }

  /**
   * A page on the web can have its own name point to this computer and read what is served here ("DNS rebinding"): then
   * the name it asks for is not ours.
   */
  #isForUs(host: string | undefined): boolean {
    const name = (host ?? "").replace(/:\d+$/, "");
    if (LOOPBACK_NAMES.includes(name)) return true;
    const { host: own } = this.#options;
    if (own === "127.0.0.1" || own === "::1" || own === "localhost") return false;
    const [first = ""] = name.split(".", 1);
    return isIP(name.replace(/^\[|\]$/g, "")) !== 0 || name === own || first === name || first === hostname();
  }

  #truth(): Place | null {
    return this.#options.truth?.(this.#options.daemon.snapshot().t_us) ?? null;
  }

  #view(): ReturnType<typeof statusView> {
    const snapshot = this.#options.daemon.snapshot();
    return statusView(snapshot, this.#options.truth?.(snapshot.t_us) ?? null, this.#verdict);
  }

  #mapInfo(): MapInfo {
    const { name, attribution, bbox, zoom, layers } = this.#options.pack.manifest;
    // The newest layer is on top: its date stands for the map's.
    const imagery_date =
      layers
        .flatMap((layer) => layer.imagery_date ?? [])
        .sort()
        .at(-1) ?? null;
    return { name, attribution: attribution ?? "", imagery_date, bbox, zoom };
  }

  #sample(): void {
    const { position, truth, uptime_s } = this.#view();
    this.#track.add(uptime_s, position, truth);
  }
}

function send(response: ServerResponse, type: string, bytes: Uint8Array, cache = "no-store"): void {
  response.writeHead(200, { "Content-Type": type, "Content-Length": bytes.length, "Cache-Control": cache });
  response.end(response.req.method === "HEAD" ? undefined : bytes);
}

function json(response: ServerResponse, value: unknown): void {
  send(response, "application/json", Buffer.from(JSON.stringify(value)));
}

function picture(response: ServerResponse, bytes: Buffer | null): void {
  if (bytes === null) text(response, 404, "no picture");
  else send(response, "image/jpeg", bytes);
}

function text(response: ServerResponse, status: number, line: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" });
  response.end(response.req.method === "HEAD" ? undefined : `${line}\n`);
}
