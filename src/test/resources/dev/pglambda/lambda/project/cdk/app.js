// Makes a cloud assembly in the folder that is the first argument. Ends with 3 if the CDK is not there.
const path = require("node:path");
const fs = require("node:fs");

const modules = path.resolve("target/npm/cdk/node_modules");
let cdk, lambda;
try {
  const need = (name) => require(require.resolve(name, { paths: [modules] }));
  cdk = need("aws-cdk-lib");
  lambda = need("aws-cdk-lib/aws-lambda");
} catch (missing) {
  console.error(missing.message);
  process.exit(3);
}

const [output] = process.argv.slice(2);
const source = path.join(path.dirname(output), "source");
fs.mkdirSync(source, { recursive: true });
fs.writeFileSync(path.join(source, "index.js"), "exports.handler = async () => 'hello';\n");

// As the CDK's command line sets them.
const context = { "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": true };
const app = new cdk.App({ outdir: output, context, analyticsReporting: false });
const shop = new cdk.Stack(app, "Shop");
const hello = new lambda.Function(shop, "Hello", {
  runtime: lambda.Runtime.NODEJS_22_X,
  handler: "index.handler",
  code: lambda.Code.fromAsset(source),
  timeout: cdk.Duration.seconds(9),
  environment: { REGION: shop.region, PLAIN: "text" },
});
new lambda.Function(shop, "Caller", {
  functionName: "shop-caller",
  runtime: lambda.Runtime.NODEJS_22_X,
  handler: "index.handler",
  code: lambda.Code.fromAsset(source),
  environment: { HELLO: hello.functionName, HELLO_ARN: hello.functionArn },
});
new lambda.Function(shop, "Inline", {
  runtime: lambda.Runtime.PYTHON_3_12,
  handler: "index.handler",
  code: lambda.Code.fromInline("def handler(event, context): pass"),
});
const nested = new cdk.NestedStack(shop, "Nested");
new lambda.Function(nested, "Within", {
  runtime: lambda.Runtime.NODEJS_22_X,
  handler: "index.handler",
  code: lambda.Code.fromAsset(source),
});
const stage = new cdk.Stage(app, "Beta");
const staged = new cdk.Stack(stage, "Staged");
new lambda.Function(staged, "Later", {
  runtime: lambda.Runtime.NODEJS_22_X,
  handler: "index.handler",
  code: lambda.Code.fromAsset(source),
});
app.synth();
