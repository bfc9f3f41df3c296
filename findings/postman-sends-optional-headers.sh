#!/usr/bin/env bash
# An optional header of an OpenAPI 3.1 document, after the import into Postman.
#
# One would guess: a header with `required: false`, without example and default, is imported
# switched off, or empty. An unedited request does not send it.
#
# What happens: the converter that Postman uses switches it on, with a value that it makes up: one
# that matches the `pattern`, or else the text <string>. The value is stored in the request. So each
# POST has the same Idempotency-Key, and each PATCH an If-Match that no resource has. A nullable or
# deprecated parameter is switched on, too. Remedy: the option "Enable optional parameters"
# (enableOptionalParameters) off, at the import.
#
# Version: openapi-to-postmanv2 6.3.3.
# Source: https://github.com/postmanlabs/openapi-to-postman/blob/develop/OPTIONS.md
#
# It needs Node 20 and npm; about 40 MB and 15 seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-save openapi-to-postmanv2@6.3.3
cat >convert.cjs <<'JS'
const assert = require("node:assert");
const { convertV2 } = require("openapi-to-postmanv2");

const header = (name, schema, more) => ({ name, in: "header", required: false, schema, ...more });
const openapi = {
  openapi: "3.1.0",
  info: { title: "Notes", version: "1" },
  paths: {
    "/notes": {
      post: {
        parameters: [
          header("Idempotency-Key", { type: "string" }),
          header("If-Match", { type: "string", pattern: "^[a-z]{8}$" }),
          header("X-Nullable", { type: ["string", "null"] }, { deprecated: true }),
        ],
        responses: { 204: { description: "Stored." } },
      },
    },
  },
};

function requests(items) {
  return items.flatMap((each) => (each.item ? requests(each.item) : [each.request]));
}

function convert(options) {
  return new Promise((resolve, reject) => {
    convertV2({ type: "json", data: structuredClone(openapi) }, options, (error, { output }) => {
      if (error) return reject(error);
      const [request] = requests(output[0].data.item);
      resolve(request.header.map(({ key, value, disabled }) => ({ key, value, disabled })));
    });
  });
}

(async () => {
  console.log("version:", require("openapi-to-postmanv2/package.json").version);
  const imported = await convert({});
  console.log("imported:", imported);
  const [key, match, nullable] = imported;
  assert.deepEqual(key, { key: "Idempotency-Key", value: "<string>", disabled: false });
  assert.equal(match.disabled, false);
  assert.match(match.value, /^[a-z]{8}$/);
  assert.equal(nullable.disabled, false);
  const without = await convert({ enableOptionalParameters: false });
  console.log("without optional parameters:", without);
  assert(without.every(({ disabled }) => disabled));
})();
JS
node convert.cjs
