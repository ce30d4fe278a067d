// Compiles TypeScript, assembles WebAssembly text, copies assets. `--out DIR` builds into another folder than dist.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const outFlag = process.argv.indexOf("--out");
const out = join(root, outFlag > 0 ? process.argv[outFlag + 1] : "dist");
const sourceFolders = ["agent", "tiles", "flash", "models", "sim", "bench", "test"];
const assetEndings = [".html", ".css"];

function* filesUnder(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

rmSync(out, { recursive: true, force: true });
const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
// The status page runs in a browser, so it has a project of its own: what it may use is not what Node has.
const projects = [join(root, "tsconfig.json"), join(root, "agent", "status", "page", "tsconfig.json")];
let failed = 0;
for (const project of projects) {
  const compiled = spawnSync(process.execPath, [tsc, "-p", project, "--outDir", out], { stdio: "inherit", cwd: root });
  failed ||= compiled.status ?? 1;
}

for (const folder of sourceFolders) {
  for (const file of filesUnder(join(root, folder))) {
    const target = join(out, relative(root, file));
    if (file.endsWith(".wat")) {
      const { default: wabt } = await import("wabt");
      const { parseWat } = await wabt();
      const module = parseWat(file, readFileSync(file, "utf8"), { simd: true });
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target.replace(/\.wat$/, ".wasm"), module.toBinary({}).buffer);
      module.destroy();
    } else if (assetEndings.some((ending) => file.endsWith(ending))) {
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(file, target);
    }
  }
}

for (const bin of ["flash/cli.js", "agent/cli.js"]) {
  const path = join(out, bin);
  if (existsSync(path)) chmodSync(path, 0o755);
}
process.exit(failed);
