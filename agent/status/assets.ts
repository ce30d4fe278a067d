import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file that is served as it is. */
export interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
};

/**
 * The files of the page and of leaflet by their URL paths, read once at the start. No path of a request ever reaches the
 * file system: what is not in here does not exist.
 */
export function loadAssets(): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  const page = fileURLToPath(new URL("page", import.meta.url));
  addFolder(assets, page, "/page/");
  const index = assets.get("/page/index.html");
  if (index === undefined) throw new Error(`${page} has no index.html: build again`);
  assets.set("/", index);
  const leaflet = join(dirname(createRequire(import.meta.url).resolve("leaflet/package.json")), "dist");
  for (const name of ["leaflet-src.esm.js", "leaflet.css"]) add(assets, join(leaflet, name), `/vendor/leaflet/${name}`);
  addFolder(assets, join(leaflet, "images"), "/vendor/leaflet/images/");
  return assets;
}

function addFolder(assets: Map<string, Asset>, folder: string, url: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isFile()) add(assets, join(folder, entry.name), `${url}${entry.name}`);
  }
}

function add(assets: Map<string, Asset>, path: string, url: string): void {
  const type = TYPES[extname(path)];
  if (type !== undefined) assets.set(url, { type, bytes: readFileSync(path) });
}
