import { errorMessage, UserError } from "../../tiles/errors.js";
import { writeGolden } from "./golden-maker.js";

// node dist/models/runtime/make-golden.js FOLDER...: writes `golden` into the model.json of each model folder.
const folders = process.argv.slice(2);
try {
  if (folders.length === 0) throw new UserError("name at least one model folder");
  for (const folder of folders) {
    await writeGolden(folder);
    process.stdout.write(`${folder}/model.json: golden outputs written\n`);
  }
} catch (thrown) {
  process.stderr.write(`error: ${errorMessage(thrown)}\n`);
  process.exitCode = thrown instanceof UserError ? 2 : 1;
}
