// node validate.js FILE: holds each document of a YAML file against Kubernetes' schema of its kind, and prints all as JSON.
// Fields that the schema does not have pass. Ends with 3 if a module is missing.
const fs = require("fs");
const path = require("path");

module.paths.push(path.resolve("target/npm/node_modules"));

let yaml;
try {
  yaml = require("js-yaml");
  require.resolve("kubernetes-models/v1");
} catch (missing) {
  process.exit(3);
}

const documents = yaml.loadAll(fs.readFileSync(process.argv[2], "utf8"));
for (const document of documents) {
  const models = require(`kubernetes-models/${document.apiVersion}`);
  try {
    new models[document.kind](document).validate();
  } catch (error) {
    console.log(`${document.kind}: ${error.message}`);
    process.exit(1);
  }
}
console.log(JSON.stringify(documents));
