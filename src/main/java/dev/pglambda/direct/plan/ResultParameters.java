package dev.pglambda.direct.plan;

import dev.pglambda.direct.resolve.ParameterType;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.protocol.TypeOid;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a rewritten statement that are the four columns of a call's result. Texts are
 * bytes of UTF-8, which the server converts: so they need not be what the client's encoding has.
 */
public final class ResultParameters {
  /** How many there are for each call. */
  public static final int COUNT = 4;

  /** Names of the columns, in order (the guide, "aws_lambda.invoke"). */
  static final List<String> COLUMNS =
      List.of("status_code", "payload", "executed_version", "log_result");

  /** Object ids of their types (pg_type.dat); all are sent in binary format. */
  static final List<Integer> TYPES =
      List.of(TypeOid.INT4, TypeOid.BYTEA, TypeOid.BYTEA, TypeOid.BYTEA);

  private ResultParameters() {}

  /**
   * A column's value as an expression of the call's parameters, of which the first has this number.
   * It is a sub-select, so that it is evaluated once, and that the planner draws no conclusions
   * from the values before the call.
   */
  static String expression(int column, int first, ParameterType json) {
    String parameter = "$" + (first + column);
    String value =
        switch (column) {
          case 0 -> parameter;
          case 1 -> converted(parameter) + "::" + ArnForm.SUBSTITUTE.cast(json);
          default -> converted(parameter);
        };
    return "(SELECT " + value + ")";
  }

  /** What fails if a payload is not what the overload returns; its parameter is the payload. */
  static String check(ParameterType json) {
    return "SELECT " + converted("$1") + "::" + ArnForm.SUBSTITUTE.cast(json) + " IS NULL";
  }

  private static String converted(String parameter) {
    return "pg_catalog.convert_from(" + parameter + ", 'UTF8')";
  }

  static List<byte @Nullable []> values(InvocationResult result) {
    return Arrays.asList(
        ByteBuffer.allocate(Integer.BYTES).putInt(result.statusCode()).array(),
        bytes(result.payload()),
        bytes(result.executedVersion()),
        bytes(result.logResult()));
  }

  /** The values before a call is made: they only have to be of the types. */
  public static List<byte @Nullable []> nulls(int count) {
    return new ArrayList<>(Collections.nCopies(count, null));
  }

  private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
    if (buffer == null) {
      return null;
    }
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  private static byte @Nullable [] bytes(@Nullable String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }
}
