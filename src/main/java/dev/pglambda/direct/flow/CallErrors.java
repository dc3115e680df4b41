package dev.pglambda.direct.flow;

import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.relay.ExtendedQueryPipeline;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What becomes of the server's errors about the proxy's own messages around a call. */
final class CallErrors {
  /** As the guide for RDS prints it, for errors that the installed function raises. */
  private static final String CONTEXT = "SQL function \"invoke\" statement 1";

  private CallErrors() {}

  static void withoutPosition(ErrorFields fields) {
    fields.with(ErrorFields.POSITION, null);
  }

  static void withoutContext(ErrorFields fields) {
    fields.with(ErrorFields.CONTEXT, null);
  }

  /** An error of the client's statement. */
  static void ofStatement(ErrorFields fields) {
    withoutPosition(fields);
    withoutContext(fields);
  }

  /** What a block of the proxy's raises comes from the function. */
  static void asFunction(ErrorFields fields) {
    withoutPosition(fields);
    fields.with(ErrorFields.CONTEXT, CONTEXT);
  }

  /** What the server raises while it does the function's work. */
  static void inFunction(ErrorFields fields) {
    withoutPosition(fields);
    fields.with(ErrorFields.CONTEXT, withoutOwnLines(fields.get(ErrorFields.CONTEXT)) + CONTEXT);
  }

  private static String withoutOwnLines(@Nullable String context) {
    return context == null
        ? ""
        : context
            .lines()
            .filter(line -> !line.contains(ExtendedQueryPipeline.OWN_NAME))
            .map(line -> line + "\n")
            .collect(Collectors.joining());
  }
}
