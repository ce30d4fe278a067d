import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type Artifact, artifactId, inOrder, Workshop } from "../../../bench/scenarios/artifact.js";
import { latencies } from "../../../bench/scenarios/bad-timing.js";
import { runGraph } from "../../../bench/scenarios/graph.js";
import { artifactsOf, COLD_START, INTEGRITY, LONG_FLIGHT } from "../../../bench/scenarios/suites.js";

const work = mkdtempSync(join(tmpdir(), "workshop-"));
after(() => rmSync(work, { recursive: true, force: true }));

function note(name: string, recipe: unknown, needs: readonly Artifact[] = []): Artifact {
  return {
    name,
    suffix: ".txt",
    recipe,
    needs,
    async build(out, at) {
      writeFileSync(out, `${String(recipe)}${needs.map((need) => readFileSync(at(need), "utf8")).join("")}`);
    },
  };
}

describe("a workshop", () => {
  const first = note("first", "a");
  const second = note("second", "b", [first]);

  it("makes artifacts from what they need, once", async () => {
    const workshop = new Workshop(work);
    for (const artifact of inOrder([second])) await workshop.make(artifact);
    assert.equal(readFileSync(workshop.pathOf(second), "utf8"), "ba");
    writeFileSync(workshop.pathOf(second), "kept");
    await workshop.make(second);
    assert.equal(readFileSync(workshop.pathOf(second), "utf8"), "kept");
  });

  it("gives another name when the recipe, or that of a need, is another", () => {
    assert.notEqual(artifactId(note("second", "c", [first])), artifactId(second));
    assert.notEqual(artifactId(note("second", "b", [note("first", "z")])), artifactId(second));
    assert.equal(artifactId(note("second", "b", [note("first", "a")])), artifactId(second));
  });

  it("leaves nothing of an artifact that failed", async () => {
    const workshop = new Workshop(join(work, "failed"));
    const broken: Artifact = {
      ...note("broken", 1),
      async build(out) {
        writeFileSync(out, "half");
        throw new Error("no more");
      },
    };
    await assert.rejects(workshop.make(broken), /no more/);
    assert.ok(!existsSync(workshop.pathOf(broken)));
  });
});

describe("runGraph", () => {
  const job = (id: string, ...needs: string[]) => ({ id, needs });

  it("does what is needed first, on as many workers as there are", async () => {
    const done: string[] = [];
    let running = 0;
    let most = 0;
    await runGraph([job("d", "b", "c"), job("b", "a"), job("c", "a"), job("a")], [1, 2], async ({ id }) => {
      running++;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      done.push(id);
    });
    assert.equal(done[0], "a");
    assert.equal(done[3], "d");
    assert.equal(most, 2);
  });

  it("ends with the first failure, and refuses circles and strangers", async () => {
    const fail = async (): Promise<void> => Promise.reject(new Error("broken"));
    await assert.rejects(runGraph([job("a"), job("b", "a")], [1], fail), /broken/);
    const fine = async (): Promise<void> => {};
    await assert.rejects(runGraph([job("a", "b"), job("b", "a")], [1], fine), /each needs another/);
    await assert.rejects(runGraph([job("a", "x")], [1], fine), /nobody makes/);
  });
});

describe("the scenarios", () => {
  const all = [...INTEGRITY, ...COLD_START, ...LONG_FLIGHT];

  it("have names of their own and something to fly", () => {
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
    for (const { name, flights } of all) assert.ok(flights.length > 0 && /^[a-z0-9-]+$/.test(name), name);
  });

  it("need artifacts that do not take each other's names", () => {
    const ids = artifactsOf(all).map(artifactId);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^(map|pack|flight)-[a-z0-9.-]+$/);
  });

  it("cover what the issue asks for", () => {
    const names = INTEGRITY.map(({ name }) => name).join(" ");
    for (const word of [
      "off-map",
      "water",
      "snow",
      "wrong-pack",
      "old-map",
      "heading-15",
      "heading-90",
      "heading-180",
      "height-plus-30",
      "height-minus-30",
      "frozen",
      "late",
      "stamps-wrong",
      "dropped",
      "covered",
      "look-alike-far",
      "night",
    ]) {
      assert.ok(names.includes(word), word);
    }
  });
});

describe("latencies", () => {
  it("lie in the range, differ between frames, and are the same in every run", () => {
    const draw = latencies(100, 2000);
    const values = Array.from({ length: 200 }, (_, k) => draw(k));
    assert.ok(values.every((value) => value >= 100 && value <= 2000));
    assert.ok(Math.max(...values) > 1800 && Math.min(...values) < 300);
    assert.deepEqual(
      values,
      Array.from({ length: 200 }, (_, k) => latencies(100, 2000)(k)),
    );
  });
});
