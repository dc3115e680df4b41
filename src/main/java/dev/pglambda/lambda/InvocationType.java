package dev.pglambda.lambda;

/** How a function is invoked, spelled as in the Lambda API and, case-sensitively, in SQL. */
public enum InvocationType {
  REQUEST_RESPONSE("RequestResponse"),
  EVENT("Event"),
  DRY_RUN("DryRun");

  private final String apiName;

  InvocationType(String apiName) {
    this.apiName = apiName;
  }

  /** The value of the {@code X-Amz-Invocation-Type} header and of the SQL argument. */
  public String apiName() {
    return apiName;
  }
}
