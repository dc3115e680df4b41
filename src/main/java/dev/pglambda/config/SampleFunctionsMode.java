package dev.pglambda.config;

/** Whether functions inside the proxy answer in place of AWS Lambda. */
public enum SampleFunctionsMode {
  /** Only if neither an endpoint nor AWS credentials are configured. */
  AUTO,
  /** Always. */
  ON,
  /** Never: without an endpoint and credentials, calls fail. */
  OFF
}
