import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type FixtureName, fixtureFolder } from "./fixture.js";

/** A copy of a fixture, removed after the test, with fields of model.json added; null leaves model.json as it is. */
export function copyFixture(t: TestContext, name: FixtureName, card: object | null): string {
  const dir = mkdtempSync(join(tmpdir(), "vlm-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  cpSync(fixtureFolder(name), dir, { recursive: true });
  if (card === null) return dir;
  const path = join(dir, "model.json");
  const before: object = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  writeFileSync(path, JSON.stringify({ format: 1, kind: "reranker-hf", id: `tiny-${name}`, ...before, ...card }));
  return dir;
}

/** Rewrites a JSON file of a copied fixture. */
export function editJson(dir: string, name: string, edit: (json: Record<string, unknown>) => object): void {
  const path = join(dir, name);
  writeFileSync(path, JSON.stringify(edit(JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>)));
}
