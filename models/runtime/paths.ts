import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the installed package: the nearest one above this file that holds package.json. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error("package.json not found above models/runtime: the installation is incomplete");
    folder = parent;
  }
  return folder;
}

/** The models shipped with the package, by what they do. */
export function shippedModel(kind: "encoder" | "reranker" | "registrar"): string {
  return join(packageRoot(), "models", `${kind}-1`);
}

/** Where engines of TensorRT lie when nothing else is said: beside other caches of this user. */
export function userEngines(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "skylink-agent", "engines");
}
