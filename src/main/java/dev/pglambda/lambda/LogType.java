package dev.pglambda.lambda;

/**
 * Whether the end of the execution log comes back, spelled as in the Lambda API and,
 * case-sensitively, in SQL.
 */
public enum LogType {
  NONE("None"),
  TAIL("Tail");

  private final String apiName;

  LogType(String apiName) {
    this.apiName = apiName;
  }

  /** The value of the {@code X-Amz-Log-Type} header and of the SQL argument. */
  public String apiName() {
    return apiName;
  }
}
