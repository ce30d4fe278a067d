import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse, stringify, type TomlTable } from "smol-toml";
import { z } from "zod";
import { readToml } from "../../../agent/text/toml.js";
import { TomlPlaces } from "../../../agent/text/toml-places.js";
import { UserError } from "../../../tiles/errors.js";

const key = fc.stringMatching(/^[a-z][a-z0-9_-]{0,6}$/);
const text = fc.string({ unit: fc.constantFrom("a", "=", "[", "]", "#", '"', "'", "\\", "\n", " ", "{") });
const leaf = fc.oneof(fc.integer(), fc.boolean(), text, fc.array(fc.oneof(text), { maxLength: 3 }));
const table = fc.dictionary(key, leaf, { maxKeys: 4 });
const document = fc.dictionary(
  key,
  fc.oneof(leaf, table, fc.array(table, { minLength: 1, maxLength: 3 }), fc.dictionary(key, table, { maxKeys: 2 })),
  { maxKeys: 5 },
);

/** Every path to a leaf of a document. */
function paths(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "object")) {
    return value.flatMap((one, at) => paths(one, [...path, at]));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([name, inner]) => paths(inner, [...path, name]));
}

test("every key of any document is found on its own line, at its own column", () => {
  fc.assert(
    fc.property(document, (value) => {
      const toml = stringify(value as TomlTable);
      const places = new TomlPlaces(toml, "a.toml");
      const lines = toml.split("\n");
      for (const path of paths(parse(toml))) {
        const { line, column } = places.of(path);
        const at = (lines[line - 1] ?? "").slice(column - 1);
        const name = String(path.at(-1));
        assert.ok(at.startsWith(`${name} =`) || at.startsWith(`"${name}" =`), `${path.join(".")} at ${line}: ${at}`);
      }
    }),
  );
});

test("any text is either read or refused by a UserError with a place", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), text), (toml) => {
      try {
        readToml(toml, "a.toml", z.strictObject({ a: z.number().optional() }));
      } catch (thrown) {
        assert.ok(thrown instanceof UserError, String(thrown));
        assert.match(thrown.message, /^a\.toml:\d+:\d+: /);
      }
    }),
  );
});
