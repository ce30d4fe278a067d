import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { readToml, schemaKeys } from "../../../agent/text/toml.js";
import { UserError } from "../../../tiles/errors.js";

const Schema = z.strictObject({
  name: z.string().default("x"),
  source: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("file"), path: z.string() }),
      z.strictObject({
        kind: z.literal("pipe"),
        command: z.string(),
        tuning: z.strictObject({ gain: z.number() }).optional(),
      }),
    ])
    .optional(),
  words: z.array(z.enum(["one", "two"])).default([]),
  link: z
    .array(z.strictObject({ url: z.string(), role: z.enum(["autopilot", "ground"]).default("ground") }))
    .default([]),
});

function fails(message: RegExp, text: string): void {
  assert.throws(
    () => readToml(text, "a.toml", Schema),
    (thrown: unknown) => {
      assert.ok(thrown instanceof UserError, String(thrown));
      assert.match(thrown.message, message);
      return true;
    },
  );
}

test("a good file comes back typed, with the places of its keys", () => {
  const toml = readToml('name = "a"\n\n[[link]]\nurl = "u"\n[[link]]\n  url = "v"\n', "a.toml", Schema);
  assert.deepEqual(toml.data.link, [
    { url: "u", role: "ground" },
    { url: "v", role: "ground" },
  ]);
  assert.deepEqual(toml.place(["link", 1, "url"]), { file: "a.toml", line: 6, column: 3 });
  assert.deepEqual(toml.place(["link", 1, "role"]), { file: "a.toml", line: 5, column: 1 });
  assert.deepEqual(toml.place(["source"]), { file: "a.toml", line: 1, column: 1 });
});

test("unknown keys and words come with the nearest valid one, of the table's own kind", () => {
  fails(/^a\.toml:1:1: unknown key "nam"; did you mean "name"\? valid: name, source, words, link$/, 'nam = "a"\n');
  fails(
    /^a\.toml:4:1: unknown key of \[link\] "rolle"; did you mean "role"\?/,
    '[[link]]\nurl = "a"\n[[link]]\nrolle = "x"\n',
  );
  fails(
    /^a\.toml:3:2: link\.role: unknown value "grund"; did you mean "ground"\?/,
    '[[link]]\nurl = "a"\n role = "grund"\n',
  );
  fails(
    /^a\.toml:3:1: unknown key of \[source\] "pth"; did you mean "path"\? valid: kind, path$/,
    '[source]\nkind = "file"\npth = "a"\n',
  );
  fails(
    /^a\.toml:2:1: source\.kind: unknown value "fil"; did you mean "file"\? valid: file, pipe$/,
    '[source]\nkind = "fil"\n',
  );
  fails(/^a\.toml:1:1: words: .*did you mean "two"/, 'words = ["tow"]\n');
});

test("missing and wrong values stand where their table does", () => {
  fails(/^a\.toml:2:1: link\.url: is missing/, 'name = "a"\n[[link]]\nrole = "ground"\n');
  fails(/^a\.toml:1:1: source\.kind: is missing; valid: file, pipe$/, "[source]\n");
  fails(
    /^a\.toml:5:1: source\.tuning\.gain: .*expected number/,
    '[source]\nkind = "pipe"\ncommand = "c"\n[source.tuning]\ngain = "much"\n',
  );
  fails(/^a\.toml:2:\d+: not valid TOML: /, 'name = "a"\nlink = = 3\n');
});

test("values over many lines hide what looks like keys in them", () => {
  const text = 'name = """\n[link]\nurl = 3\n"""\nwords = [ # one = 1\n  "one",\n  "two",\n]\nlnk = 1\n';
  fails(/^a\.toml:9:1: unknown key "lnk"/, text);
  fails(/^a\.toml:2:1: unknown key "lnk"/, 'name = \'it # """ is\'\nlnk = 1\n');
  fails(/^a\.toml:1:1: unknown key of \[source\] "x"/, 'source = { kind = "file", path = "p", x = 1 }\n');
  fails(/^a\.toml:2:1: unknown key of \[source\] "x"/, 'source.kind = "file"\nsource.x = 1\nsource.path = "p"\n');
});

test("the keys of a schema are those that a file may have", () => {
  assert.deepEqual(schemaKeys(Schema), [
    "name",
    "source.kind",
    "source.path",
    "source.command",
    "source.tuning.gain",
    "words",
    "link.url",
    "link.role",
  ]);
});
